"""Back-propagation through time: two steps by hand, and truncation."""

from __future__ import annotations

from dataclasses import replace
from math import tanh
from typing import TYPE_CHECKING

import numpy as np
import pytest

from shapecalc.reference import find_backward
from shapecalc.reference.finite_differences import TOLERANCE, CheckedGradient, check
from shapecalc.reference.gradients import Context
from tests.house.test_backward import prepared
from tests.support import kernels
from tests.support.examples.all import EXAMPLES

if TYPE_CHECKING:
    from tests.support.examples.table import Example

ONE = {"weight_ih_l0": [[2.0]], "weight_hh_l0": [[0.5]]}
X = np.array([[[1.0]], [[-1.0]]])


def test_the_gradient_of_the_last_step_goes_back_through_both() -> None:
    """h₂ = tanh(2x₂ + h₁/2), h₁ = tanh(2x₁): dh₂/dx₁ = (1 − h₂²) · ½ · (1 − h₁²) · 2."""
    call = kernels.call_of("rnn", ONE, hidden_size=1, bias=False)
    found = kernels.gradients_of(call, (X,), np.array([[[0.0]], [[1.0]]]), None)
    first = tanh(2)
    last = tanh(-2 + first / 2)
    to_last, to_first = 1 - last**2, (1 - last**2) / 2 * (1 - first**2)
    assert found.inputs[0] is not None
    assert found.inputs[0].ravel().tolist() == pytest.approx([2 * to_first, 2 * to_last])
    assert found.parameters["weight_ih_l0"].item() == pytest.approx(to_first - to_last)
    assert found.parameters["weight_hh_l0"].item() == pytest.approx(to_last * first)


def test_a_rectified_state_passes_no_gradient_where_it_is_0() -> None:
    call = kernels.call_of("rnn", ONE, hidden_size=1, bias=False, nonlinearity="relu")
    found = kernels.gradients_of(call, (X,), np.ones((2, 1, 1)), None)
    assert found.inputs[0] is not None
    assert found.inputs[0].ravel().tolist() == [2, 0]


def test_the_cell_of_an_lstm_carries_its_gradient_by_the_forget_gate_alone() -> None:
    call = kernels.call_of(
        "lstm", {"weight_ih_l0": [[0.0]] * 4, "weight_hh_l0": [[0.0]] * 4}, hidden_size=1, bias=False
    )
    state = np.array([[[3.0]]])
    found = kernels.gradients_of(call, (X, state, state), None, None, np.ones((1, 1, 1)))
    assert found.inputs[2] is not None
    assert found.inputs[2].item() == pytest.approx(0.5**2)  # σ(0) at each of two steps


def test_a_gru_hands_its_state_on_by_the_update_gate() -> None:
    call = kernels.call_of("gru", {"weight_ih_l0": [[0.0]] * 3, "weight_hh_l0": [[0.0]] * 3}, hidden_size=1, bias=False)
    found = kernels.gradients_of(call, (X, np.zeros((1, 1, 1))), None, np.ones((1, 1, 1)))
    assert found.inputs[1] is not None
    assert found.inputs[1].item() == pytest.approx(0.5**2)


def test_truncation_cuts_what_goes_from_one_piece_to_the_one_before() -> None:
    call = kernels.call_of("rnn", ONE, hidden_size=1, bias=False)
    found = kernels.gradients_of(call, (X,), np.array([[[0.0]], [[1.0]]]), None, truncate=1)
    assert found.inputs[0] is not None
    assert found.inputs[0].ravel().tolist() == pytest.approx([0, 2 * (1 - tanh(-2 + tanh(2) / 2) ** 2)])


RECURRENT = [row for row in EXAMPLES if row.type in ("rnn", "lstm", "gru")]
truncated = pytest.mark.parametrize(
    "example",
    [
        # Two layers prove what five do.
        pytest.param(row, id=f"{row.type}-{row.reason}", marks=[pytest.mark.slow] * (row.fields.get("num_layers") == 5))
        for row in RECURRENT
    ],
)


@truncated
@pytest.mark.parametrize("steps", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_truncated_gradients_are_those_with_fixed_states_at_the_cuts(example: Example, steps: int) -> None:
    call, arrays, outputs, gradients = prepared(example)
    ctx = Context(call, tuple(arrays), outputs, truncate=steps)
    given = find_backward(example.type)(ctx, *gradients)
    found = check(ctx, gradients, given, entries=5)
    length = arrays[0].shape[1 if call.fields["batch_first"] else 0]
    if call.fields["bidirectional"] and length > steps:
        assert found == CheckedGradient(0, 0.0, "")
        return
    assert found.error <= TOLERANCE
    assert found.entries > 0
    whole = find_backward(example.type)(replace(ctx, truncate=None), *gradients)
    assert (check(ctx, gradients, whole, entries=5).error > TOLERANCE) == (length > steps)
