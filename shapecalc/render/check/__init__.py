"""The findings of `check` in every output format, one file each."""
