"""The gates and states of a recurrent layer at every time step."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.execution.lowering import concrete
from shapecalc.layers.recurrence import Recurrent
from shapecalc.reference.bptt import recompute_layers, recurrence_of

if TYPE_CHECKING:
    from shapecalc.reference.base import Array, Call
    from shapecalc.shape_inference.rows import LayerReport

ARRAYS_OF_A_STEP = 24
"""At most as many arrays [N, H] of a step are live: gates, states, sums, and copies of these."""


def gates_of(row: LayerReport, call: Call, inputs: tuple[Array, ...], outputs: tuple[Array, ...]) -> dict[str, Array]:
    """Return each gate of a recurrent layer at all time steps, [T, N, H]: `i_l0`, and the states, `h_l0`; else nothing.

    The backward kernel computes these again; they are in the order of the sequence.
    """
    layer = row.step.layer
    if not isinstance(layer, Recurrent):
        return {}
    named: dict[str, Array] = {}
    with np.errstate(all="ignore"):
        for run in (run for level in recompute_layers(call, inputs, outputs, recurrence_of(call)) for run in level):
            steps = run.steps[run.order]
            for place, letter in enumerate(layer.cell.gates[: len(steps[0].gates)]):
                named[f"{letter}_{run.suffix}"] = np.stack([step.gates[place].T for step in steps])
            for place, state in enumerate(("h", "c")[: len(steps[0].after)]):
                named[f"{state}_{run.suffix}"] = np.stack([step.after[place].T for step in steps])
    return named


def gates_workspace(row: LayerReport, itemsize: int) -> int:
    """Return an upper bound, in bytes, on the arrays that `gates_of` makes."""
    layer = row.step.layer
    if not isinstance(layer, Recurrent):
        return 0
    x, *_ = row.inputs
    last_states = list(row.outputs.values())[1:]
    steps = concrete(x)[layer.time_axis]
    return itemsize * ARRAYS_OF_A_STEP * steps * max(prod(concrete(shape)) for shape in last_states)
