"""The public functions: each takes an architecture, a path or a name of the zoo, and sizes as keyword arguments."""
