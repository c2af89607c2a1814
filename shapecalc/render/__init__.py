"""Results as text, a file per command or per value of `--format`. Nothing here prints."""
