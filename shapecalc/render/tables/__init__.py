"""Tables of typed values: one model, and a file per format that writes it."""
