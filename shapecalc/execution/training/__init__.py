"""Training of small networks by the reference kernels, to show and check gradients; not meant for real training."""

from __future__ import annotations

from shapecalc.execution.training.exporting import export
from shapecalc.execution.training.run import Epoch, Plan, Trained, train

__all__ = ["Epoch", "Plan", "Trained", "export", "train"]
