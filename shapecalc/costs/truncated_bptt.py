"""Truncated backpropagation through time: the tensors that a recurrent layer saves per time step.

Truncated after k time steps, a sequence is trained on in chunks of k time steps: the states pass from one chunk to the
next, their gradients do not, so that only the tensors of k time steps are saved. Source: Williams and Peng 1990, "An
Efficient Gradient-Based Algorithm for On-Line Training of Recurrent Network Trajectories".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import ITEMSIZES, total
from shapecalc.dims import Dim, Expr, free_symbols, symbol
from shapecalc.shape_inference.report import BYTES

if TYPE_CHECKING:
    from shapecalc.costs.saved_tensors import SavedTensors
    from shapecalc.dims import Shape
    from shapecalc.layers.saved import Saved
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport


class Part(NamedTuple):
    """One tensor that a recurrent layer saves: `each` bytes per time step, plus `once`."""

    name: str
    each: Dim
    once: Dim


class UnrolledLayer(NamedTuple):
    """The tensors of its own that a recurrent layer saves over its time steps."""

    path: str
    steps: Dim
    parts: tuple[Part, ...]

    @property
    def each(self) -> Dim:
        """The bytes per time step."""
        return total(part.each for part in self.parts)

    @property
    def once(self) -> Dim:
        """The bytes that do not depend on the number of time steps."""
        return total(part.once for part in self.parts)


def unrolled(saved: SavedTensors) -> tuple[UnrolledLayer, ...]:
    """Return the tensors of its own that each recurrent layer saves.

    >>> import shapecalc
    >>> from shapecalc.costs.saved_tensors import saved_tensors
    >>> (lstm,) = unrolled(saved_tensors(shapecalc.inspect(shapecalc.load("char-rnn"), N=1, T=7)))
    >>> lstm.steps, [(part.name, part.each, part.once) for part in lstm.parts][1:3]
    (7, [('gates', 20480, 0), ('states', 8192, -8192)])
    """
    return tuple(_over_time(layer.row, saved.itemsize) for layer in saved.layers if layer.row.step.layer.carries_state)


def time_symbol(report: Report) -> str | None:
    """Return the symbol for the number of time steps; None if recurrent layers do not share one."""
    lengths = {_steps(row) for row in report.layers if row.step.layer.carries_state}
    if len(lengths) != 1:
        return None
    (steps,) = lengths
    names = free_symbols(steps) if isinstance(steps, Expr) else ()
    return names[0] if len(names) == 1 and steps == symbol(names[0]) else None


def _steps(row: LayerReport) -> Dim:
    return row.inputs[0][row.step.layer.time_axis]


def _over_time(row: LayerReport, itemsize: int) -> UnrolledLayer:
    """Return the parts as a + b·t, from their sizes at one and two time steps: all are linear in the time steps."""
    layer = row.step.layer
    x, *states = row.inputs

    def saved_at(steps: int) -> tuple[Saved, ...]:
        sequence = _with_axis(x, layer.time_axis, steps)
        return layer.saved(sequence, *states, layer.output_shape(sequence, *states))

    itemsizes = {"": itemsize, "float32": BYTES, **ITEMSIZES}
    parts = []
    for one, two in zip(saved_at(1), saved_at(2), strict=True):
        if one.of is None:
            each = itemsizes[one.dtype] * (two.elements - one.elements)
            parts.append(Part(one.name, each, itemsizes[one.dtype] * one.elements - each))
    return UnrolledLayer(row.path, _steps(row), tuple(parts))


def _with_axis(x: Shape, axis: int, size: int) -> Shape:
    return (*x[:axis], size, *x[axis + 1 :])
