"""Which sizes or fields give a wanted result."""
