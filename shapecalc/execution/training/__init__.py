"""Training by the reference kernels: what the gradients are for, shown and proved. It teaches; it is no framework."""

from __future__ import annotations

from shapecalc.execution.training.exporting import export
from shapecalc.execution.training.run import Epoch, Trained, TrainingPlan, train

__all__ = ["Epoch", "Trained", "TrainingPlan", "export", "train"]
