"""Ratios against peers, each measured in the same run as its peer: `python -m benchmarks.startup` and so on."""
