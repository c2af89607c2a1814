"""A grid of sizes and parameters → the costs at every point of it, from closed forms worked out in NumPy."""

from __future__ import annotations

from shapecalc.solving.sweep.run import Query, Run, Sweep, sweep

__all__ = ["Query", "Run", "Sweep", "sweep"]
