"""Runs: what enters and what is given, what is alive when, and what a run costs in memory before it is made."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError, run
from shapecalc.architecture import Architecture, Input, Step
from shapecalc.costs.liveness import last_reads
from shapecalc.dims import symbol
from shapecalc.execution import budget
from shapecalc.execution.lowering import calls_in_lockstep, calls_of, concrete, price, random_inputs
from shapecalc.layers.activation import Relu, Sigmoid, Tanh
from shapecalc.reference.executor import execute
from shapecalc.shape_inference.engine import inspect, inspect_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.reference.base import Call


LENET = shapecalc.load("lenet5")


DIGITS = np.linspace(-1, 1, 2 * 32 * 32, dtype=np.float32).reshape(2, 1, 32, 32)


SMALL = shapecalc.loads(
    "{name: small, input: [N, 3, L], layers: [conv: {out_channels: 4, kernel_size: 2}, batch_norm, flatten: 1]}"
)


ROW = np.arange(2 * 3 * 5, dtype=np.float32).reshape(2, 3, 5)


def refusal(architecture: Architecture, *arguments: Any) -> Any:
    with pytest.raises(ShapecalcError) as caught:
        run(architecture, *arguments)
    (finding,) = caught.value.diagnostics
    assert finding.code == "SC702"
    return finding


def test_a_run_with_given_weights_is_the_formula_with_those_numbers() -> None:
    network = shapecalc.loads("{input: [N, 2], layers: [{linear: 3, name: fc}, relu]}")
    weight, bias = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([0.5, -100.0, 0.0])
    (values,) = run(network, {"input": np.array([[1.0, -1.0]])}, {"fc.weight": weight, "fc.bias": bias}).values()
    assert values.tolist() == [[0.0, 0.0, 0.0]]
    (values,) = run(network, {"input": np.array([[7.0, 1.0]])}, {"fc.weight": weight, "fc.bias": bias}).values()
    assert values.tolist() == [[9.5, 0.0, 41.0]]


def test_buffers_are_given_by_their_paths_too() -> None:
    network = shapecalc.loads("{input: [N, 2], layers: [{batch_norm: {eps: 0, affine: false}, name: bn}]}")
    given = {"bn.running_mean": np.array([1.0, 2.0]), "bn.running_var": np.array([4.0, 16.0])}
    assert run(network, {"input": np.array([[5.0, 5.0]])}, given)["output"].tolist() == [[2.0, 0.75]]


def test_what_is_not_given_is_random_and_the_same_for_the_same_seed() -> None:
    first, again, other = (run(LENET, {"input": DIGITS}, seed=seed)["output"] for seed in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert not np.array_equal(first, other)


def test_a_layers_random_numbers_depend_on_its_path_and_not_on_what_stands_around_it() -> None:
    longer = shapecalc.loads(
        "{input: [N, 3, L], layers: [identity, {conv: {out_channels: 4, kernel_size: 2}, name: c}]}"
    )
    alone = shapecalc.loads("{input: [N, 3, L], layers: [{conv: {out_channels: 4, kernel_size: 2}, name: c}]}")
    assert np.array_equal(run(longer, {"input": ROW})["output"], run(alone, {"input": ROW})["output"])


def test_two_layers_of_one_kind_do_not_get_the_same_numbers() -> None:
    report = inspect(shapecalc.loads("{input: [1, 5], layers: [linear: 5, linear: 5]}"))
    first, second = (call.parameters["weight"] for call in calls_of(report))
    assert not np.array_equal(first, second)


def test_some_parameters_may_be_given_and_others_left() -> None:
    zero = {"conv_0.weight": np.zeros((4, 3, 2)), "conv_0.bias": np.zeros(4)}
    assert not np.array_equal(run(SMALL, {"input": ROW}, zero)["output"], run(SMALL, {"input": ROW})["output"])


def test_a_deep_stack_of_random_weights_neither_overflows_nor_dies_out() -> None:
    network = shapecalc.loads("{input: [1, 64], layers: [" + ", ".join(["linear: 64"] * 50) + "]}")
    (values,) = run(network, {"input": random_inputs(inspect(network))["input"]}).values()
    assert 1e-3 < np.abs(values).max() < 1e3


@pytest.mark.parametrize(
    ("path", "shape", "message", "help_text"),
    [
        ("conv_0.wieght", (4, 3, 2), "`conv_0.wieght` is no parameter of `small`", "write `conv_0.weight`"),
        ("weight", (4, 3, 2), "`weight` is no parameter of `small`", None),
        ("conv_0.weight", (4, 2, 3), "`conv_0.weight` expects [4, 3, 2], receives [4, 2, 3]", None),
        ("batch_norm_1.running_var", (1,), "`batch_norm_1.running_var` expects [4], receives [1]", None),
    ],
)
def test_a_parameter_that_is_not_one_is_refused(
    path: str, shape: tuple[int, ...], message: str, help_text: str | None
) -> None:
    finding = refusal(SMALL, {"input": ROW}, {path: np.zeros(shape)})
    assert finding.message == message
    if help_text:
        assert finding.help == help_text


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "`small` expects inputs ['input'], receives []"),
        ({"x": ROW}, "`small` expects inputs ['input'], receives ['x']"),
        ({"input": ROW, "mask": ROW}, "`small` expects inputs ['input'], receives ['input', 'mask']"),
        ({"input": ROW[0]}, "`input` expects [N, 3, L], receives [3, 5]"),
        ({"input": ROW[:, :2]}, "`input` expects [N, 3, L], receives [2, 2, 5]"),
    ],
    ids=["none", "of another name", "too many", "of another rank", "of other channels"],
)
def test_an_input_that_does_not_fit_is_refused(inputs: dict[str, Any], message: str) -> None:
    assert refusal(SMALL, inputs).message == message


def test_a_symbol_has_one_size_wherever_it_stands() -> None:
    square = shapecalc.loads("{input: [N, 1, S, S], layers: [relu]}")
    assert run(square, {"input": np.ones((2, 1, 3, 3))})["output"].shape == (2, 1, 3, 3)
    assert (
        refusal(square, {"input": np.ones((2, 1, 3, 5))}).message
        == "`input` expects [N, 1, S, S], receives [2, 1, 3, 5]"
    )


def test_an_array_overrides_the_files_usual_size() -> None:
    network = shapecalc.loads("{input: [N, 1, H], sizes: {H: 224}, layers: [relu]}")
    assert run(network, {"input": np.ones((2, 1, 3))})["output"].shape == (2, 1, 3)


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(ShapecalcError, match="SC201: `N` expects a size from 1 to "):
        run(SMALL, {"input": np.zeros((0, 3, 5))})


def test_mistakes_at_the_sizes_of_the_arrays_are_the_engines() -> None:
    with pytest.raises(ShapecalcError, match="SC302: `conv` expects at least 2 cells along axis 2, receives 1"):
        run(SMALL, {"input": ROW[:, :, :1]})


def test_a_shape_that_still_holds_a_symbol_is_no_shape_of_an_array() -> None:
    assert concrete((2, 3)) == (2, 3)
    with pytest.raises(ShapecalcError, match=r"SC702: a run expects a number for every symbol, \[2, H\] has one left"):
        concrete((2, symbol("H")))


def test_the_arrays_that_enter_are_left_as_they_were() -> None:
    before = ROW.copy()
    run(SMALL, {"input": ROW})
    assert np.array_equal(ROW, before)


def test_symbols_with_the_names_of_options_are_sizes_like_any_other() -> None:
    network = shapecalc.loads("{input: [seed, symbolic], layers: [linear: 5]}")
    assert run(network, {"input": np.ones((2, 3))})["output"].shape == (2, 5)


def crossing() -> Architecture:
    """`relu` is read twice, the second time by the last step; `side` is read by nobody and leaves; `lost` by nobody."""
    steps = (
        Step("relu", Relu(), ("input",)),
        Step("side", Tanh(), ("relu",)),
        Step("lost", Tanh(), ("side",)),
        Step("last", Sigmoid(), ("relu",)),
    )
    return Architecture("net", (Input("input", (2, 3)),), steps, {"output": "last", "side": "side"})


def test_a_value_is_let_go_after_the_last_step_that_reads_it() -> None:
    assert last_reads(inspect(crossing())) == {
        "relu": ("input",),
        "side": (),
        "lost": ("lost",),
        "last": ("relu",),
    }


def test_what_leaves_is_kept_and_all_else_is_gone() -> None:
    report = inspect(crossing())
    execution = execute(calls_of(report), random_inputs(report))
    alive = [set(execution.values) for _ in execution]
    assert alive == [{"relu"}, {"relu", "side"}, {"relu", "side"}, {"side", "last"}]


def test_outputs_go_by_their_names() -> None:
    x = np.array([[1.0, -2.0, 3.0], [0.0, 0.5, -0.5]])
    values = run(crossing(), {"input": x})
    assert set(values) == {"output", "side"}
    np.testing.assert_allclose(values["side"], np.tanh(np.maximum(x, 0)))


def test_the_weights_of_a_layer_are_made_when_it_is_asked_for_and_die_with_it() -> None:
    report = inspect(shapecalc.loads("{input: [1, 5], layers: [linear: 7, linear: 11]}"))
    calls = calls_of(report)
    first = weakref.ref(next(calls).parameters["weight"])
    gc.collect()
    assert first() is None


def test_the_weights_of_a_layer_are_gone_when_those_of_the_next_are_made() -> None:
    report = inspect(shapecalc.loads("{input: [1, 5], layers: [linear: 7, linear: 11, linear: 13]}"))
    made: list[weakref.ref[Any]] = []

    def watched() -> Iterator[Call]:
        for call in calls_of(report):
            assert [weight for weight in made if weight() is not None] == []
            made.append(weakref.ref(call.parameters["weight"]))
            yield call
            del call

    for _ in execute(watched(), random_inputs(report)):
        pass
    assert len(made) == 3


TAGGER = shapecalc.loads(
    """
    name: tagger
    input: {shape: [N, T], dtype: int64}
    layers:
      - {embedding: {num_embeddings: 5, embedding_dim: 3}, name: words}
      - {lstm: {hidden_size: 4, batch_first: true}, name: encoder}
      - {select: {dim: 0, index: 0}, from: encoder.c_n}
    """
)


WORDS = np.array([[4, 0, 2], [1, 1, 3]])


def test_whole_numbers_are_drawn_below_the_smallest_table() -> None:
    text = """
    input: {shape: [400, 5], dtype: int64}
    layers: [one_hot: 7, {embedding: {num_embeddings: 3, embedding_dim: 2}, from: input}]
    """
    drawn = random_inputs(inspect(shapecalc.loads(text)))["input"]
    assert drawn.dtype == np.int64
    assert set(np.unique(drawn)) == {0, 1, 2}


def test_flags_are_drawn_as_flags() -> None:
    drawn = random_inputs(inspect(shapecalc.loads("{input: {shape: [400], dtype: bool}, layers: [identity]}")))["input"]
    assert drawn.dtype == np.bool_
    assert 100 < drawn.sum() < 300


def test_other_seeds_draw_other_words() -> None:
    report = inspect_at(TAGGER, {"N": 50, "T": 3})
    first, again, other = (random_inputs(report, seed=seed)["input"] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_indices_may_be_of_any_integer_type(dtype: str) -> None:
    assert np.array_equal(
        run(TAGGER, {"input": WORDS.astype(dtype)})["output"], run(TAGGER, {"input": WORDS})["output"]
    )


@pytest.mark.parametrize("dtype", ["float32", "bool", "complex64"])
def test_words_that_are_no_whole_numbers_are_refused(dtype: str) -> None:
    assert refusal(TAGGER, {"input": WORDS.astype(dtype)}).message == f"`input` expects int64, receives {dtype}"


@pytest.mark.parametrize("stranger", [5, -1, 99])
def test_an_index_outside_the_table_is_named(stranger: int) -> None:
    words = WORDS.copy()
    words[1, 2] = stranger
    message = refusal(TAGGER, {"input": words}).message
    assert "`words`" in message
    assert f"indices from 0 to 4, receives {stranger}" in message


def test_a_table_that_is_given_is_looked_up_by_row() -> None:
    table = np.array([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]])
    network = shapecalc.loads(
        "{input: {shape: [N], dtype: int64}, layers: [{embedding: {num_embeddings: 3, embedding_dim: 2}, name: e}]}"
    )
    assert run(network, {"input": np.array([2, 0])}, {"e.weight": table})["output"].tolist() == [[2, 2.5], [0, 0.5]]


TWO_CELLS = """
    input: [T, N, 2]
    layers:
      - {{lstm: {{hidden_size: 3, num_layers: 2}}, name: first}}
      - {{lstm: {{hidden_size: 3, num_layers: 2}}, name: second, from: {reads}}}
    """


def test_a_sequence_run_on_from_the_states_of_its_first_half_is_the_whole_sequence_run() -> None:
    on = shapecalc.loads(TWO_CELLS.format(reads="[input, first.h_n, first.c_n]"))
    anew = shapecalc.loads(TWO_CELLS.format(reads="input"))
    half = np.linspace(-1, 1, 4 * 3 * 2, dtype=np.float32).reshape(4, 3, 2)
    first, _ = calls_of(inspect_at(on, {"T": 4, "N": 3}))
    weights = {f"{cell}.{name}": array for cell in ("first", "second") for name, array in first.parameters.items()}
    second_half = run(on, {"input": half}, weights)["output"]
    whole = run(anew, {"input": np.concatenate([half, half])}, weights)["output"]
    assert np.allclose(second_half, whole[4:], atol=1e-6)
    assert not np.allclose(second_half, run(anew, {"input": half}, weights)["output"], atol=1e-3)


def test_a_state_is_the_last_step_of_the_output() -> None:
    text = """
    input: [T, N, 2]
    layers:
      - {{gru: 3, name: encoder}}
      - {{select: {{dim: 0, index: {index}}}, from: {reads}}}
    """
    x = np.linspace(-1, 1, 5 * 3 * 2, dtype=np.float32).reshape(5, 3, 2)
    state = run(shapecalc.loads(text.format(reads="encoder.h_n", index=0)), {"input": x})["output"]
    last = run(shapecalc.loads(text.format(reads="encoder.output", index=-1)), {"input": x})["output"]
    assert np.array_equal(state, last)


def test_what_nobody_reads_of_several_outputs_is_freed_at_once() -> None:
    frees = last_reads(inspect_at(TAGGER, {"N": 2, "T": 3}))
    assert frees == {
        "words": ("input",),
        "encoder": ("words", "encoder", "encoder.h_n"),
        "select_2": ("encoder.c_n",),
    }


def test_the_weights_of_a_layer_are_let_go_before_those_of_the_next_are_made() -> None:
    network = shapecalc.loads("input: [N, 8]\nlayers: [linear: 8, linear: 8, linear: 8]\n")
    steps = calls_in_lockstep([shapecalc.inspect(network, N=size) for size in (1, 2)])
    first = next(steps)
    assert first[0].parameters["weight"] is first[1].parameters["weight"]
    made = weakref.ref(first[0].parameters["weight"])
    del first
    next(steps)
    assert made() is None


def memory_refusal(action: Any) -> Any:
    with pytest.raises(ShapecalcError) as caught:
        action()
    (finding,) = caught.value.diagnostics
    assert finding.code == "SC701"
    return finding


def test_a_run_beyond_the_memory_of_the_machine_is_refused_before_anything_is_allocated() -> None:
    wide = shapecalc.loads("{input: [N, 2], layers: [linear: 2000000, {linear: 2000000, name: wide}]}")
    finding = memory_refusal(lambda: run(wide, {"input": np.zeros((1, 2), dtype=np.float32)}))
    assert finding.message.startswith("the run needs 14.6 TiB at N=1, more than the ")
    assert finding.label == "`wide` is where it peaks"
    assert "--" not in finding.help  # it is called from Python


def test_a_run_is_priced_in_the_elements_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    peak = price(inspect_at(SMALL, {"N": 2, "L": 5})).peak
    monkeypatch.setattr(budget, "memory_of_machine", lambda: peak)
    run(SMALL, {"input": ROW})
    memory_refusal(lambda: run(SMALL, {"input": ROW.astype(np.float64)}))
    monkeypatch.setattr(budget, "memory_of_machine", lambda: peak - 1)
    memory_refusal(lambda: run(SMALL, {"input": ROW}))


@pytest.mark.parametrize("action", [lambda: run(SMALL, {"input": ROW}), lambda: shapecalc.verify(SMALL)])
def test_an_array_that_the_system_refuses_is_no_error_of_numpy(monkeypatch: pytest.MonkeyPatch, action: Any) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        np.zeros(2**62, dtype=np.int8)  # raises NumPy's own error

    monkeypatch.setattr(np, "einsum", refuse)
    monkeypatch.setattr(np, "matmul", refuse)
    monkeypatch.setattr("shapecalc.reference.base.Work.matmul", refuse)
    memory_refusal(action)
