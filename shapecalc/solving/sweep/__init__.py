"""A grid of sizes and parameters → the costs at every point of it, from closed forms worked out in NumPy."""

from __future__ import annotations

from shapecalc.solving.sweep.run import Run, Sweep, sweep

__all__ = ["Run", "Sweep", "sweep"]
