"""The diagnostics of `check` in every output format, one file each."""
