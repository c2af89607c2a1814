"""Sequences, indices and reductions against PyTorch: every output, parameters, multiply-accumulates and refusals."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import numpy as np
import pytest

from shapecalc.diagnostics import LayerError, Source
from shapecalc.layers import Layer, layer_type
from shapecalc.parser.grammar import parse
from shapecalc.reference import find
from shapecalc.reference.base import Array, Call
from tests.oracle.test_torch_fixtures import ORACLE, TOLERANCE, Row, Shape, by_name, shapes, tuples, written
from tests.support.rows import for_each

FIXTURE = json.loads((ORACLE / "torch_recurrent.json").read_text(encoding="utf-8"))
VALUES = np.load(ORACLE / "torch_recurrent.npz")["values"]
LARGEST_FIXTURES = 500_000

# PyTorch finds these when it reads the indices: here too it is the kernel that does.
WHEN_RUN = {
    "index out of range in self": "reads indices from 0 to 10, receives",
    "Expected tensor for argument #1 'indices'": "reads indices of an integer type, receives float32 such as -1.0",
    "Class values must be": "reads indices from 0 to 10, receives",
    "one_hot is only applicable to index tensor": "reads indices of an integer type, receives float32 such as -1.0",
}
CODES = {
    "Expected input to be 2D or 3D": "SC305",
    "must be equal to input_size": "SC301",
    "hidden_size must be greater than zero": "SC201",
    "num_layers must be greater than zero": "SC201",
    "dropout should be a number in range": "SC201",
    "Expected hidden": "SC301",
    "tuple index out of range": "SC313",
    "proj_size has to be smaller": "SC205",
    "Unknown nonlinearity": "SC203",
    "Padding_idx must be within": "SC201",
    "Dimension out of range": "SC310",
    "select(): index": "SC310",
    "must match the size of tensor b": "SC314",
}
OUR_CODES = {"a sequence of the format has a batch": "SC305", "the two inputs have one shape here": "SC314"}

ANSWERED: list[Row] = [row for row in FIXTURE["cases"] if "outputs" in row]
REFUSED: list[Row] = [row for row in FIXTURE["cases"] if "error" in row]
REFUSED_WHEN_RUN = [row for row in REFUSED if any(words in row["error"] for words in WHEN_RUN)]
REFUSED_BEFORE = [row for row in REFUSED if row not in REFUSED_WHEN_RUN]
REFUSED_BY_THE_FORMAT: list[Row] = [row for row in FIXTURE["cases"] if "ours" in row]
ON_ONE_SEQUENCE = [row for row in ANSWERED if len(row["inputs"]) == 1 and "below" not in row]


def layer_of(row: Row) -> Layer:
    cls = layer_type(row["layer"])
    assert cls is not None, row["layer"]
    return cls(**{name: tuples(value) for name, value in row["fields"].items()})


def input_shapes(row: Row) -> list[Shape]:
    return [tuple(shape) for shape in row["inputs"]]


def filled(a: int, b: int, shape: Shape) -> Array:
    return np.asarray(((a * np.arange(prod(shape)) + b) % 17 - 8) / 8).reshape(shape)


def inputs(row: Row) -> list[Array]:
    """The inputs by the rule that the fixture states."""
    if "below" in row:
        return [(5 * np.arange(prod(shape)) % row["below"]).reshape(shape) for shape in input_shapes(row)]
    fills = zip(FIXTURE["fill"]["inputs"], input_shapes(row), strict=False)
    made = [(filled(a, b, shape) * row.get("scale", 1)).astype(np.float32) for (a, b), shape in fills]
    if "cells" in row:
        cells = np.array(row["cells"])
        made[0] = cells.astype(np.int64 if cells.dtype.kind == "i" else np.float32).reshape(row["inputs"][0])
    return made


def run_kernel(row: Row) -> tuple[dict[str, Array], int]:
    """What the kernel of a row's layer gives under each name, and the multiply-accumulates it did."""
    layer = layer_of(row)
    a, b = FIXTURE["fill"]["parameters"]
    tensors: dict[str, Any] = layer.parameters(*input_shapes(row))
    parameters = {
        name: (filled(a, b + k, shape) / 2).astype(np.float32) for k, (name, shape) in enumerate(tensors.items())
    }
    names = tuple(layer.outputs(*input_shapes(row)))
    call = Call("case", row["layer"], written(layer), parameters, ("input",), names)
    result = find(row["layer"]).run(call, *inputs(row))
    return dict(zip(names, result if isinstance(result, tuple) else (result,), strict=True)), call.work.macs


