"""Training of small networks by the reference kernels, to show and check gradients; not meant for real training."""

from __future__ import annotations

from shapecalc.execution.training.exporting import export
from shapecalc.execution.training.run import Epoch, Trained, TrainingPlan, train

__all__ = ["Epoch", "Trained", "TrainingPlan", "export", "train"]
