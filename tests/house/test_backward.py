"""The harness of the backward kernels: on every example their gradients are those of central differences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Array, Work
from shapecalc.reference.gradients import Context
from tests.house.test_harness import call_of, tensors
from tests.support.examples.all import EXAMPLES
from tests.support.examples.table import POINTS
from tests.support.rows import for_each

if TYPE_CHECKING:
    from shapecalc.reference.base import Call
    from tests.support.examples.table import Example

NUDGE = 1e-6
ROUNDING = 1e-15
"""Of each product that a loss adds up, relative: what a nudge makes of it is the central difference's own error."""
CHECKED = 6
"""Entries of each array that are nudged: the first, the last, and some between; of all arrays, where they are many."""
MANY = 100
"""Arrays of one example."""

DIFFERENTIATED = [row for row in EXAMPLES if row.gives_floats]
each = for_each("example", [pytest.param(row, id=f"{row.type}-{row.reason}") for row in DIFFERENTIATED])


def outputs_of(call: Call, arrays: list[Array]) -> tuple[Array, ...]:
    result = find(call.kernel).run(replace(call, work=Work()), *arrays)
    return result if isinstance(result, tuple) else (result,)


def prepared(example: Example) -> tuple[Call, list[Array], tuple[Array, ...], list[Array | None]]:
    """The call in float64, its inputs, what it gives, and seeded gradients by that."""
    call = call_of(example, tensors(example.layer(), example.at(POINTS[0])), np.float64)
    arrays = list(example.values(POINTS[0], np.float64).values())
    outputs = outputs_of(call, arrays)
    rng = np.random.default_rng(3)
    return call, arrays, outputs, [rng.standard_normal(y.shape) if y.dtype.kind == "f" else None for y in outputs]


def weighed(outputs: tuple[Any, ...], gradients: list[Any]) -> float:
    """A loss whose gradient by each output is the given one, None for one that is not of floats."""
    return float(sum((y * g).sum() for y, g in zip(outputs, gradients, strict=True) if g is not None))


def slope(array: Array, at: Any, loss: Any) -> float:
    kept = array[at]
    array[at] = kept + NUDGE
    above = loss()
    array[at] = kept - NUDGE
    below = loss()
    array[at] = kept
    return float((above - below) / (2 * NUDGE))


def padding(example: Example, name: str) -> int | None:
    """The row of a parameter that is not learnt, whatever its slope."""
    index = example.fields.get("padding_idx") if name == "weight" else None
    return None if index is None else int(index % example.fields["num_embeddings"])


@each
def test_gradients_are_those_of_central_differences(example: Example) -> None:
    call, arrays, outputs, gradients = prepared(example)
    found = find_backward(example.type)(Context(call, tuple(arrays), outputs), *gradients)
    learnt = example.layer().parameters(*example.at(POINTS[0]))
    assert set(found.parameters) == set(learnt)
    pairs = [(f"input {place}", x, g) for place, (x, g) in enumerate(zip(arrays, found.inputs, strict=True))]
    pairs += [(name, call.parameters[name], found.parameters[name]) for name in learnt]
    terms = sum(float(abs(y * g).sum()) for y, g in zip(outputs, gradients, strict=True) if g is not None)
    tolerance = max(1e-5, terms * ROUNDING / NUDGE)
    nudged = (
        pairs if len(pairs) < MANY else [pairs[place] for place in np.linspace(0, len(pairs) - 1, CHECKED, dtype=int)]
    )
    for name, array, gradient in pairs:
        if array.dtype.kind in "iub":
            assert gradient is None, name
            continue
        assert gradient is not None, name
        assert gradient.shape == array.shape, name
    for name, array, gradient in nudged:
        if gradient is None:
            continue
        for place in sorted({*np.linspace(0, array.size - 1, CHECKED).astype(int).tolist()}):
            at = np.unravel_index(place, array.shape)
            expected = slope(array, at, lambda: weighed(outputs_of(call, arrays), gradients))
            if at and padding(example, name) == at[0]:
                expected = 0.0
            assert gradient[at] == pytest.approx(expected, rel=1e-5, abs=tolerance), (name, at)


@pytest.mark.parametrize("example", [row for row in EXAMPLES if len(row.inputs) >= MANY], ids=lambda row: row.reason)
def test_gradients_of_many_inputs_are_that_of_a_nudge_of_all(example: Example) -> None:
    """Each entry up or down by chance: what is wrong with any of them is in the sum."""
    call, arrays, outputs, gradients = prepared(example)
    found = find_backward(example.type)(Context(call, tuple(arrays), outputs), *gradients)
    rng = np.random.default_rng(5)
    ways = [rng.choice((-1.0, 1.0), array.shape) for array in arrays]
    above, below = (
        weighed(outputs_of(call, [x + step * way for x, way in zip(arrays, ways, strict=True)]), gradients)
        for step in (NUDGE, -NUDGE)
    )
    expected = (above - below) / (2 * NUDGE)
    assert weighed(tuple(found.inputs), ways) == pytest.approx(expected, rel=1e-5, abs=1e-5)


@each
def test_the_multiply_accumulates_of_gradients_are_those_predicted(example: Example) -> None:
    call, arrays, outputs, gradients = prepared(example)
    ctx = Context(call, tuple(arrays), outputs)
    find_backward(example.type)(ctx, *gradients)
    shapes = example.at(POINTS[0])
    expected = example.layer().backward_macs(*shapes, example.layer().output_shape(*shapes))
    assert (ctx.to_inputs.macs, ctx.to_parameters.macs) == expected


@each
def test_what_the_forward_pass_left_and_the_gradients_stay_as_they_were(example: Example) -> None:
    call, arrays, outputs, gradients = prepared(example)
    given = [gradient for gradient in gradients if gradient is not None]
    before = [array.copy() for array in (*arrays, *outputs, *given, *call.parameters.values())]
    find_backward(example.type)(Context(call, tuple(arrays), outputs), *gradients)
    for array, kept in zip((*arrays, *outputs, *given, *call.parameters.values()), before, strict=True):
        np.testing.assert_array_equal(array, kept)
