"""Layers that move numbers, and a learnt scale, against PyTorch: shapes, parameters, every number, refusals."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import numpy as np
import pytest

from shapecalc.diagnostics import LayerError, Source
from shapecalc.parser.grammar import parse
from shapecalc.reference import find
from shapecalc.reference.base import Array, Call
from tests.oracle.test_torch_fixtures import ORACLE, Row, Shape, by_name, layer_of, shapes, written
from tests.support.rows import for_each

CASES: list[Row] = json.loads((ORACLE / "torch_moving.json").read_text(encoding="utf-8"))["cases"]
ANSWERED = [row for row in CASES if "values" in row]
REFUSED = [row for row in CASES if "error" in row]
REFUSED_BY_THE_FORMAT = [row for row in CASES if "ours" in row]
WITH_FACTORS = [row for row in ANSWERED if row["layer"] == "scale"]

CODES = {
    "appears multiple times": "SC205",
    "Dimension out of range": "SC310",
    "divisible by": "SC304",
    "> 2 dims": "SC305",
    "at least 3 dimensions": "SC305",
    "exceeds dimension size": "SC302",
}
REFUSED_FOR_A_SIZE_OR_AXIS = [
    row for row in REFUSED if not any(rank in row["error"] for rank in ("> 2 dims", "at least 3"))
]
OUR_CODES = {"PyTorch leaves an axis that is not 1": "SC307", "a map has a batch, channels": "SC305"}
FILL = {"weight": (0.25, 0.5), "bias": (-0.5, 1.5)}


def input_shapes(row: Row) -> list[Shape]:
    return [tuple(shape) for shape in row["inputs"]]


def filled(shape: Shape, a: float, b: float) -> Array:
    return (np.arange(prod(shape), dtype=np.float32) * np.float32(a) + np.float32(b)).reshape(shape)


def run_kernel(row: Row) -> tuple[Array, int]:
    """What the kernel of a row's layer gives, and the multiply-accumulates it did."""
    layer, entering = layer_of(row), input_shapes(row)
    tensors: dict[str, Any] = layer.parameters(*entering)
    parameters = {name: filled(shape, *FILL[name]) for name, shape in tensors.items()}
    call = Call("case", row["layer"], written(layer), parameters, ("input",), ("output",))
    y = find(row["layer"]).run(call, *(filled(shape, a, 0) for a, shape in zip((1, -1), entering, strict=False)))
    assert isinstance(y, np.ndarray)
    return y, call.work.macs


@for_each("row", by_name(ANSWERED))
def test_the_output_shape_is_pytorchs(row: Row) -> None:
    assert layer_of(row).output_shape(*input_shapes(row)) == tuple(row["output"])


@for_each("row", by_name(ANSWERED))
def test_parameters_have_pytorchs_names_and_shapes(row: Row) -> None:
    assert layer_of(row).parameters(*input_shapes(row)) == shapes(row["parameters"])


@for_each("row", by_name(ANSWERED))
def test_the_kernel_puts_every_number_where_pytorch_does(row: Row) -> None:
    y, macs = run_kernel(row)
    assert y.dtype == np.float32
    assert y.shape == tuple(row["output"])
    assert y.ravel().tolist() == row["values"]
    assert macs == 0


@for_each("row", by_name(REFUSED))
def test_what_pytorch_refuses_is_refused_for_the_same_reason(row: Row) -> None:
    code = next(code for words, code in CODES.items() if words in row["error"])
    with pytest.raises(LayerError) as refused:
        layer_of(row).output_shape(*input_shapes(row))
    assert refused.value.code == code, refused.value.message


@pytest.mark.parametrize("row", by_name(REFUSED_BY_THE_FORMAT))
def test_what_only_the_format_refuses_is_refused(row: Row) -> None:
    code = next(code for words, code in OUR_CODES.items() if words in row["ours"])
    with pytest.raises(LayerError) as refused:
        layer_of(row).output_shape(*input_shapes(row))
    assert refused.value.code == code, refused.value.message


@pytest.mark.parametrize("row", by_name(REFUSED_FOR_A_SIZE_OR_AXIS))
def test_the_kernel_gives_no_numbers_either_where_pytorch_gives_none(row: Row) -> None:
    call = Call("case", row["layer"], written(layer_of(row)), {}, ("input",), ("output",))
    with pytest.raises((ValueError, IndexError)):
        find(row["layer"]).run(call, *(filled(shape, 1, 0) for shape in input_shapes(row)))


@for_each("row", by_name([row for row in ANSWERED if len(row["inputs"]) == 1]))
def test_a_file_says_the_same_fields(row: Row) -> None:
    text = f"input: {row['inputs'][0]}\nlayers:\n  - {row['layer']}: {json.dumps(row['fields'])}\n"
    architecture, findings, _ = parse(Source("net.yaml", text))
    assert findings == ()
    assert architecture is not None
    assert [step.layer for step in architecture.steps] == [layer_of(row)]


@pytest.mark.parametrize("row", by_name(WITH_FACTORS))
def test_a_factor_more_or_fewer_than_there_are_is_refused(row: Row) -> None:
    layer = layer_of(row)
    tensors: dict[str, Any] = layer.parameters(*input_shapes(row))
    for off in (-1, 1):
        parameters = {name: filled((shape[0] + off,), 1, 1) for name, shape in tensors.items()}
        call = Call("case", "scale", written(layer), parameters, ("input",), ("output",))
        with pytest.raises(ValueError, match="cannot reshape"):
            find("scale").run(call, filled(input_shapes(row)[0], 1, 0))


def test_the_fixtures_hold_what_they_promise() -> None:
    assert len(ANSWERED) >= 95
    assert len(REFUSED) >= 13
    assert len(REFUSED_BY_THE_FORMAT) == 4
    assert {len(row["inputs"]) for row in ANSWERED if row["layer"] == "center_crop"} == {1, 2}
