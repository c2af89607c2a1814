"""The values of a run: every tensor with its figures, gradients, and updates of the weights."""
