"""The report of `inspect` in every output format, one file each."""
