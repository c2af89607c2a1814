"""YAML text → architecture, with the source span of every value."""
