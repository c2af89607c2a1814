"""The gradient check: it finds what is wrong at every layer, and is not misled by kinks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Call
from shapecalc.reference.finite_differences import TOLERANCE, CheckedGradient, check
from shapecalc.reference.gradients import Context, Gradients
from tests.house.test_backward import prepared
from tests.support.examples.all import EXAMPLES
from tests.support.examples.table import POINTS, Example
from tests.support.rows import for_each

FEW = [row for row in EXAMPLES if len(row.at(POINTS[0])) < 100 and row.gives_floats]
"""All with a gradient, but the `concat` of as many as a step takes, each of which would be moved."""

each = for_each("example", [pytest.param(row, id=f"{row.type}-{row.reason}") for row in FEW])


@each
def test_every_layer_passes_and_a_percent_more_is_found(example: Example) -> None:
    call, arrays, outputs, gradients = prepared(example)
    ctx = Context(call, tuple(arrays), outputs)
    given = find_backward(example.type)(ctx, *gradients)
    right = check(ctx, gradients, given)
    assert right.error <= TOLERANCE, right
    names = [("input", place) for place, g in enumerate(given.inputs) if g is not None and np.abs(g).max() > 1e-3]
    names += [("parameter", name) for name, g in given.parameters.items() if np.abs(g).max() > 1e-3]  # type: ignore[misc]
    for kind, key in names[:2] + names[-1:]:
        inputs, parameters = list(given.inputs), dict(given.parameters)
        if kind == "input":
            inputs[key] = inputs[key] * 1.01  # type: ignore[operator]
        else:
            parameters[str(key)] = parameters[str(key)] * 1.01
        found = check(ctx, gradients, Gradients(tuple(inputs), parameters))
        assert found.error > TOLERANCE, (kind, key)


def pooled(x: list[float], gradient: list[float], given: list[float]) -> CheckedGradient:
    """A max_pool with windows of two, one apart: its check for a gradient that somebody gives."""
    fields = {"kernel_size": 2, "stride": 1, "padding": 0, "dilation": 1, "ceil_mode": False}
    call = Call("pool", "max_pool", fields, {}, ("x",), ("y",))
    array = np.array(x).reshape(1, 1, -1)
    output = find("max_pool").run(call, array)
    assert isinstance(output, np.ndarray)
    ctx = Context(call, (array,), (output,))
    return check(
        ctx, (np.array(gradient).reshape(1, 1, -1),), Gradients((np.array(given).reshape(1, 1, -1),)), entries=9
    )


def test_at_a_kink_every_slope_between_the_two_sides_is_right() -> None:
    for part in (0.0, 0.25, 1.0):
        assert pooled([2.0, 2.0], [3.0], [3 * part, 3 * (1 - part)]).error <= TOLERANCE
    assert pooled([2.0, 2.0], [3.0], [3.1, -0.1]).error > 0.01


def test_a_kink_in_one_window_excuses_nothing_in_the_next() -> None:
    """The entry in the middle ties in both windows; what each gives may be anything from nothing to its gradient."""
    x, gradient = [2.0, 2.0, 2.0], [3.0, -3.0]
    assert pooled(x, gradient, [0.0, 3.0, -3.0]).error <= TOLERANCE, "its own first, the other's second"
    assert pooled(x, gradient, [0.0, 3.5, -3.0]).error > 0.01


def signed(x: list[float], given: list[float]) -> CheckedGradient:
    """The signs of numbers: their check for a gradient that somebody gives."""
    array = np.array(x)
    call = Call("sign", "sign", {}, {}, ("x",), ("y",))
    output = find("sign").run(call, array)
    assert isinstance(output, np.ndarray)
    return check(Context(call, (array,), (output,)), (np.full(len(x), 3.0),), Gradients((np.array(given),)), entries=9)


def test_at_a_jump_there_is_no_slope_to_compare_and_next_to_it_there_is() -> None:
    assert signed([0.0, 2.0], [0.0, 0.0]).error == 0
    assert signed([0.0, 2.0], [0.0, 0.1]).error > 0.01


def test_a_smaller_step_avoids_a_kink_close_by() -> None:
    x = [2.0, 2.0 + 1e-6]
    assert pooled(x, [3.0], [0.0, 3.0]).error <= TOLERANCE
    assert pooled(x, [3.0], [1.5, 1.5]).error > 0.1, "no tie: the larger one has all of it"


def test_a_small_entry_among_huge_ones_moves_relative_to_itself() -> None:
    """A step in proportion to the array would carry it to where a tanh is flat."""
    x = np.array([1e-20, 1e11])
    call = Call("t", "tanh", {}, {}, ("x",), ("y",))
    ctx = Context(call, (x,), (np.tanh(x),))
    assert check(ctx, (np.ones(2),), Gradients((np.array([1.0, 0.0]),)), entries=9).error <= TOLERANCE
    assert check(ctx, (np.ones(2),), Gradients((np.array([1.01, 0.0]),)), entries=9).error > TOLERANCE


def test_a_masked_score_has_no_gradient_and_the_others_are_checked() -> None:
    """−∞ is no slope, and no size that steps are relative to."""
    x = np.array([[0.5, -np.inf, 1.5], [-np.inf, 0.25, -0.5]])
    call = Call("s", "softmax", {"dim": 1}, {}, ("x",), ("y",))
    y = np.asarray(find("softmax").run(call, x))
    gradient = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    right = y * (gradient - (y * gradient).sum(axis=1, keepdims=True))

    def error(given: np.ndarray[Any, Any]) -> float:
        return check(Context(call, (x,), (y,)), (gradient,), Gradients((given,)), entries=20).error

    assert error(right) <= TOLERANCE
    assert error(np.where(np.isinf(x), 0.01, right)) == 1.0
    assert error(1.01 * right) > TOLERANCE


def test_an_infinite_output_excuses_nothing() -> None:
    x, mask, gradient = np.array([1.0, 2.0, 3.0]), np.array([False, True, False]), np.array([1.0, 0.0, -1.0])
    call = Call("m", "masked_fill", {"value": -np.inf}, {}, ("x", "mask"), ("y",))
    ctx = Context(call, (x, mask), (np.where(mask, -np.inf, x),))
    assert check(ctx, (gradient,), Gradients((gradient, None)), entries=9).error <= TOLERANCE
    assert check(ctx, (gradient,), Gradients((1.01 * gradient, None)), entries=9).error > TOLERANCE


def test_what_is_no_number_is_as_wrong_as_can_be() -> None:
    found = pooled([2.0, 1.0], [3.0], [float("nan"), 0.0])
    assert (found.error, found.worst) == (float("inf"), "x[0, 0, 0]")


def test_a_flatten_gives_what_it_has_read_and_is_checked_all_the_same() -> None:
    call = Call("f", "flatten", {"start_dim": 1, "end_dim": -1}, {}, ("x",), ("y",))
    x = np.arange(6.0).reshape(1, 2, 3)
    ctx = Context(call, (x,), (x.reshape(1, 6),))
    gradient = np.arange(1.0, 7.0).reshape(1, 6)
    assert check(ctx, (gradient,), Gradients((gradient.reshape(x.shape),))).error <= TOLERANCE
    assert check(ctx, (gradient,), Gradients((2 * gradient.reshape(x.shape),))).error > 0.4
