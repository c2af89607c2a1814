"""Recurrent kernels: states step by step, masks between layers, memory, and what does not fit."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from math import prod, tanh
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.layers import layer_type
from shapecalc.reference import workspace
from shapecalc.reference.executor import execute
from tests.support import kernels
from tests.support.sequence_cases import OBJECTS, PLAIN, Case, arrays, call_of, case_of, numbers, outputs, stack

if TYPE_CHECKING:
    from shapecalc.reference.base import Array, Call

NUDGE = 1e-6


def sigmoid(x: float) -> float:
    return 1 / (1 + 2.718281828459045**-x)


ONE = {"weight_ih_l0": [[2.0]], "weight_hh_l0": [[0.5]], "bias_ih_l0": [0.25], "bias_hh_l0": [0.25]}


def test_a_plain_step_adds_input_state_and_both_biases() -> None:
    y = kernels.run("rnn", [[[1.0]], [[-1.0]]], parameters=ONE, hidden_size=1)
    first = tanh(2 + 0.5)
    assert y.ravel().tolist() == pytest.approx([first, tanh(-2 + 0.5 * first + 0.5)])
    rectified = kernels.run("rnn", [[[1.0]], [[-1.0]]], parameters=ONE, hidden_size=1, nonlinearity="relu")
    assert rectified.ravel().tolist() == [2.5, 0]


def test_an_lstm_step_is_its_equations_with_gates_in_the_order_i_f_g_o() -> None:
    gates = {"weight_ih_l0": [[1.0], [2.0], [3.0], [4.0]], "weight_hh_l0": [[0.5], [0.25], [-0.5], [-0.25]]}
    call = kernels.call_of("lstm", gates, hidden_size=1, bias=False)
    x, h, c = 0.5, 0.25, -1.5
    y, h_n, c_n = kernels.outputs_of(call, [[[x]]], [[[h]]], [[[c]]])
    cell = sigmoid(2 * x + h / 4) * c + sigmoid(x + h / 2) * tanh(3 * x - h / 2)
    assert c_n.item() == pytest.approx(cell)
    assert y.item() == h_n.item() == pytest.approx(sigmoid(4 * x - h / 4) * tanh(cell))


def test_a_gru_resets_after_the_product() -> None:
    """torch.nn.GRU: n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn)), the bias within the reset."""
    parameters = {
        "weight_ih_l0": [[1.0], [2.0], [3.0]],
        "weight_hh_l0": [[0.5], [0.25], [-0.5]],
        "bias_ih_l0": [0.0, 0.0, 0.0],
        "bias_hh_l0": [0.0, 0.0, 4.0],
    }
    call = kernels.call_of("gru", parameters, hidden_size=1)
    x, h = 0.5, 0.25
    y, _ = kernels.outputs_of(call, [[[x]]], [[[h]]])
    r, z = sigmoid(x + h / 2), sigmoid(2 * x + h / 4)
    n = tanh(3 * x + r * (-h / 2 + 4))
    assert y.item() == pytest.approx((1 - z) * n + z * h)


def test_a_reverse_direction_reads_from_the_end_and_its_outputs_are_concatenated() -> None:
    parameters = {**ONE, **{f"{name}_reverse": values for name, values in ONE.items()}}
    x = np.array([[[1.0]], [[-1.0]], [[0.5]]])
    y = kernels.run("rnn", x, parameters=parameters, hidden_size=1, bidirectional=True)
    onwards = kernels.run("rnn", x, parameters=ONE, hidden_size=1)
    backwards = kernels.run("rnn", x[::-1], parameters=ONE, hidden_size=1)[::-1]
    np.testing.assert_allclose(y, np.concatenate([onwards, backwards], axis=2))


def masked_call(word: str, x: Array, masks: dict[str, Array], **fields: Any) -> Call:
    cls = layer_type(word)
    assert cls is not None
    random = np.random.default_rng(5)
    weights = {name: random.normal(0, 0.5, shape) for name, shape in cls(**fields).parameters(x.shape).items()}
    return kernels.call_of(word, {**weights, **masks}, **fields)


def mask(shape: tuple[int, ...]) -> Array:
    return (np.random.default_rng(8).random(shape) < 0.5) * 2.0


@pytest.mark.parametrize("word", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_gradients_between_masked_layers_equal_central_differences(word: str, bidirectional: bool) -> None:
    x = np.random.default_rng(2).standard_normal((3, 5, 2))
    fields = {"hidden_size": 4, "num_layers": 3, "batch_first": True, "bidirectional": bidirectional, "dropout": 0.5}
    width = 8 if bidirectional else 4
    call = masked_call(word, x, {f"mask_l{level}": mask((5, 3, width)) for level in (0, 1)}, **fields)
    outputs = kernels.outputs_of(call, x)
    weights = [np.cos(np.arange(y.size)).reshape(y.shape) for y in outputs]
    assert not np.array_equal(outputs[0], kernels.outputs_of(masked_call(word, x, {}, **fields), x)[0])
    found = kernels.gradients_of(call, (x,), *weights)
    assert found.inputs[0] is not None
    named = {"x": (x, found.inputs[0]), "weight": (call.parameters["weight_hh_l0"], found.parameters["weight_hh_l0"])}
    for name, (array, gradient) in named.items():
        for at in ((0,) * array.ndim, (-1,) * array.ndim):
            losses = []
            for nudge in (NUDGE, -2 * NUDGE):
                array[at] += nudge
                losses.append(sum((y * w).sum() for y, w in zip(kernels.outputs_of(call, x), weights, strict=True)))
            array[at] += NUDGE
            assert gradient[at] == pytest.approx((losses[0] - losses[1]) / (2 * NUDGE), abs=1e-6), name


@pytest.mark.parametrize(("kernel", "gates"), [("rnn", 1), ("lstm", 4), ("gru", 3)])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="one layer"),
        pytest.param({"num_layers": 3}, id="layers that hand on"),
        pytest.param({"num_layers": 2, "bidirectional": True}, id="both directions"),
        pytest.param({"batch_first": True}, id="the batch first"),
        pytest.param({"hidden_size": 500}, id="a wide state"),
    ],
)
@pytest.mark.parametrize("shape", [(60, 50, 70), (3, 700, 20), (600, 1, 300)], ids=["square", "many", "one"])
def test_a_recurrent_layer_allocates_no_more_than_it_says(
    kernel: str, gates: int, options: dict[str, Any], shape: tuple[int, int, int]
) -> None:
    fields = {**PLAIN, "hidden_size": 90, "nonlinearity": "tanh", "proj_size": 0, **options}
    hidden, both = fields["hidden_size"], fields["bidirectional"]
    reads = (shape[2], *[hidden * (1 + both)] * (fields["num_layers"] - 1))
    tensors = stack(gates * hidden, reads, hidden, both=both)
    case = Case("", kernel, (shape,), 0, fields, tensors)
    call, inputs = call_of(case, np.float32), arrays(case, np.float32)
    tracemalloc.start()
    try:
        left = outputs(case, call, inputs)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    bound = workspace(kernel, fields, (shape,), tensors, tuple(y.shape for y in left), 4)
    needed = peak - sum(y.nbytes for y in left)
    assert needed <= bound + OBJECTS
    assert bound <= 2 * needed + OBJECTS


@pytest.mark.parametrize("kernel", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("steps", [1, 255, 256, 257, 600])
def test_steps_taken_together_are_the_steps_one_by_one(kernel: str, steps: int) -> None:
    """However many inputs are multiplied at once: the states handed on step by step give the same."""
    case = case_of(kernel)
    whole = numbers((steps, 1, 3), 5)
    output, *states = outputs(case, call_of(case), [whole])
    one: tuple[Array, ...] = ()
    for step in range(steps):
        one = outputs(case, call_of(case), [whole[step : step + 1], *one[1:]])
        np.testing.assert_allclose(one[0][0], output[step], rtol=1e-12, atol=1e-14)
    for last, state in zip(one[1:], states, strict=True):
        np.testing.assert_allclose(last, state, rtol=1e-12, atol=1e-14)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kernel", ["rnn", "lstm", "gru"])
def test_huge_numbers_saturate_the_gates_and_neither_warn_nor_become_nan(kernel: str) -> None:
    case = case_of(kernel)
    for sign in (1, -1):
        inputs = [np.full((5, 2, 3), sign * 1e4, dtype=np.float32)]
        for y in outputs(case, call_of(case, np.float32), inputs):
            assert np.isfinite(y).all()
            assert abs(y).max() <= 5


def lstm(*states: tuple[int, ...]) -> list[Array]:
    return [numbers((5, 2, 3), 1), *(numbers(shape, 2) for shape in states)]


@pytest.mark.parametrize(
    ("states", "said"),
    [
        pytest.param(((1, 2, 4),), "begins with states of", id="h_0 without c_0"),
        pytest.param(((1, 2, 4), (2, 2, 4)), r"receives \[\(1, 2, 4\), \(2, 2, 4\)\]", id="too many layers"),
        pytest.param(((1, 1, 4), (1, 1, 4)), "begins with states of", id="one sample would be spread over all"),
        pytest.param(((1, 2, 4), (1, 2, 1)), "begins with states of", id="one cell would be spread over all"),
        pytest.param(((1, 2, 4), (1, 2, 4), (1, 2, 4)), "begins with states of", id="a state too many"),
    ],
)
def test_initial_states_that_do_not_fit_are_refused(states: tuple[tuple[int, ...], ...], said: str) -> None:
    case = case_of("lstm")
    with pytest.raises(ValueError, match=said):
        outputs(case, call_of(case), lstm(*states))


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4, 3)])
@pytest.mark.parametrize("kernel", ["rnn", "lstm", "gru"])
def test_a_sequence_has_three_axes(kernel: str, shape: tuple[int, ...]) -> None:
    case = case_of(kernel)
    with pytest.raises(ValueError, match="reads a sequence of 3 axes, receives"):
        outputs(case, call_of(case), [numbers(shape, 1)])


def test_the_executor_puts_every_output_of_a_recurrent_layer_in_its_slot() -> None:
    case = case_of("lstm")
    first = replace(call_of(case), outputs=("a", "a.h_n", "a.c_n"))
    second = replace(call_of(case), path="b", inputs=("x", "a.h_n", "a.c_n"), outputs=("b", "b.h_n", "b.c_n"))
    execution = execute([first, second], {"x": numbers((5, 2, 3), 1)})
    (one, other) = execution
    assert one.shapes == other.shapes == ((5, 2, 4), (1, 2, 4), (1, 2, 4))
    assert (one.macs, prod(one.shapes[0])) == (case.macs, 40)
    np.testing.assert_array_equal(execution.values["a"][-1], execution.values["a.h_n"][0])
    assert not np.allclose(execution.values["a"], execution.values["b"])
