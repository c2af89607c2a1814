"""Costs at every point of a grid of sizes and parameters, from closed forms evaluated in NumPy."""

from __future__ import annotations

from shapecalc.solving.sweep.run import Query, Run, Sweep, sweep

__all__ = ["Query", "Run", "Sweep", "sweep"]
