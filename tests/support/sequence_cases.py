"""Kernels of sequences, indices and reductions on small inputs, with what each must do, counted by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from shapecalc.reference import find
from shapecalc.reference.base import Array, Call

OBJECTS = 200_000  # bytes for what is no array: slices, views, tuples

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
        {"num_embeddings": 7, "embedding_dim": 3, "padding_idx": 0, "max_norm": None},
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


def case_of(kernel: str) -> Case:
    """The first case of a kernel."""
    return next(case for case in CASES if case.kernel == kernel)


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
