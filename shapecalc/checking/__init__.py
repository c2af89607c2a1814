"""Whether architecture files are in order."""
