"""Going back through a network: what is added, what is skipped, what is let go, and what is said where it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc.execution.lowering import calls_of, random_inputs, random_parameters
from shapecalc.reference import gradients as registry
from shapecalc.reference.backpropagation import NetworkGradients, Tape, back_propagate, forward, propagate
from shapecalc.reference.executor import ExecutionError
from shapecalc.reference.gradients import Gradients
from shapecalc.shape_inference.engine import inspect_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.reference.base import Array

BRANCHES = "{input: [2, 3], layers: [{tanh: , name: a}, {add: {one: [], two: [sigmoid], three: []}, name: sum}]}"


def taped(text: str, params: dict[str, Array] | None = None) -> tuple[Tape, dict[str, Array]]:
    """A forward pass in float64, and its inputs."""
    report = inspect_at(shapecalc.loads(text), {})
    inputs = {
        name: array.astype(np.float64) if array.dtype.kind == "f" else array
        for name, array in random_inputs(report).items()
    }
    made = {path: array.astype(np.float64) for path, array in random_parameters(report).items()}
    return forward(calls_of(report, params=made if params is None else params), inputs), inputs


def from_ones(text: str, slot: str, params: dict[str, Array] | None = None) -> NetworkGradients:
    """Gradients of the sum of a slot."""
    tape, _ = taped(text, params)
    return back_propagate(tape, {slot: np.ones_like(tape.values[slot])})


def instead(monkeypatch: pytest.MonkeyPatch, word: str, run: Callable[..., Gradients]) -> None:
    from shapecalc.reference import find_backward

    find_backward(word)  # its family is imported, so that none brings the kernel back whole
    monkeypatch.setitem(registry.BACKWARD_KERNELS, word, run)


def test_the_gradients_of_branches_are_added() -> None:
    """`add` passes one array to every branch: adding to one of them in place would change the others."""
    found = from_ones(BRANCHES, "sum")
    _, inputs = taped(BRANCHES)
    a = np.tanh(inputs["input"])
    sigmoid = 1 / (1 + np.exp(-a))
    expected = (2 + sigmoid * (1 - sigmoid)) * (1 - a * a)
    np.testing.assert_allclose(found.inputs["input"], expected, rtol=1e-12)


def test_a_slot_that_a_layer_reads_twice_gets_both_gradients() -> None:
    found = from_ones("{input: [2, 3], layers: [{multiply: , from: [input, input], name: square}]}", "square")
    _, inputs = taped("{input: [2, 3], layers: [relu]}")
    np.testing.assert_allclose(found.inputs["input"], 2 * inputs["input"], rtol=1e-12)


def test_a_slot_that_leaves_and_is_read_gets_the_gradient_of_the_loss_as_well() -> None:
    tape, inputs = taped("{input: [2, 3], layers: [{tanh: , name: a}, {sigmoid: , name: b}], outputs: [a, b]}")
    by_a, by_b = np.full((2, 3), 5.0), np.zeros((2, 3))
    found = back_propagate(tape, {"a": by_a, "b": by_b})
    np.testing.assert_allclose(found.inputs["input"], 5 * (1 - np.tanh(inputs["input"]) ** 2), rtol=1e-12)
    assert (by_a == 5).all(), "what was handed in stays as it was"


def test_shared_weights_get_the_sum_of_what_two_copies_get() -> None:
    text = "{{input: [2, 3], layers: [{{linear: 3, name: a}}, tanh, {}, {{linear: 2, name: c}}]}}"
    report = inspect_at(shapecalc.loads(text.format("{share: a, name: b}")), {})
    made = random_parameters(report)
    apart = {**made, "b.weight": made["a.weight"], "b.bias": made["a.bias"]}
    shared = from_ones(text.format("{share: a, name: b}"), "c", made).parameters
    copies = from_ones(text.format("{linear: 3, name: b}"), "c", apart).parameters
    assert set(shared) == {"a.weight", "a.bias", "c.weight", "c.bias"}
    for name in ("weight", "bias"):
        np.testing.assert_allclose(shared[f"a.{name}"], copies[f"a.{name}"] + copies[f"b.{name}"], rtol=1e-12)
        assert not np.allclose(shared[f"a.{name}"], copies[f"a.{name}"])


def test_a_call_that_the_loss_does_not_depend_on_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Gradients:
        raise AssertionError

    instead(monkeypatch, "sigmoid", never)
    found = from_ones("{input: [2, 3], layers: [{sigmoid: , name: dead}, {tanh: , from: input, name: end}]}", "end")
    assert [(row.path, row.reached, row.inputs) for row in found.results] == [
        ("end", True, ((2, 3),)),
        ("dead", False, (None,)),
    ]


def test_parameters_that_the_loss_does_not_depend_on_have_no_gradient() -> None:
    text = "{input: [2, 3], layers: [{linear: 4, name: dead}, {linear: 2, from: input, name: end}]}"
    assert set(from_ones(text, "end").parameters) == {"end.weight", "end.bias"}


def test_integer_inputs_have_no_gradient() -> None:
    text = (
        "{input: {shape: [2, 3], dtype: int64}, layers: [{embedding: {num_embeddings: 7, embedding_dim: 5}, name: e}]}"
    )
    found = from_ones(text, "e")
    assert (dict(found.inputs), found.parameters["e.weight"].shape) == ({}, (7, 5))
    assert found.results[0].inputs == (None,)


def test_an_lstm_back_propagates_although_states_that_nothing_reads_have_no_gradient() -> None:
    found = from_ones("{input: [4, 2, 3], layers: [{lstm: 5, name: r}]}", "r")
    assert found.inputs["input"].shape == (4, 2, 3)


def test_values_are_freed_during_the_backward_pass() -> None:
    tape, _ = taped("{input: [2, 3], layers: [{tanh: , name: a}, {sigmoid: , name: b}, {relu: , name: c}]}")
    propagation = propagate(tape, {"c": np.ones((2, 3))})
    live = [(row.path, set(tape.values), set(propagation.slots)) for row in propagation]
    assert live == [
        ("c", {"input", "a", "b"}, {"b"}),
        ("b", {"input", "a"}, {"a"}),
        ("a", {"input"}, {"input"}),
    ]
    assert tape.calls == []


def test_recurrent_layers_back_propagate_through_the_truncated_steps() -> None:
    text = "{input: [6, 2, 3], layers: [{rnn: 4, name: r}, {select: {dim: 0, index: -1}, name: last}]}"
    tape, _ = taped(text)
    found = back_propagate(tape, {"last": np.ones((2, 4))}, truncate=2).inputs["input"]
    assert [bool(np.any(step)) for step in found] == [False] * 4 + [True] * 2


WRONG = {
    "has no backward kernel": None,
    "gives a gradient of [3] by `input`, which is [2, 3]": lambda _past, gradient: Gradients((gradient[0],)),
    "gives gradients by 0 inputs, has 1": lambda _past, _gradient: Gradients(()),
    "gives a gradient by weight, which it does not have": lambda _past, g: Gradients((g,), {"weight": g}),
    "going back: operands could not be broadcast": lambda _past, g: Gradients((g + np.ones(7),)),
    "asks for 'weight', which it was not given": lambda ctx, _g: Gradients((ctx.call.parameters["weight"],)),
}


@pytest.mark.parametrize("reason", WRONG)
def test_a_kernel_that_is_missing_or_wrong_is_named_with_its_layer(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = WRONG[reason]
    if run is None:
        instead(monkeypatch, "tanh", lambda: Gradients(()))
        monkeypatch.delitem(registry.BACKWARD_KERNELS, "tanh")
    else:
        instead(monkeypatch, "tanh", run)
    with pytest.raises(ExecutionError) as caught:
        from_ones("{input: [2, 3], layers: [{tanh: , name: a}, {relu: , name: b}]}", "b")
    assert str(caught.value).startswith(f"`a` (tanh): {reason}")
