"""The scripts here write fixtures and need PyTorch or Keras; the tests read what they wrote and need neither."""

from __future__ import annotations

collect_ignore_glob = ["make_*.py", "keras*.py", "torch_modules.py", "layer_cases/*", "real_graphs/*", "torch_cases/*"]
