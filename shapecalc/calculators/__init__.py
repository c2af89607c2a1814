"""One layer or one search computed without a file: formulas with their numbers."""
