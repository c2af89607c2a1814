"""The rows `ops` of oracle.json and the size, padding and parameter rows of dialects.json, each held by a test."""

from __future__ import annotations

import dataclasses
import json
import re
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.layers import Layer, layer_type
from shapecalc.reference import find
from shapecalc.reference.base import Array, Call
from tests.support.rows import for_each

ORACLE = Path(__file__).parent
OPS: list[dict[str, Any]] = json.loads((ORACLE / "oracle.json").read_text(encoding="utf-8"))["ops"]
DIALECTS: dict[str, Any] = json.loads((ORACLE / "dialects.json").read_text(encoding="utf-8"))

Row = dict[str, Any]

# PyTorch's class without its rank, and the word of the format.
WORDS = {
    "Conv": "conv",
    "ConvTranspose": "conv_transpose",
    "MaxPool": "max_pool",
    "AvgPool": "avg_pool",
    "AdaptiveAvgPool": "adaptive_avg_pool",
    "AdaptiveMaxPool": "adaptive_max_pool",
    "Linear": "linear",
    "BatchNorm": "batch_norm",
    "InstanceNorm": "instance_norm",
    "LayerNorm": "layer_norm",
    "GroupNorm": "group_norm",
    "LocalResponseNorm": "local_response_norm",
    "Flatten": "flatten",
    "Upsample": "upsample",
    "ZeroPad": "pad",
    "ReflectionPad": "pad",
    "Dropout": "dropout",
    "ReLU": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "GELU": "gelu",
    "SiLU": "silu",
    "Softmax": "softmax",
}
MODES = {"ZeroPad": "constant", "ReflectionPad": "reflect"}
NO_SUCH_LAYER = {
    "PReLU": "a learnt slope is no layer of the format yet",
    "RMSNorm": "no layer of the format yet",
    "GLU": "no layer of the format yet",
    "Unflatten": "`reshape` does it, under other fields",
    "PixelShuffle": "no layer of the format yet",
    "PixelUnshuffle": "no layer of the format yet",
    "ChannelShuffle": "no layer of the format yet",
    "Unfold": "no layer of the format yet",
    "Fold": "no layer of the format yet",
}
# PyTorch's integer batch counter, which it counts among its buffers and we do not.
BATCH_COUNTER = 1


def stem(row: Row) -> str:
    return re.sub(r"\dd$", "", row["type"])


def is_unbatched(row: Row) -> bool:
    """Whether a row leaves out the batch axis, which the format always has first."""
    spatial = re.search(r"(\d)d$", row["type"])
    if stem(row) in {"Conv", "ConvTranspose"} and spatial:
        return len(row["input"]) == int(spatial[1]) + 1
    return row["type"] == "Linear" and len(row["input"]) == 1


def tuples(value: Any) -> Any:
    return tuple(tuples(entry) for entry in value) if isinstance(value, list) else value


def make(word: str, **fields: Any) -> Layer:
    cls = layer_type(word)
    assert cls is not None, word
    return cls(**{name: tuples(value) for name, value in fields.items()})


def layer_of(row: Row) -> Layer:
    mode = {"mode": MODES[stem(row)]} if stem(row) in MODES else {}
    return make(WORDS[stem(row)], **row["args"], **mode)


def count(tensors: dict[str, Any]) -> int:
    return sum(prod(shape) for shape in tensors.values())


def label(row: Row) -> str:
    fields = ", ".join(f"{name}={value}" for name, value in row["args"].items())
    return f"{row['type']}({fields}) on {row['input']}"


COVERED = [row for row in OPS if stem(row) in WORDS and not is_unbatched(row)]
ANSWERED = [pytest.param(row, id=label(row)) for row in COVERED if "output" in row]
REFUSED = [pytest.param(row, id=label(row)) for row in COVERED if "error" in row]


def test_every_row_of_ops_is_covered_or_left_out_for_a_reason() -> None:
    unbatched = [row for row in OPS if is_unbatched(row)]
    not_ours = [row for row in OPS if stem(row) in NO_SUCH_LAYER]
    assert len(OPS) == 199
    assert (len(COVERED), len(unbatched), len(not_ours)) == (185, 4, 10)
    assert (len(ANSWERED), len(REFUSED)) == (182, 3)


@for_each("row", ANSWERED)
def test_an_ops_row_has_this_shape(row: Row) -> None:
    assert layer_of(row).output_shape(tuple(row["input"])) == tuple(row["output"])


@for_each("row", ANSWERED)
def test_an_ops_row_has_this_many_parameters_and_buffers(row: Row) -> None:
    layer, shape = layer_of(row), tuple(row["input"])
    assert count(layer.parameters(shape)) == row["params"]
    buffers = row.get("buffers", 0)
    assert count(layer.buffers(shape)) == (buffers - BATCH_COUNTER if buffers else 0)


@for_each("row", ANSWERED)
def test_an_ops_row_does_this_many_macs(row: Row) -> None:
    assert layer_of(row).macs(tuple(row["input"]), tuple(row["output"])) == row["macs"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        pytest.param(*row.values, code, id=row.id)
        for row, code in zip(REFUSED, ("SC302", "SC306", "SC301"), strict=True)
    ],
)
def test_an_ops_row_that_pytorch_refuses_is_refused(row: Row, code: str) -> None:
    with pytest.raises(LayerError) as refused:
        layer_of(row).output_shape(tuple(row["input"]))
    assert refused.value.code == code


