"""Whose count of parameters, in words."""

COUNTED = {"pytorch": "PyTorch counts", "keras": "Keras counts", "textbook": "textbooks count"}
"""Who counts, for `--params-as`."""

USUAL = "pytorch"
