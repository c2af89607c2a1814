"""The recurrent and embedding rows of oracle.json, its values in float64, and what Keras counts."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import numpy as np
import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.layers import Layer, layer_type
from shapecalc.reference import find
from shapecalc.reference.base import Array, Call
from tests.oracle.test_torch_fixtures import ORACLE, Row, Shape, by_name, shapes, written
from tests.support.rows import for_each

FIGURES = json.loads((ORACLE / "oracle.json").read_text(encoding="utf-8"))
KERAS = json.loads((ORACLE / "keras_recurrent.json").read_text(encoding="utf-8"))["cases"]
STATES = ("h_n", "c_n")
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def named(row: Row) -> Row:
    fields = ", ".join(f"{name}={value}" for name, value in row["args"].items())
    return {**row, "name": f"{row['type']}({fields}) on {row['input']}"}


RECURRENT = [named(row) for row in FIGURES["recurrent"]]
CELLS = [row for row in RECURRENT if row["type"].endswith("Cell")]
UNBATCHED = [row for row in RECURRENT if row not in CELLS and len(row["input"]) == 2]
BATCHED = [row for row in RECURRENT if row not in CELLS and row not in UNBATCHED]
EMBEDDINGS = [named(row) for row in FIGURES["embedding_attention"] if row["type"] == "Embedding"]
VALUES = [row for row in FIGURES["values"] if row["op"] in {"RNN", "LSTM", "GRU", "embedding"}]


def make(word: str, fields: Row) -> Layer:
    cls = layer_type(word)
    assert cls is not None, word
    return cls(**fields)


def layer_of(row: Row) -> Layer:
    return make(row["type"].removesuffix("Cell").lower(), row["args"])


def params(layer: Layer, *entering: Shape) -> int:
    tensors: dict[str, Any] = layer.parameters(*entering)
    return sum(prod(shape) for shape in tensors.values())


def states_of(row: Row) -> dict[str, Shape]:
    return {name: tuple(row[name]) for name in STATES if name in row}


def test_no_row_is_dropped() -> None:
    assert (len(RECURRENT), len(BATCHED), len(UNBATCHED), len(CELLS)) == (108, 103, 2, 3)
    assert len(EMBEDDINGS) == 7
    assert len(VALUES) == 9
    assert sum("tensors" in row for row in BATCHED) == 8


@for_each("row", by_name(BATCHED))
def test_a_recurrent_row_has_these_shapes_parameters_and_macs(row: Row) -> None:
    layer, x = layer_of(row), tuple(row["input"])
    assert layer.outputs(x) == {"output": tuple(row["output"]), **states_of(row)}
    assert params(layer, x) == row["params"]
    assert layer.macs(x, layer.output_shape(x)) == row["macs"]
    if "tensors" in row:
        assert list(layer.parameters(x).items()) == list(shapes(row["tensors"]).items())


@pytest.mark.parametrize("row", by_name(UNBATCHED))
def test_a_sequence_without_a_batch_is_refused_and_a_batch_of_one_has_its_figures(row: Row) -> None:
    layer, (steps, features) = layer_of(row), row["input"]
    with pytest.raises(LayerError) as refused:
        layer.output_shape((steps, features))
    assert refused.value.code == "SC305"
    batch = 0 if row["args"].get("batch_first") else 1
    x = (1, steps, features) if batch == 0 else (steps, 1, features)
    outputs = layer.outputs(x)
    axes = {"output": batch, "h_n": 1, "c_n": 1}
    without = {name: (*shape[: axes[name]], *shape[axes[name] + 1 :]) for name, shape in outputs.items()}
    assert without == {"output": tuple(row["output"]), **states_of(row)}
    assert params(layer, x) == row["params"]
    assert layer.macs(x, outputs["output"]) == row["macs"]


@pytest.mark.parametrize("row", by_name(CELLS))
def test_a_cell_is_a_sequence_of_one_step(row: Row) -> None:
    layer, x = layer_of(row), (1, *row["input"])
    output, *states = layer.outputs(x).values()
    expected = row["output"] if row["type"] == "LSTMCell" else [row["output"]]
    assert [shape[1:] for shape in states] == [tuple(shape) for shape in expected]
    assert output[1:] == tuple(expected[0])
    assert params(layer, x) == row["params"]
    assert layer.macs(x, output) == row["macs"]


@pytest.mark.parametrize("row", by_name(EMBEDDINGS))
def test_an_embedding_row_has_this_shape_these_parameters_and_no_macs(row: Row) -> None:
    layer, x = layer_of(row), tuple(row["input"])
    assert layer.output_shape(x) == tuple(row["output"])
    assert params(layer, x) == row["params"]
    assert layer.macs(x, layer.output_shape(x)) == row["macs"] == 0


def filled(a: int, b: int, shape: Shape) -> Array:
    return np.asarray(((a * np.arange(prod(shape)) + b) % 17 - 8) / 8).reshape(shape)


def run(layer: Layer, word: str, parameters: dict[str, Array], x: Array) -> dict[str, Array]:
    names = tuple(layer.outputs(x.shape))
    result = find(word).run(Call("case", word, written(layer), parameters, ("x",), names), x)
    return dict(zip(names, result if isinstance(result, tuple) else (result,), strict=True))


@pytest.mark.parametrize("row", by_name([row for row in VALUES if row["op"] != "embedding"]))
def test_a_recurrent_values_row_has_these_numbers(row: Row) -> None:
    word = row["op"].lower()
    layer: Any = make(word, row["args"])
    shape, a, b = row["inputs"]["x"]
    x = filled(a, b, tuple(shape))
    tensors = layer.parameters(x.shape)
    assert row["inputs"]["parameter number k"] == "fill(shape, 7, 3 + k) / 2"
    assert list(tensors) == row["inputs"]["order"]
    outputs = run(
        layer, word, {name: filled(7, 3 + k, tensor) / 2 for k, (name, tensor) in enumerate(tensors.items())}, x
    )
    expected = {"output": row, **{name: row[name] for name in STATES if name in row}}
    assert list(outputs) == list(expected)
    for name, figures in expected.items():
        np.testing.assert_allclose(
            outputs[name], np.reshape(figures["values"], figures["shape"]), rtol=1e-8, atol=1e-9, err_msg=name
        )


def test_the_embedding_values_row_reads_the_padding_row_as_it_is_stored() -> None:
    (row,) = (row for row in VALUES if row["op"] == "embedding")
    shape, a, b = row["inputs"]["weight"]
    fields = {"num_embeddings": shape[0], "embedding_dim": shape[1], **row["args"]}
    indices = np.array(row["inputs"]["indices"])
    outputs = run(make("embedding", fields), "embedding", {"weight": filled(a, b, tuple(shape))}, indices)
    np.testing.assert_array_equal(outputs["output"], np.reshape(row["values"], row["shape"]))


def keras_name(row: Row) -> str:
    reset = f", reset_after={row['reset_after']}" if "reset_after" in row else ""
    return f"{row['layer']}({', '.join(f'{name}={value}' for name, value in row['fields'].items())}{reset})"


@for_each("row", by_name([{**row, "name": keras_name(row)} for row in KERAS]))
def test_keras_has_one_bias_where_pytorch_has_two_but_in_a_gru_that_resets_after(row: Row) -> None:
    layer, x, fields = make(row["layer"], row["fields"]), tuple(row["input"]), row["fields"]
    assert row["params"] == sum(prod(shape) for shape in row["tensors"].values())
    fewer = 0
    if fields.get("bias") and not row.get("reset_after"):
        layers = fields["num_layers"] * (1 + fields["bidirectional"])
        fewer = layers * GATES[row["layer"]] * fields["hidden_size"]
    assert params(layer, x) - fewer == row["params"]


def test_the_keras_figures_hold_every_combination() -> None:
    assert len(KERAS) == 26
    assert {row["layer"] for row in KERAS} == {"rnn", "lstm", "gru", "embedding"}
    assert {row.get("reset_after") for row in KERAS} == {None, True, False}
