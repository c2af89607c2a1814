"""The kernels of sequences, indices and reductions: costs read off counting scalars, memory, precision, refusals."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
import pytest

from shapecalc.reference import find, workspace
from shapecalc.reference.base import Array, Call
from shapecalc.reference.executor import ExecutionError, execute
from tests.support.counting import run_counted

OBJECTS = 200_000  # bytes for what is no array: slices, views, tuples
SAMPLES = 2_000

PLAIN = {"hidden_size": 4, "num_layers": 1, "bias": True, "batch_first": False, "bidirectional": False}
RNN = {**PLAIN, "nonlinearity": "tanh"}
LSTM = {**PLAIN, "proj_size": 0}


@dataclass(frozen=True)
class Case:
    """A kernel on its inputs, and what it must do besides its multiply-accumulates."""

    says: str
    kernel: str
    inputs: tuple[tuple[int, ...], ...]
    other: int
    fields: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, tuple[int, ...]] = field(default_factory=dict)
    macs: int = 0
    below: int = 0
    """Where not 0, the inputs are whole numbers below it."""


def stack(
    rows: int, reads: tuple[int, ...], state: int, hidden: int = 0, **options: bool
) -> dict[str, tuple[int, ...]]:
    """The tensors of layers that read so many features each; `hidden` is the size before a projection."""
    made: dict[str, tuple[int, ...]] = {}
    for level, features in enumerate(reads):
        for suffix in (f"l{level}", f"l{level}_reverse")[: 1 + options.get("both", False)]:
            made |= {f"weight_ih_{suffix}": (rows, features), f"weight_hh_{suffix}": (rows, state)}
            if options.get("bias", True):
                made |= {f"bias_ih_{suffix}": (rows,), f"bias_hh_{suffix}": (rows,)}
            if hidden:
                made[f"weight_hr_{suffix}"] = (state, hidden)
    return made


X = ((5, 2, 3),)  # T, N, features
STEPS = 5 * 2
CASES = [
    Case("rnn: 2H biases, H sums, H tanh", "rnn", X, STEPS * 16, RNN, stack(4, (3,), 4), STEPS * 4 * 7),
    Case(
        "rnn: relu is one comparison",
        "rnn",
        X,
        STEPS * 16,
        {**RNN, "nonlinearity": "relu"},
        stack(4, (3,), 4),
        STEPS * 4 * 7,
    ),
    Case("lstm: 22H and 8H biases", "lstm", X, STEPS * 4 * 30, LSTM, stack(16, (3,), 4), STEPS * 16 * 7),
    Case(
        "lstm: without biases",
        "lstm",
        X,
        STEPS * 4 * 22,
        {**LSTM, "bias": False},
        stack(16, (3,), 4, bias=False),
        STEPS * 16 * 7,
    ),
    Case(
        "lstm: a projection is a product of its own",
        "lstm",
        X,
        STEPS * 2 * (4 * 30),
        {**LSTM, "proj_size": 2, "num_layers": 2},
        stack(16, (3, 2), 2, hidden=4),
        STEPS * (16 * (3 + 2) + 16 * (2 + 2) + 2 * 8),
    ),
    Case(
        "lstm: both directions of two layers, the second reads both",
        "lstm",
        X,
        STEPS * 4 * (4 * 30),
        {**LSTM, "num_layers": 2, "bidirectional": True},
        stack(16, (3, 8), 4, both=True),
        STEPS * 2 * 16 * (3 + 4 + 8 + 4),
    ),
    Case(
        "lstm: given states cost nothing",
        "lstm",
        (*X, (1, 2, 4), (1, 2, 4)),
        STEPS * 4 * 30,
        LSTM,
        stack(16, (3,), 4),
        STEPS * 16 * 7,
    ),
    Case("gru: 17H and 6H biases", "gru", X, STEPS * 4 * 23, PLAIN, stack(12, (3,), 4), STEPS * 12 * 7),
    Case(
        "gru: the batch first, both directions",
        "gru",
        X,
        STEPS * 2 * 4 * 23,
        {**PLAIN, "batch_first": True, "bidirectional": True},
        stack(12, (3,), 4, both=True),
        STEPS * 2 * 12 * 7,
    ),
    Case(
        "embedding: rows are copied",
        "embedding",
        ((2, 5),),
        0,
        {"num_embeddings": 7, "embedding_dim": 3, "padding_idx": 0},
        {"weight": (7, 3)},
        below=7,
    ),
    Case("one_hot: nothing", "one_hot", ((2, 5),), 0, {"num_classes": 7}, below=7),
    Case(
        "cosine_similarity: 6n + 3 a pair",
        "cosine_similarity",
        ((2, 5, 3), (2, 5, 3)),
        6 * (6 * 5 + 3),
        {"dim": 1, "eps": 1e-8},
    ),
    Case("select: nothing", "select", X, 0, {"dim": 0, "index": -1}),
    Case("mean: n − 1 additions and a division", "mean", X, 6 * 5, {"dim": 0, "keepdim": False}),
    Case("max: n − 1 comparisons", "max", X, 10 * 2, {"dim": -1, "keepdim": True}),
    Case("sum: n − 1 additions", "sum", X, 15 * 1, {"dim": 1, "keepdim": False}),
]

each = pytest.mark.parametrize("case", [pytest.param(case, id=case.says) for case in CASES])


def numbers(shape: tuple[int, ...], seed: int, dtype: type = np.float64) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(dtype)


def arrays(case: Case, dtype: type = np.float64, times: int = 1) -> list[Array]:
    """The inputs; `times` makes the first axis of the first one longer."""
    shapes = [(times * case.inputs[0][0], *case.inputs[0][1:]), *case.inputs[1:]]
    if case.kernel == "cosine_similarity":
        shapes[1] = shapes[0]
    if case.below:
        return [np.random.default_rng(3).integers(0, case.below, shape) for shape in shapes]
    return [numbers(shape, seed, dtype) for seed, shape in enumerate(shapes)]


def call_of(case: Case, dtype: type = np.float64) -> Call:
    # Halved, so that a hidden state that is not squashed does not grow from step to step.
    parameters = {name: numbers(shape, 9, dtype) / 2 for name, shape in case.parameters.items()}
    return Call("layer", case.kernel, case.fields, parameters, ("x",), ("y",))


def outputs(case: Case, call: Call, inputs: list[Array]) -> tuple[Array, ...]:
    result = find(case.kernel).run(call, *inputs)
    return result if isinstance(result, tuple) else (result,)


@each
def test_flops_are_twice_the_macs_and_every_other_operation(case: Case) -> None:
    call = call_of(case)
    _, done = run_counted(call, *arrays(case))
    assert call.work.macs == case.macs
    assert done.total() == 2 * case.macs + case.other


@each
def test_the_same_macs_are_reported_for_floats(case: Case) -> None:
    call = call_of(case)
    outputs(case, call, arrays(case))
    assert call.work.macs == case.macs


@each
def test_counting_scalars_get_the_numbers_that_floats_get(case: Case) -> None:
    values, _ = run_counted(call_of(case), *arrays(case))
    expected = outputs(case, call_of(case), arrays(case))
    for value, number in zip(values if isinstance(values, tuple) else (values,), expected, strict=True):
        np.testing.assert_allclose(value, number, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each
def test_the_precision_of_the_numbers_is_kept(case: Case, dtype: type) -> None:
    for y in outputs(case, call_of(case, dtype), arrays(case, dtype)):
        assert y.dtype == (np.float32 if case.kernel == "one_hot" else dtype)


@each
def test_inputs_and_parameters_are_left_as_they_are(case: Case) -> None:
    call, inputs = call_of(case), arrays(case)
    for array in (*inputs, *call.parameters.values()):
        array.setflags(write=False)
    outputs(case, call, inputs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each
def test_a_kernel_allocates_no_more_than_it_says(case: Case, dtype: type) -> None:
    call, inputs = call_of(case, dtype), arrays(case, dtype, times=1 if case.macs else SAMPLES)
    outputs(case, call, arrays(case, dtype))
    tracemalloc.start()
    try:
        left = outputs(case, call, inputs)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    bound = workspace(
        case.kernel,
        case.fields,
        tuple(x.shape for x in inputs),
        case.parameters,
        tuple(y.shape for y in left),
        np.dtype(dtype).itemsize,
    )
    assert peak <= sum(y.nbytes for y in left) + bound + OBJECTS


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


@each
def test_a_tensor_that_is_longer_or_missing_is_refused(case: Case) -> None:
    for name, shape in case.parameters.items():
        without = replace(call_of(case), parameters={k: v for k, v in call_of(case).parameters.items() if k != name})
        with pytest.raises(ExecutionError, match=name):
            list(execute([replace(without, outputs=("y",))], {"x": arrays(case)[0]}))
        for axis in range(len(shape)):
            if (name, axis) == ("weight", 1):  # the vectors of an embedding may be of any length
                continue
            longer = tuple(size + (place == axis) for place, size in enumerate(shape))
            grown = {**call_of(case).parameters, name: numbers(longer, 9)}
            with pytest.raises(ValueError, match=r".+"):
                outputs(case, replace(call_of(case), parameters=grown), arrays(case))


@pytest.mark.parametrize("kernel", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("steps", [1, 255, 256, 257, 600])
def test_steps_taken_together_are_the_steps_one_by_one(kernel: str, steps: int) -> None:
    """However many inputs are multiplied at once: the states handed on step by step give the same."""
    case = next(case for case in CASES if case.kernel == kernel)
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
    case = next(case for case in CASES if case.kernel == kernel)
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
    case = next(case for case in CASES if case.kernel == "lstm")
    with pytest.raises(ValueError, match=said):
        outputs(case, call_of(case), lstm(*states))


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4, 3)])
@pytest.mark.parametrize("kernel", ["rnn", "lstm", "gru"])
def test_a_sequence_has_three_axes(kernel: str, shape: tuple[int, ...]) -> None:
    case = next(case for case in CASES if case.kernel == kernel)
    with pytest.raises(ValueError, match="reads a sequence of 3 axes, receives"):
        outputs(case, call_of(case), [numbers(shape, 1)])


@pytest.mark.parametrize("word", ["embedding", "one_hot"])
@pytest.mark.parametrize(
    ("x", "said"),
    [
        pytest.param(np.array([[1, 6], [7, 0]]), r"from 0 to 6, receives 7", id="the index after the last"),
        pytest.param(np.array([3, -1]), r"from 0 to 6, receives -1", id="an index from the end"),
        pytest.param(np.array(2**40), r"from 0 to 6, receives 1099511627776", id="one huge index"),
        pytest.param(np.array([[1.5, 2.0]]), r"an integer type, receives float64 such as 1\.5", id="floats"),
        pytest.param(
            np.array([2.0], dtype=np.float32), r"integer type, receives float32 such as 2\.0", id="whole floats"
        ),
        pytest.param(np.array([True]), r"integer type, receives bool such as True", id="truth values"),
    ],
)
def test_an_index_that_is_none_is_refused_by_its_value(word: str, x: Array, said: str) -> None:
    case = next(case for case in CASES if case.kernel == word)
    with pytest.raises(ValueError, match=said):
        outputs(case, call_of(case), [x])


@pytest.mark.parametrize("word", ["embedding", "one_hot"])
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_indices_of_any_integer_type_and_rank_are_read(word: str, dtype: type) -> None:
    case = next(case for case in CASES if case.kernel == word)
    call = call_of(case)
    table = call.parameters.get("weight", np.eye(7))
    for x in (np.array(6), np.array([0, 6]), np.array([[[1, 2], [3, 4]]])):
        (y,) = outputs(case, call, [x.astype(dtype)])
        np.testing.assert_array_equal(y, table[x])


def test_vectors_of_different_shapes_are_not_compared() -> None:
    case = next(case for case in CASES if case.kernel == "cosine_similarity")
    with pytest.raises(ValueError, match=r"of one shape, receives \[2, 5, 3\] and \[1, 5, 3\]"):
        outputs(case, call_of(case), [numbers((2, 5, 3), 1), numbers((1, 5, 3), 2)])


def test_an_index_beyond_the_axis_is_no_selection() -> None:
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        find("select").run(Call("s", "select", {"dim": 0, "index": 5}, {}, ("x",), ("y",)), numbers((5, 2), 1))


def test_a_selection_lets_go_of_the_rest() -> None:
    y = find("select").run(Call("s", "select", {"dim": 0, "index": 1}, {}, ("x",), ("y",)), numbers((5, 2), 1))
    assert isinstance(y, np.ndarray)
    assert y.base is None


@pytest.mark.parametrize("word", ["select", "mean", "max", "sum", "cosine_similarity"])
def test_what_is_left_of_a_vector_is_an_array_without_axes(word: str) -> None:
    fields = {"dim": 0, "index": 2, "keepdim": False, "eps": 1e-8}
    inputs = [numbers((5,), 1)] * (2 if word == "cosine_similarity" else 1)
    y = find(word).run(Call("s", word, fields, {}, ("x",), ("y",)), *inputs)
    assert isinstance(y, np.ndarray)
    assert y.shape == ()


def test_the_executor_puts_every_output_of_a_recurrent_layer_in_its_slot() -> None:
    case = next(case for case in CASES if case.kernel == "lstm")
    first = replace(call_of(case), outputs=("a", "a.h_n", "a.c_n"))
    second = replace(call_of(case), path="b", inputs=("x", "a.h_n", "a.c_n"), outputs=("b", "b.h_n", "b.c_n"))
    execution = execute([first, second], {"x": numbers((5, 2, 3), 1)})
    (one, other) = execution
    assert one.shapes == other.shapes == ((5, 2, 4), (1, 2, 4), (1, 2, 4))
    assert (one.macs, prod(one.shapes[0])) == (case.macs, 40)
    np.testing.assert_array_equal(execution.values["a"][-1], execution.values["a.h_n"][0])
    assert not np.allclose(execution.values["a"], execution.values["b"])
