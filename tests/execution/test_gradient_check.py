"""The backward pass, predicted against executed: on the zoo, on any network, and with kernels broken on purpose."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import shapecalc
from shapecalc.execution.budget import Budget
from shapecalc.execution.gradient_check import (
    BackwardProof,
    backward_price,
    predictions,
    to_float64,
    verify_backward,
)
from shapecalc.execution.lowering import calls_of, random_inputs, random_parameters
from shapecalc.files.load import narrowed
from shapecalc.layers.conv import Conv
from shapecalc.reference import backpropagation, find_backward, gradients as registry
from shapecalc.reference.backpropagation import back_propagate, forward
from shapecalc.shape_inference.engine import inspect_at
from tests.support.graph_strategies import Graph, graphs
from tests.support.sequence_strategies import sequences
from tests.support.stack_strategies import Stack, stacks
from tests.support.volume import at_most

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.reference.gradients import Gradients

some = at_most(60)


def wrong(proof: BackwardProof) -> list[Any]:
    return [
        (row.layer.path, row.executed, row.executed_macs, row.checked, row.failure) for row in proof.rows if not row.ok
    ]


SMALL = {
    **{key: {"H": 64, "W": 64} for key in ("resnet18", "squeezenet1_1")},
    **{key: {"T": 9} for key in ("lstm-classifier", "gru-tagger", "char-rnn", "gpt2-small")},
    **{key: {"S": 7, "T": 5} for key in ("transformer-base", "seq2seq-attention")},
}
"""Sizes at which a network goes back in seconds."""
LARGE = {"resnet18", "squeezenet1_1", "gpt2-small"}


def slow_if_large(*names: str) -> list[Any]:
    return [pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name for name in names]


@pytest.mark.parametrize(
    "name",
    slow_if_large(
        "mlp", "lenet5", "lenet5-1998", "char-rnn", "lstm-classifier", "gru-tagger", "resnet18", "squeezenet1_1"
    ),
)
def test_the_zoo_goes_back_as_predicted(name: str) -> None:
    proof = verify_backward(shapecalc.load(name), SMALL.get(name, {}))
    assert proof.ok, (wrong(proof), proof.directional_error)
    assert len(proof.rows) == len(proof.architecture.layers)


@pytest.mark.parametrize("name", slow_if_large("gpt2-small", "transformer-base", "seq2seq-attention", "vit_b_16"))
def test_the_zoo_goes_back_as_predicted_when_narrow(name: str) -> None:
    proof = verify_backward(narrowed(shapecalc.load(name), 8), SMALL.get(name, {}))
    assert proof.ok, (wrong(proof), proof.directional_error)


@pytest.mark.slow
def test_a_unet_goes_back_as_predicted() -> None:
    proof = verify_backward(shapecalc.load("unet-padded"), {"N": 1, "H": 16, "W": 16})
    assert proof.ok, (wrong(proof), proof.directional_error)


@some
@given(graphs())
def test_any_graph_goes_back_as_predicted(graph: Graph) -> None:
    proof = verify_backward(graph.load(), graph.sizes)
    # Products of products may overflow.
    assume(all(np.isfinite([row.checked.error for row in proof.rows])) and np.isfinite(proof.directional_error or 0))
    assert proof.ok, (wrong(proof), proof.directional_error)
    assert len(proof.rows) == len(proof.architecture.layers)


@some
@given(st.one_of(stacks(longest=5), sequences(longest=5)))
def test_any_stack_goes_back_as_predicted(stack: Stack) -> None:
    proof = verify_backward(stack.architecture(), stack.sizes)
    assert proof.ok, (wrong(proof), proof.directional_error)


@some
@given(sequences(longest=4), st.integers(1, 4))
def test_any_sequence_goes_back_in_pieces_as_predicted(stack: Stack, truncate: int) -> None:
    architecture = stack.architecture()
    assume(any(step.layer.type in ("rnn", "lstm", "gru") for step in architecture.layers))
    proof = verify_backward(architecture, stack.sizes, truncate=truncate)
    assert proof.ok, (wrong(proof), proof.directional_error)
    assert (proof.directional_error is None) == any(row.truncated for row in proof.rows)


SHARED = """\
input: [2, 3, 5, 7]
layers:
  - {conv: {out_channels: 3, kernel_size: 3, padding: 1}, name: one}
  - {add: {through: [tanh], again: [{share: one}, gelu]}, name: sum}
  - {share: one, name: last}
