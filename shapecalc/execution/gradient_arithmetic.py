"""The arithmetic of back-propagation through time: steps of the backward kernel, run on traced numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.calculators.gate_arithmetic import below, shown, sum_of_products
from shapecalc.calculators.tracing import Traced
from shapecalc.reference.bptt import TimeStep, recurrence_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.execution.bptt import LayerGradients, PassGradients, StepGradient
    from shapecalc.layers.recurrence import Recurrent
    from shapecalc.reference.base import Array
    from shapecalc.reference.bptt import GradientSums

DIGITS = 5
MOST_LINES = 32
"""Lines of the gradients of gates and states: of more, none is written."""
MOST_ELEMENTS, MOST_STEPS = 8, 6
"""Elements of a parameter, and steps, whose sum is written."""


def gradient_lines(layer: LayerGradients, each: PassGradients) -> Iterator[str]:
    """Yield how each gate's and state's gradient is computed, the last step first; nothing if that is long.

    Of one sample, without a projection.
    """
    unrolled = layer.unrolled
    units, gates = unrolled.layer.hidden_size, unrolled.layer.cell.gates
    projects = unrolled.layer.projection_macs() > 0
    samples = unrolled.inputs[0].shape[1 - unrolled.layer.time_axis]
    if samples > 1 or projects or len(each.steps) * units * (len(gates) + 1) > MOST_LINES:
        return
    recurrent = traced(unrolled.call.parameters[f"weight_hh_{each.run.suffix}"])
    arriving: Array | None = None
    for step in reversed(each.steps):
        time = step.step.time
        if arriving is not None and not step.is_cut:
            for unit in range(units):
                yield _line(f"∂L/∂h{_place(time, unit, units)} from next", arriving[unit, 0])
        sums = _traced_sums(layer, step)
        by_gate = sums.from_input.reshape(len(gates), units)
        for gate, letter in enumerate(gates):
            for unit in range(units):
                yield _line(f"δ{letter}{_place(time, unit, units)}", by_gate[gate, unit])
        arriving = sums.states[0] + np.matmul(recurrent.T, traced(step.from_hidden))


def _traced_sums(layer: LayerGradients, step: StepGradient) -> GradientSums:
    """Return the result of the backward kernel for one step, with the arithmetic of each element."""
    saved = step.step.saved
    before, gates, after = (tuple(map(traced, arrays)) for arrays in (saved.before, saved.gates, saved.after))
    gradients = (traced(step.of_h), *(traced(array) for state, array in step.from_next.items() if state != "h"))
    return recurrence_of(layer.unrolled.call).sums(TimeStep(before, gates, traced(saved.hidden), after), gradients)


def traced(array: Array) -> Array:
    """Return an array of numbers that remember their arithmetic."""
    leaves = np.empty(array.shape, dtype=object)
    leaves.reshape(-1)[:] = [Traced(value) for value in array.ravel().tolist()]
    return leaves


def _line(name: str, value: Any) -> str:
    return f"{name} = {value.equation(DIGITS) if isinstance(value, Traced) else shown(value)}"


def _place(time: int, unit: int, units: int) -> str:
    return below(time) + (f"[{unit}]" if units > 1 else "")


def sum_lines(layer: LayerGradients, steps: Sequence[StepGradient], name: str) -> Iterator[str]:
    """Yield how the contributions of all steps add up to the gradient of each element of a parameter of one layer.

    Of one sample, if there are few; not of a projection.
    """
    unrolled, total = layer.unrolled, layer.returned.parameters[name]
    samples = unrolled.inputs[0].shape[1 - unrolled.layer.time_axis]
    kind, side = name.split("_")[:2]
    if samples > 1 or total.size > MOST_ELEMENTS or len(steps) > MOST_STEPS or side == "hr":
        return
    for index in np.ndindex(total.shape):
        terms = []
        for step in steps:
            sums = step.from_input if side == "ih" else step.from_hidden
            reads = step.step.x if side == "ih" else step.step.before["h"]
            terms.append((sums[index[0], 0], 1 if kind == "bias" else reads[index[1], 0]))
        yield f"{element_name(unrolled.layer, name, index)}: {sum_of_products(terms)} = {shown(total[index])}"


def element_name(layer: Recurrent, name: str, index: tuple[int, ...]) -> str:
    """Return the name of an element of a parameter, with the letter of its gate as in the layer's equations.

    >>> from shapecalc.layers.recurrent import Lstm
    >>> element_name(Lstm(hidden_size=2), "weight_ih_l0", (3, 1)), element_name(Lstm(hidden_size=1), "bias_hh_l0", (3,))
    ('W_if[1, 1]', 'b_ho')
    """
    kind, side = name.split("_")[:2]
    letter = "b" if kind == "bias" else "W"
    if side == "hr":
        return f"{letter}_hr[{', '.join(map(str, index))}]"
    gate, unit = divmod(index[0], layer.hidden_size)
    place = [*([unit] if layer.hidden_size > 1 else []), *index[1:]]
    is_scalar = layer.hidden_size == 1 and (side == "hh" or kind == "bias")
    return f"{letter}_{side[0]}{layer.cell.gates[gate]}" + ("" if is_scalar else f"[{', '.join(map(str, place))}]")
