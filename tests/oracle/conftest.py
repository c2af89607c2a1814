"""The scripts here write fixtures and need PyTorch; the tests read what they wrote and do not."""

from __future__ import annotations

collect_ignore_glob = ["*.py"]
