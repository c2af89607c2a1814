"""Networks in Keras words compute, once converted, what Keras computes: the same numbers from the same weights."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc.checking.fix import fix_text
from shapecalc.checking.keras import convert
from shapecalc.checking.keras.walk import FLATTEN_NOTE
from shapecalc.diagnostics import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    Numbers = np.ndarray[Any, np.dtype[Any]]

ORACLE = json.loads((Path(__file__).parent / "keras_models.json").read_text(encoding="utf-8"))
_ALL = (*ORACLE["models"], *ORACLE["drawn"])
EXECUTED = [case for case in _ALL if "sum" in case and not re.search("Add:|Concatenate:|ConvLSTM", case["text"])]
"""Those without branches, whose layers Keras has in the order of the text."""
GRU_ROWS = (1, 0, 2)
"""Keras has the gates of a GRU in the order z, r, n; PyTorch r, z, n."""


def filled(case: dict[str, Any]) -> Iterator[tuple[str, list[Numbers]]]:
    """Each layer of Keras that has weights, with their values by the formula of make_keras_models.py."""
    at = 0
    for layer, shapes in case["weights"]:
        arrays = []
        for place, shape in enumerate(shapes):
            values = np.sin(0.7 * np.arange(np.prod(shape)) + at) / 3
            variance = layer == "BatchNormalization" and place == len(shapes) - 1
            arrays.append((values**2 + 0.5 if variance else values).reshape(shape))
            at += 1
        yield layer, arrays


def kernel(array: Numbers) -> Numbers:
    """A kernel [*window, in, out] in the order [out, in, *window]."""
    return np.moveaxis(array, (-1, -2), (0, 1))


def biased(weight: Numbers, bias: list[Numbers]) -> dict[str, Numbers]:
    return {"weight": weight, **({"bias": bias[0]} if bias else {})}


def recurrent(arrays: list[Numbers], suffix: str, *, gates: int) -> dict[str, Numbers]:
    """The weights of one direction; the second bias of a layer that has one is 0."""
    weights = [array.T for array in arrays[:2]]
    biases = arrays[2] if arrays[2].ndim > 1 else np.stack([arrays[2], np.zeros_like(arrays[2])])
    tensors = [*weights, *biases]
    if gates == len(GRU_ROWS):
        tensors = [np.concatenate([np.split(each, 3)[row] for row in GRU_ROWS]) for each in tensors]
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return {f"{name}_l0{suffix}": tensor for name, tensor in zip(names, tensors, strict=True)}


def ours(  # noqa: PLR0911 - a line for each kind of layer
    layer: str, arrays: list[Numbers], types: list[str]
) -> list[dict[str, Numbers]]:
    """The tensors of each of our layers that a layer of Keras becomes."""
    first, *rest = arrays
    gates = {"lstm": 4, "gru": 3, "rnn": 1}.get(types[0], 0)
    if layer == "Bidirectional":
        half = len(arrays) // 2
        backward = recurrent(arrays[half:], "_reverse", gates=gates)
        return [{**recurrent(arrays[:half], "", gates=gates), **backward}]
    if gates:
        return [recurrent(arrays, "", gates=gates)]
    if layer.startswith("Separable"):
        return [{"weight": depthwise(first)}, biased(kernel(rest[0]), rest[1:])]
    if layer.startswith("Depthwise"):
        return [biased(depthwise(first), rest)]
    if layer.startswith("Conv"):
        return [biased(kernel(first), rest)]
    if layer in ("Dense", "TimeDistributed"):
        return [biased(first.T, rest)]
    if layer == "BatchNormalization":
        names = ("weight", "bias", "running_mean", "running_var")[-len(arrays) :]
        return [dict(zip(names, arrays, strict=True))]
    if layer == "MultiHeadAttention":
        return [attention(arrays)]
    return [biased(first, rest)]  # layer norm, embedding


def depthwise(array: Numbers) -> Numbers:
    """A kernel [*window, channels, multiplier] in the order [channels · multiplier, 1, *window]."""
    window = array.shape[:-2]
    return np.moveaxis(array.reshape(*window, 1, -1), (-1, -2), (0, 1))


def attention(arrays: list[Numbers]) -> dict[str, Numbers]:
    """The projections: queries, keys and values are one tensor in PyTorch."""
    features = arrays[0].shape[0]
    inside = [array.reshape(features, -1).T for array in arrays[0:6:2]]
    return {
        "in_proj_weight": np.concatenate(inside),
        "in_proj_bias": np.concatenate([array.ravel() for array in arrays[1:6:2]]),
        "out_proj.weight": arrays[6].reshape(-1, features).T,
        "out_proj.bias": arrays[7],
    }


def entry(report: shapecalc.Report, *, moved: bool) -> dict[str, Numbers]:
    """The input by its formula, in the order of Keras, with its channels moved."""
    (only,) = report.inputs
    sizes = [2, *(int(str(size)) for size in only.shape[1:])]
    shape = [sizes[0], *sizes[2:], sizes[1]] if moved else sizes
    index = np.arange(np.prod(shape))
    x = 7 * index % 97 if only.dtype == "int64" else np.cos(index)
    x = x.reshape(shape)
    return {only.name: np.moveaxis(x, -1, 1) if moved else x}


@pytest.mark.parametrize("case", EXECUTED, ids=lambda case: case.get("name", case["text"]))
def test_a_converted_network_computes_what_keras_computes(case: dict[str, Any]) -> None:
    found = fix_text(Source("net.yaml", case["text"]))
    if convert(Source("net.yaml", case["text"])) is None or FLATTEN_NOTE in found.notes:
        pytest.skip("words that others have too, or weights behind a flatten in another order")
    net = shapecalc.loads(found.source.text)
    report = shapecalc.inspect(net)
    rows = [row for row in report.layers if row.facts.parameters or row.facts.buffers]
    params: dict[str, Numbers] = {}
    for layer, arrays in filled(case):
        for tensors in ours(layer, arrays, [row.type for row in rows]):
            row = rows.pop(0)
            params |= {f"{row.path}.{name}": tensor for name, tensor in tensors.items()}
    assert rows == []
    (y,) = shapecalc.run(
        net, entry(report, moved=any("on axis 1 now" in note for note in found.notes)), params
    ).values()
    if list(y.shape[1:]) != case["output"]:
        y = np.moveaxis(y, 1, -1)
    assert list(y.shape[1:]) == case["output"]
    flat = y.ravel()
    scale = max(case["norm"], 1.0)
    assert np.linalg.norm(flat) == pytest.approx(case["norm"], abs=1e-4 * scale)
    assert flat @ np.cos(3.0 * np.arange(flat.size)) == pytest.approx(case["sum"], abs=1e-4 * scale)


def test_many_networks_are_executed() -> None:
    assert len(EXECUTED) > 150
