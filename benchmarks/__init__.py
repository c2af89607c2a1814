"""Ratios against peers, each measured in the same run as its peer: `python -m benchmarks --peers FOLDER`."""

MODULES = ("startup", "inference", "stacks", "sweep", "forward", "backward", "repository")
"""What the suite measures, in its order; each module has `rows`."""