"""


def test_a_shared_network_gets_the_sum_of_what_its_copies_get() -> None:
    shared = inspect_at(shapecalc.loads(SHARED), {})
    conv = "conv: {out_channels: 3, kernel_size: 3, padding: 1}"
    apart = inspect_at(shapecalc.loads(SHARED.replace("{share: one}", f"{{{conv}}}").replace("share: one", conv)), {})
    made = random_parameters(shared, dtype=np.float64)
    owners = {f"{row.path}.{name}": f"one.{name}" for row in apart.layers for name in row.facts.parameters}
    assert len(owners) == 6
    found = []
    for report, params in ((shared, made), (apart, {path: made[owner] for path, owner in owners.items()})):
        tape = forward(calls_of(report, params=params), {n: to_float64(a) for n, a in random_inputs(report).items()})
        found.append(back_propagate(tape, {"last": np.cos(tape.values["last"])}))
    together, copies = found
    assert set(together.parameters) == {"one.weight", "one.bias"}
    for name, gradient in together.parameters.items():
        parts = [copies.parameters[path] for path, owner in owners.items() if owner == name]
        np.testing.assert_allclose(gradient, sum(parts), rtol=1e-10)
    np.testing.assert_allclose(together.inputs["input"], copies.inputs["input"], rtol=1e-10)


DEAD = "{input: [2, 3], layers: [{linear: 4, name: dead}, {linear: 2, from: input, name: end}]}"


def test_a_layer_that_the_loss_does_not_depend_on_is_predicted_to_give_nothing() -> None:
    proof = verify_backward(shapecalc.loads(DEAD))
    assert proof.ok
    dead = next(row for row in proof.rows if row.layer.path == "dead")
    assert (dead.predicted, dead.executed, dead.predicted_macs, dead.executed_macs) == ({}, {}, (0, 0), (0, 0))


def test_whole_numbers_are_predicted_to_have_no_gradient_however_far_they_are_moved() -> None:
    text = """
    input: {shape: [2, 6], dtype: int64}
    layers: [{reshape: [2, 2, 3], name: moved}, {embedding: {num_embeddings: 7, embedding_dim: 5}, name: e}]
    """
    proof = verify_backward(shapecalc.loads(text))
    assert proof.ok
    assert [(row.layer.path, row.executed) for row in proof.rows] == [("e", {"weight": (7, 5)}), ("moved", {})]


def test_a_symbol_that_is_free_takes_one_small_size() -> None:
    assert verify_backward(shapecalc.load("lenet5")).sizes == {"N": 2}
    assert verify_backward(shapecalc.load("lenet5"), {"N": 3}).sizes == {"N": 3}


@pytest.mark.parametrize("name", slow_if_large("lstm-classifier", "lenet5", "resnet18", "squeezenet1_1", "gpt2-small"))
def test_the_price_is_never_below_what_a_pass_takes(name: str) -> None:
    architecture = shapecalc.load(name)
    sizes = {"H": 48, "W": 56} if name in ("resnet18", "squeezenet1_1") else {}
    architecture = narrowed(architecture, 8) if architecture.widths else architecture
    verify_backward(architecture, sizes)  # families are imported, tables made
    tracemalloc.start()
    try:
        gc.collect()
        proof = verify_backward(architecture, sizes)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 1.1 * proof.price.peak + 500_000
    assert name == "lenet5" or peak >= 0.3 * proof.price.peak, "nor far above it, where there is much of it"


def test_a_pass_too_large_is_refused_before_anything_is_allocated() -> None:
    with pytest.raises(shapecalc.ShapecalcError, match=r"SC701: the run needs .* more than the 1.0 MiB allowed"):
        verify_backward(shapecalc.load("vgg16"), budget=Budget(memory=2**20))


def test_the_price_peaks_where_gradients_and_values_meet() -> None:
    report = inspect_at(shapecalc.load("lenet5"), {"N": 500})
    found = backward_price(report)
    assert found.peak == found.weights + found.activations + found.workspace
    assert found.layer.path == "tanh_1"
    first = 6 * 25 + 6
    assert found.weights == 8 * (2 * 61706 - first), "the weights, and the gradients by those of the layers after it"


# What is broken is found, at its layer.

NETWORK = """\
input: [2, 2, 9, 9]
layers:
  - {conv: {out_channels: 4, kernel_size: 3}, name: conv}
  - {batch_norm: {}, name: batch_norm}
  - {max_pool: 2, name: max_pool}
  - {add: {through: [], gate: [{sigmoid: , name: sigmoid}]}, name: add}
  - {flatten: 2, name: flatten}
  - {lstm: 3, name: lstm}
  - {linear: 5, name: linear}