def expected_values() -> dict[str, dict[str, Array]]:
    sizes = [prod(shape) for row in ANSWERED for shape in row["outputs"].values()]
    assert sum(sizes) == VALUES.size
    flat = iter(np.split(VALUES, np.cumsum(sizes)[:-1]))
    return {
        row["name"]: {name: next(flat).reshape(shape) for name, shape in row["outputs"].items()} for row in ANSWERED
    }


EXPECTED = expected_values()


@for_each("row", by_name(ANSWERED))
def test_every_output_has_pytorchs_name_order_and_shape(row: Row) -> None:
    outputs = layer_of(row).outputs(*input_shapes(row))
    assert list(outputs.items()) == list(shapes(row["outputs"]).items())


@for_each("row", by_name(ANSWERED))
def test_parameters_have_pytorchs_names_order_shapes_and_count(row: Row) -> None:
    parameters = layer_of(row).parameters(*input_shapes(row))
    assert list(parameters.items()) == list(shapes(row["parameters"]).items())
    assert sum(prod(shape) for shape in parameters.values()) == row["params"]


@for_each("row", by_name(ANSWERED))
def test_macs_are_half_of_pytorchs_flop_counter(row: Row) -> None:
    layer, entering = layer_of(row), input_shapes(row)
    assert layer.macs(*entering, layer.output_shape(*entering)) == row["macs"]


@for_each("row", by_name(ANSWERED))
def test_the_kernel_gives_pytorchs_numbers_in_every_output(row: Row) -> None:
    outputs, _ = run_kernel(row)
    assert list(outputs) == list(row["outputs"])
    for name, expected in EXPECTED[row["name"]].items():
        assert outputs[name].dtype == np.float32
        assert outputs[name].shape == expected.shape
        np.testing.assert_allclose(outputs[name], expected, rtol=TOLERANCE, atol=TOLERANCE)


@for_each("row", by_name(ANSWERED))
def test_the_kernel_does_as_many_macs_as_pytorch_counts(row: Row) -> None:
    _, macs = run_kernel(row)
    assert macs == row["macs"]


@for_each("row", by_name(REFUSED_BEFORE))
def test_what_pytorch_refuses_is_refused_for_the_same_reason(row: Row) -> None:
    code = next(code for words, code in CODES.items() if words in row["error"])
    with pytest.raises(LayerError) as refused:
        layer_of(row).output_shape(*input_shapes(row))
    assert refused.value.code == code, refused.value.message


@pytest.mark.parametrize("row", by_name(REFUSED_WHEN_RUN))
def test_indices_that_pytorch_refuses_are_refused_when_run_by_their_value(row: Row) -> None:
    said = next(said for words, said in WHEN_RUN.items() if words in row["error"])
    with pytest.raises(ValueError, match=said) as refused:
        run_kernel(row)
    if "cells" in row:
        stranger = next(cell for cell in row["cells"] if not 0 <= cell < 11)
        assert str(refused.value).endswith(f"receives {stranger}")


@pytest.mark.parametrize("row", by_name(REFUSED_BY_THE_FORMAT))
def test_what_only_the_format_refuses_is_refused(row: Row) -> None:
    code = next(code for words, code in OUR_CODES.items() if words in row["ours"])
    with pytest.raises(LayerError) as refused:
        layer_of(row).output_shape(*input_shapes(row))
    assert refused.value.code == code


@for_each("row", by_name(ON_ONE_SEQUENCE))
def test_a_file_says_the_same_fields(row: Row) -> None:
    text = f"input: {row['inputs'][0]}\nlayers:\n  - {row['layer']}: {json.dumps(row['fields'])}\n"
    architecture, findings, _ = parse(Source("net.yaml", text))
    assert [found for found in findings if found.code.startswith(("SC1", "SC2"))] == []
    assert architecture is not None
    assert [step.layer for step in architecture.steps] == [layer_of(row)]


def test_the_fixtures_hold_what_they_promise() -> None:
    recurrent = [row for row in ANSWERED if row["layer"] in {"rnn", "lstm", "gru"}]
    assert len(recurrent) >= 240
    assert len(ANSWERED) >= 572
    assert len(REFUSED) >= 59
    assert len(REFUSED_WHEN_RUN) == 6
    sizes = [path.stat().st_size for path in ORACLE.glob("torch_recurrent.*")]
    assert len(sizes) == 2
    assert sum(sizes) <= LARGEST_FIXTURES


def test_a_number_off_by_more_than_the_tolerance_is_noticed() -> None:
    row = next(row for row in ANSWERED if row["layer"] == "lstm")
    outputs, _ = run_kernel(row)
    for name, expected in EXPECTED[row["name"]].items():
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(outputs[name] + np.float32(1e-3), expected, rtol=TOLERANCE, atol=TOLERANCE)
