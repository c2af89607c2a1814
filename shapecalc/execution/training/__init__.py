"""Training by the reference kernels: what the gradients are for, shown and proved. It teaches; it is no framework."""

from __future__ import annotations

from shapecalc.execution.training.exporting import export
from shapecalc.execution.training.run import Epoch, Plan, Trained, train

__all__ = ["Epoch", "Plan", "Trained", "export", "train"]