"""
PATHS = {"sigmoid": "add.gate.sigmoid"}
WORDS = ("conv", "batch_norm", "max_pool", "add", "sigmoid", "flatten", "lstm", "linear")


def broken(monkeypatch: pytest.MonkeyPatch, word: str, change: Callable[[Any, Gradients], Gradients]) -> BackwardProof:
    """A proof with what a backward kernel gives changed."""
    whole = find_backward(word)
    monkeypatch.setitem(registry.BACKWARD_KERNELS, word, lambda ctx, *gradients: change(ctx, whole(ctx, *gradients)))
    return verify_backward(shapecalc.loads(NETWORK))


def test_without_sabotage_it_is_proved() -> None:
    assert verify_backward(shapecalc.loads(NETWORK)).ok


@pytest.mark.parametrize("word", WORDS)
def test_a_gradient_by_the_input_that_is_one_percent_off_is_found_there(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def off(_past: Any, given: Gradients) -> Gradients:
        first, *rest = given.inputs
        assert first is not None
        return given._replace(inputs=(1.01 * first, *rest))

    proof = broken(monkeypatch, word, off)
    assert not proof.ok
    assert [row.layer.path for row in proof.rows if not row.ok] == [PATHS.get(word, word)]
    assert proof.directional_error is not None
    assert proof.directional_error > 1e-5, "the whole network is wrong as well"


@pytest.mark.parametrize(
    ("word", "parameter"),
    [("conv", "weight"), ("conv", "bias"), ("batch_norm", "weight"), ("lstm", "weight_hh_l0"), ("linear", "bias")],
)
def test_a_gradient_by_a_parameter_that_is_one_percent_off_is_found_there(
    word: str, parameter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = broken(
        monkeypatch,
        word,
        lambda _past, given: given._replace(
            parameters={**given.parameters, parameter: 1.01 * given.parameters[parameter]}
        ),
    )
    (row,) = [row for row in proof.rows if not row.ok]
    assert row.layer.path == word
    assert row.checked.worst.startswith(parameter)


@pytest.mark.parametrize("word", ["conv", "batch_norm", "lstm", "linear"])
def test_a_gradient_that_is_not_given_is_found_there(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = broken(monkeypatch, word, lambda _past, given: given._replace(parameters={}))
    (row,) = [row for row in proof.rows if not row.ok]
    assert (row.layer.path, set(row.executed or ())) == (word, {"x"})


@pytest.mark.parametrize("word", WORDS)
def test_a_gradient_by_the_input_that_is_not_given_is_found_there(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = broken(monkeypatch, word, lambda _past, given: given._replace(inputs=(None,) * len(given.inputs)))
    assert not proof.ok
    first = next(row for row in proof.rows if not row.ok)
    assert first.layer.path == PATHS.get(word, word)


@pytest.mark.parametrize("word", WORDS)
def test_a_gradient_of_another_shape_ends_the_pass_there(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def longer(_past: Any, given: Gradients) -> Gradients:
        first, *rest = given.inputs
        assert first is not None
        return given._replace(inputs=(np.concatenate([first, first]), *rest))

    proof = broken(monkeypatch, word, longer)
    last = proof.rows[-1]
    assert (last.layer.path, last.executed, last.executed_macs) == (PATHS.get(word, word), None, None)
    assert "gives a gradient of [4, " in last.failure
    assert proof.skipped == len(proof.architecture.layers) - len(proof.rows)
    assert all(row.ok for row in proof.rows[:-1])


@pytest.mark.parametrize("place", ["to_inputs", "to_parameters"])
@pytest.mark.parametrize("word", ["conv", "lstm", "linear"])
def test_a_multiply_accumulate_too_many_is_found_there(word: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_more(ctx: Any, given: Gradients) -> Gradients:
        getattr(ctx, place).macs += 1
        return given

    proof = broken(monkeypatch, word, one_more)
    assert [row.layer.path for row in proof.rows if not row.ok] == [word]


def test_a_prediction_that_is_one_off_is_found_there(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Conv.backward_macs
    monkeypatch.setattr(Conv, "backward_macs", lambda self, *shapes, **_: (whole(self, *shapes)[0] + 1, 0))
    proof = verify_backward(shapecalc.loads(NETWORK))
    assert [row.layer.path for row in proof.rows if not row.ok] == ["conv"]


def test_a_layer_without_a_backward_kernel_is_named_and_ends_the_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    find_backward("add")
    monkeypatch.delitem(registry.BACKWARD_KERNELS, "add")
    proof = verify_backward(shapecalc.loads(NETWORK))
    assert not proof.ok
    assert proof.rows[-1].failure == "`add` (add): has no backward kernel"
    assert proof.skipped == 4


def test_gradients_of_branches_that_are_not_added_are_found_by_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every layer is right for what reaches it: only the network as a whole shows it."""
    monkeypatch.setattr(backpropagation, "_add", lambda gradients, name, gradient: gradients.update({name: gradient}))
    proof = verify_backward(shapecalc.loads(NETWORK))
    assert all(row.ok for row in proof.rows)
    assert proof.directional_error is not None
    assert proof.directional_error > 1e-3
    assert not proof.ok


