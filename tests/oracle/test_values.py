"""The rows `values` of oracle.json that the layers cover, in float64: the numbers are given to ten figures."""

from __future__ import annotations

import dataclasses
import json
import re
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapecalc.layers import layer_type
from shapecalc.reference import find
from shapecalc.reference.base import Array, Call
from tests.support.rows import for_each

ORACLE = Path(__file__).parent
VALUES: list[dict[str, Any]] = json.loads((ORACLE / "oracle.json").read_text(encoding="utf-8"))["values"]

Row = dict[str, Any]

ELSEWHERE = {
    "embedding": "test_oracle_recurrent.py",
    "RNN": "test_oracle_recurrent.py",
    "LSTM": "test_oracle_recurrent.py",
    "GRU": "test_oracle_recurrent.py",
    "MultiheadAttention": "attention comes later",
    "rnn+linear+cross_entropy": "test_oracle_training.py",
    "mlp": "test_oracle_training.py",
}
CASES = [row for row in VALUES if row["op"] not in ELSEWHERE]


def word(row: Row) -> str:
    """The layer word of a function of torch.nn.functional: its name without the rank."""
    return re.sub(r"\dd$", "", row["op"])


def filled(a: int, b: int, shape: list[int]) -> Array:
    return np.asarray(((a * np.arange(prod(shape)) + b) % 17 - 8) / 8).reshape(shape)


def arrays(row: Row) -> dict[str, Array]:
    """Inputs and parameters by name; running_var stands as a formula."""
    made = {}
    for name, rule in row["inputs"].items():
        if name == "running_var":
            assert rule == "1 + (fill([3], 4, 2))**2"
            made[name] = 1 + filled(4, 2, [3]) ** 2
        else:
            shape, a, b = rule
            made[name] = filled(a, b, shape)
    return made


def fields(row: Row, made: dict[str, Array]) -> Row:
    """What the layer would have been given, where the function has it from its tensors."""
    args = {name: tuple(value) if isinstance(value, list) else value for name, value in row["args"].items()}
    groups = args.get("groups", 1)
    if word(row) == "conv":
        args |= {"out_channels": made["weight"].shape[0], "kernel_size": made["weight"].shape[2:]}
    elif word(row) == "conv_transpose":
        args |= {"out_channels": made["weight"].shape[1] * groups, "kernel_size": made["weight"].shape[2:]}
    elif word(row) == "linear":
        args["out_features"] = made["weight"].shape[0]
    elif word(row) == "layer_norm":
        args["elementwise_affine"] = False
    elif word(row) == "group_norm":
        args["affine"] = False
    elif word(row) == "batch_norm":
        training = args.pop("training")
        args |= {"track_running_stats": not training, "affine": "weight" in made}
    if word(row) in {"conv", "conv_transpose", "linear"}:
        args["bias"] = "bias" in made
    return args


def test_every_row_of_values_is_covered_or_left_out_for_a_reason() -> None:
    assert len(VALUES) == 52
    assert len(CASES) == 40
    assert {row["op"] for row in VALUES} - {row["op"] for row in CASES} == set(ELSEWHERE)


@for_each("row", [pytest.param(row, id=row["name"]) for row in CASES])
def test_a_values_row_has_these_numbers(row: Row) -> None:
    made = arrays(row)
    x = made.pop("x")
    cls = layer_type(word(row))
    assert cls is not None
    layer: Any = cls(**fields(row, made))
    assert layer.output_shape(x.shape) == tuple(row["shape"])
    assert layer.parameters(x.shape) | layer.buffers(x.shape) == {name: tensor.shape for name, tensor in made.items()}
    written = {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}
    y = find(word(row)).run(Call("case", word(row), written, made, ("x",), ("output",)), x)
    assert isinstance(y, np.ndarray)
    assert y.dtype == np.float64
    np.testing.assert_allclose(y, np.reshape(row["values"], row["shape"]), rtol=1e-8, atol=1e-9)
