"""Numbers of tensors as text: matrices, figures, pictures in shades."""