def test_a_forward_pass_that_fails_is_a_finding_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Conv.parameters
    monkeypatch.setattr(Conv, "parameters", lambda self, x: {**whole(self, x), "weight": (4, 2, 3, 4)})
    proof = verify_backward(shapecalc.loads(NETWORK))
    assert [row.layer.path for row in proof.rows] == ["conv"]
    assert "`conv` (conv)" in proof.rows[0].failure
    assert proof.skipped == 7


def test_expectations_are_what_a_pass_without_arrays_knows() -> None:
    report = inspect_at(shapecalc.load("lenet5"), {"N": 7})
    rows = {row.layer.path: row for row in predictions(report)}
    assert rows["c3"].predicted == {"x": (7, 6, 14, 14), "weight": (16, 6, 5, 5), "bias": (16,)}
    assert rows["c3"].predicted_macs == (7 * 240_000, 7 * 240_000)
    assert rows["tanh_1"].predicted_macs == (0, 0)
    assert not replace(rows["c3"]).ok, "nothing of it was executed"


NOT_REAL = """
input: [N, 8]
layers:
  - {linear: 4, name: first}
  - %s
  - linear: 2
"""


@pytest.mark.parametrize(("steps", "checked"), [("log", True), ("sqrt", True), ("negative\n  - sqrt", False)])
def test_what_is_no_number_is_no_wrong_gradient(steps: str, checked: bool) -> None:
    """The absolute values of all arrays have logarithms; where that does not help, no difference is compared."""
    proof = verify_backward(shapecalc.loads(NOT_REAL % steps))
    assert proof.ok
    assert (proof.directional_error is not None) == checked
    assert all(bool(row.checked.entries) == checked for row in proof.rows)


def test_a_wrong_gradient_of_a_layer_that_gives_nan_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    import shapecalc.reference.functions
    from shapecalc.reference.gradients import BACKWARD_KERNELS, Gradients

    monkeypatch.setitem(BACKWARD_KERNELS, "log", lambda ctx, gradient: Gradients((2 * gradient / ctx.inputs[0],)))
    assert not verify_backward(shapecalc.loads(NOT_REAL % "log")).ok
