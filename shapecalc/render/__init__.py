"""Results as text: a file per word that follows `--format`. Nothing here prints."""
