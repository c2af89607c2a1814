"""From YAML text to an architecture, with the line and column of everything."""
