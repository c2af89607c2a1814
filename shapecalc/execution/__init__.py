"""Runs the reference kernels: the forward pass, its proofs, decoding and training."""
