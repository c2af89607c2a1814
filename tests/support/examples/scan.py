"""Examples of scans."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from tests.support.examples.table import MAP, TOKENS, example

if TYPE_CHECKING:
    from shapecalc.layers import Layer


def multiplications(_layer: Layer, *shapes: tuple[int, ...]) -> int:
    """Those of coefficients and states, of D and of z, which are not of matrix products."""
    (samples, steps, *rest), inputs = shapes[0], len(shapes)
    elements = samples * steps * prod(rest)
    if len(rest) == 1:  # a selective scan
        state = shapes[2][1]
        each = 2 * state + 1 + (inputs > 5) + 2 * (inputs > 6)
        return elements * (each + state) - elements // steps * state
    state = shapes[3][3]
    each = 1 + state + (inputs > 5)
    return samples * steps * rest[0] + elements * (each + state) - elements // steps * state


U, STATE = ("N", "L", "C"), ("N", "L", 4)
HEADS, GROUPS = ("N", "L", 6, 4), ("N", "L", 3, 7)

SCAN = [
    example("selective_scan", "a state of four for each channel", U, U, ("C", 4), STATE, STATE),
    example("selective_scan", "with D", U, U, ("C", 4), STATE, STATE, ("C",)),
    example("selective_scan", "with D and z, as in Mamba", U, U, ("C", 4), STATE, STATE, ("C",), U),
    example("ssd", "two heads to a group", HEADS, ("N", "L", 6), (6,), GROUPS, GROUPS),
    example("ssd", "with D, as in Mamba 2", HEADS, ("N", "L", 6), (6,), GROUPS, GROUPS, (6,)),
    example("linear_recurrence", "along axis 1", TOKENS, TOKENS),
    example("linear_recurrence", "along the last axis", MAP, MAP, dim=-1),
]
