"""The options and arguments that several commands share, and how their text is read."""