def numbered(rows: list[Row]) -> list[Any]:
    keys = ("n", "k", "s", "p", "d", "ceil", "count_include_pad", "same")
    return [
        pytest.param(row, id=f"{number}: " + " ".join(f"{key}={row[key]}" for key in keys if key in row))
        for number, row in enumerate(rows)
    ]


POOLS = DIALECTS["max_pool_sizes"]


@for_each("word", ["max_pool", "avg_pool"])
@for_each("row", numbered(POOLS))
def test_a_pool_counts_windows_as_pytorch_does(row: Row, word: str) -> None:
    for ceil_mode, expected in ((False, row["torch_floor"]), (True, row["torch_ceil"])):
        pool = make(word, kernel_size=row["k"], stride=row["s"], padding=row["p"], ceil_mode=ceil_mode)
        assert pool.output_shape((2, 3, row["n"])) == (2, 3, expected)


@for_each("row", numbered([row for row in POOLS if "keras_same" in row]))
def test_the_padding_words_count_windows_as_keras_does(row: Row) -> None:
    for word in ("same", "valid"):
        pool = make("max_pool", kernel_size=row["k"], stride=row["s"], padding=word)
        assert pool.output_shape((2, 3, row["n"])) == (2, 3, row[f"keras_{word}"])


def test_no_pool_row_is_dropped() -> None:
    assert len(POOLS) == 69
    assert all("keras_same" in row for row in POOLS if row["p"] == 0)


def run(layer: Any, word: str, x: Array, **parameters: Array) -> Array:
    fields = {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}
    y = find(word).run(Call("case", word, fields, parameters, ("input",), ("output",)), x)
    assert isinstance(y, np.ndarray)
    return y


def rising(length: int) -> Array:
    """Cells 1, 2, 3, … on one line of one channel."""
    return np.arange(1, length + 1, dtype=np.float32).reshape(1, 1, length)


@pytest.mark.parametrize("row", numbered(DIALECTS["same_padding"]))
def test_same_pads_as_keras_and_onnx_do(row: Row) -> None:
    layer = make(
        "conv", out_channels=1, kernel_size=row["k"], stride=row["s"], dilation=row["d"], padding="same", bias=False
    )
    expected = row["keras_same"]
    shape = layer.output_shape((1, 1, row["n"]))
    if isinstance(expected, int):  # the long rows give the size alone
        assert shape == (1, 1, expected)
        return
    assert shape == (1, 1, len(expected))
    y = run(layer, "conv", rising(row["n"]), weight=rising(row["k"]))
    assert y.ravel().tolist() == expected
    if "torch" in row:
        assert y.ravel().tolist() == row["torch"]


@pytest.mark.parametrize("row", numbered([row for row in DIALECTS["average_pool_values"] if "torch" in row]))
def test_an_average_counts_what_pytorch_counts(row: Row) -> None:
    layer = make(
        "avg_pool",
        kernel_size=row["k"],
        stride=row["s"],
        padding=row["p"],
        ceil_mode=row["ceil"],
        count_include_pad=row["count_include_pad"],
    )
    y = run(layer, "avg_pool", rising(row["n"]))
    np.testing.assert_allclose(y.ravel(), row["torch"], rtol=1e-6)


@pytest.mark.parametrize("row", numbered([row for row in DIALECTS["average_pool_values"] if "same" in row]))
def test_same_without_counted_padding_averages_as_onnx_same_upper_does(row: Row) -> None:
    # Keras on PyTorch repeats the border cell there; onnxruntime follows the written rule.
    layer = make("avg_pool", kernel_size=row["k"], stride=row["s"], padding="same", count_include_pad=False)
    y = run(layer, "avg_pool", rising(row["n"]))
    np.testing.assert_allclose(y.ravel(), row["ort_upper"], rtol=1e-6)


@pytest.mark.parametrize("row", numbered(DIALECTS["conv_transpose_sizes"]))
def test_a_transposed_convolution_writes_as_many_cells_as_in_pytorch(row: Row) -> None:
    layer = make("conv_transpose", out_channels=1, kernel_size=row["k"], stride=row["s"])
    assert layer.output_shape((1, 1, row["n"])) == (1, 1, row["torch"])


@pytest.mark.parametrize(
    ("key", "word", "fields", "channels"),
    [
        ("conv2d 3->16, 3x3", "conv", {"out_channels": 16, "kernel_size": 3}, 3),
        ("depthwise 16, multiplier 2", "conv", {"out_channels": 32, "kernel_size": 3, "groups": 16}, 16),
        ("batch_norm 16", "batch_norm", {}, 16),
    ],
)
def test_parameters_are_counted_as_pytorch_counts_them(key: str, word: str, fields: Row, channels: int) -> None:
    expected = DIALECTS["parameters"][key]["torch"]
    layer, shape = make(word, **fields), (2, channels, 7, 11)
    parameters = layer.parameters(shape)
    assert parameters == {name: tuple(tensor) for name, tensor in expected["tensors"].items()}
    assert count(parameters) == expected["params"]
    buffers = expected["buffers"]
    assert count(layer.buffers(shape)) == (buffers - BATCH_COUNTER if buffers else 0)
