"""Recurrent layers unrolled over time: what each step keeps for the backward pass, and what truncation leaves of it.

Truncated after k steps, a sequence is learnt from k steps at a time: the states go on from one piece to the next, their
gradients do not, so that the network keeps what k steps take. Source: Williams and Peng 1990, "An Efficient
Gradient-Based Algorithm for On-Line Training of Recurrent Network Trajectories".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import INT64, total
from shapecalc.dims import Dim, Expr, free_symbols, symbol
from shapecalc.shape_inference.report import BYTES

if TYPE_CHECKING:
    from shapecalc.costs.saved_tensors import Keeping
    from shapecalc.dims import Shape
    from shapecalc.layers.saved import Saved
    from shapecalc.shape_inference.report import LayerReport, Report


class Part(NamedTuple):
    """One thing that a recurrent layer keeps: bytes for each step, and bytes besides."""

    name: str
    each: Dim
    once: Dim


class UnrolledLayer(NamedTuple):
    """A recurrent layer over its steps."""

    path: str
    steps: Dim
    parts: tuple[Part, ...]

    @property
    def each(self) -> Dim:
        """The bytes of one step."""
        return total(part.each for part in self.parts)

    @property
    def once(self) -> Dim:
        """The bytes besides."""
        return total(part.once for part in self.parts)


def unrolled(kept: Keeping) -> tuple[UnrolledLayer, ...]:
    """Return what each recurrent layer keeps of its own, by what for.

    >>> import shapecalc
    >>> from shapecalc.costs.saved_tensors import keeping
    >>> (lstm,) = unrolled(keeping(shapecalc.inspect(shapecalc.load("char-rnn"), N=1, T=7)))
    >>> lstm.steps, [(part.name, part.each, part.once) for part in lstm.parts][1:3]
    (7, [('gates', 20480, 0), ('states', 8192, -8192)])
    """
    return tuple(_over_time(layer.row, kept.itemsize) for layer in kept.layers if layer.row.step.layer.carries_state)


def time_symbol(report: Report) -> str | None:
    """Return the symbol that says how many steps there are, None where recurrent layers have no one of their own."""
    found = {_steps(row) for row in report.layers if row.step.layer.carries_state}
    if len(found) != 1:
        return None
    (steps,) = found
    names = free_symbols(steps) if isinstance(steps, Expr) else ()
    return names[0] if len(names) == 1 and steps == symbol(names[0]) else None


def _steps(row: LayerReport) -> Dim:
    return row.inputs[0][row.step.layer.time_axis]


def _over_time(row: LayerReport, itemsize: int) -> UnrolledLayer:
    """Return the parts as a + b·t, by what is kept of no step and of one: all of it is linear in the steps."""
    layer = row.step.layer
    x, *states = row.inputs

    def after(steps: int) -> tuple[Saved, ...]:
        turned = _with_axis(x, layer.time_axis, steps)
        return layer.saved(turned, *states, layer.output_shape(turned, *states))

    widths = {"": itemsize, "float32": BYTES, "int64": INT64}
    parts = []
    for one, two in zip(after(1), after(2), strict=True):
        if one.of is None:
            each = widths[one.dtype] * (two.elements - one.elements)
            parts.append(Part(one.name, each, widths[one.dtype] * one.elements - each))
    return UnrolledLayer(row.path, _steps(row), tuple(parts))


def _with_axis(x: Shape, axis: int, size: int) -> Shape:
    return (*x[:axis], size, *x[axis + 1 :])
