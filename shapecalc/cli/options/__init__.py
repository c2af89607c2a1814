"""Options, arguments and the reading of their text that several commands share."""
