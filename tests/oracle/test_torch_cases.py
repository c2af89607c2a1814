"""Layers against PyTorch, a family a file: shapes, dtypes, parameters, values, gradients, and what autograd keeps."""

from __future__ import annotations

import json
from dataclasses import fields as dataclass_fields, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapecalc.layers import Layer, layer_type
from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Array, Call, Work
from shapecalc.reference.gradients import Context
from tests.oracle.torch_cases import Filled, filled_buffers, filled_gradients, filled_inputs, filled_parameters
from tests.support.rows import for_each

FOLDER = Path(__file__).parent / "torch_cases"
FAMILIES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
BYTES = {"": 4, "float32": 4, "int64": 8, "bool": 1}
TOLERANCE = 1e-5
Row = dict[str, Any]


def plain(value: Any) -> Any:
    """A field's value; an infinity is text there, for JSON has none."""
    if isinstance(value, list):
        return tuple(map(plain, value))
    return float(value) if value in ("inf", "-inf") else value


def layer_of(row: Row) -> Layer:
    cls = layer_type(row["layer"])
    assert cls is not None, row["layer"]
    return cls(**{name: plain(value) for name, value in row["fields"].items()})


def inputs_of(row: Row) -> tuple[Filled, ...]:
    every = (each if isinstance(each, dict) else {"shape": each} for each in row["inputs"])
    return tuple(Filled(**{**each, "shape": tuple(each["shape"])}) for each in every)


def numbers(family: str) -> list[tuple[Row, list[Array]]]:
    """Each row with its outputs, then the gradients by inputs and parameters that there are, in their shapes."""
    values = np.load(FOLDER / f"{family}.npz")["values"]
    rows, start = [], 0
    for row in FAMILIES[family]["cases"]:
        leaves = [each.shape for each in inputs_of(row) if each.dtype == "float32"]
        leaves += [tuple(shape) for shape in row.get("parameters", {}).values()]
        told = row["gradients"] or [False] * len(leaves)
        slopes = [shape for shape, given in zip(leaves, told, strict=True) if given]
        arrays = []
        for shape in (*(tuple(shape) for shape, _ in row["outputs"]), *slopes):
            arrays.append(values[start : start + prod(shape)].reshape(shape))
            start += prod(shape)
        rows.append((row, arrays))
    assert start == values.size
    return rows


def rows(family: str) -> list[Any]:
    return [
        pytest.param(row, arrays, id=f"{place}-{row['layer']}-{row['fields']}")
        for place, (row, arrays) in enumerate(numbers(family))
    ]


def agrees(ours: Any, theirs: Array) -> None:
    np.testing.assert_allclose(np.asarray(ours, dtype=np.float32), theirs, rtol=TOLERANCE, atol=TOLERANCE)


def check(row: Row, arrays: list[Array]) -> None:
    layer, given = layer_of(row), inputs_of(row)
    shapes = [each.shape for each in given]
    outputs = layer.outputs(*shapes)
    arriving = tuple(each.dtype for each in given)
    found = [[list(shape), layer.output_dtype(name, arriving)] for name, shape in outputs.items()]
    assert found == row["outputs"]
    tensors = {"parameters": layer.parameters(*shapes), "buffers": layer.buffers(*shapes)}
    for kind, own in tensors.items():
        assert {name: list(shape) for name, shape in own.items()} == row.get(kind, {}), kind
    assert row.get("macs", 0) == (layer.macs(*shapes, next(iter(outputs.values()))) if "macs" in row else 0)
    parameters = {**filled_parameters(row.get("parameters", {})), **filled_buffers(row.get("buffers", {}))}
    written = {field.name: getattr(layer, field.name) for field in dataclass_fields(layer)}  # type: ignore[arg-type]
    slots = tuple(outputs)
    call = Call("case", row["layer"], written, parameters, tuple(f"x{k}" for k in range(len(given))), slots)
    xs = filled_inputs(given)
    result: Any = find(row["layer"]).run(replace(call, work=Work()), *xs)
    ys = result if isinstance(result, tuple) else (result,)
    for y, theirs in zip(ys, arrays[: len(ys)], strict=True):
        agrees(y, theirs)
    if row["gradients"]:
        check_gradients(row, Context(call, tuple(xs), ys), arrays[len(ys) :])
    if "saved" in row:
        floats = [place for place, each in enumerate(given) if each.dtype == "float32"]
        records = [
            record._replace(of=None) if record.dtype == "float32" and record.of not in (None, *floats) else record
            for record in layer.saved(*shapes, next(iter(outputs.values())))
            if record.is_needed(floats)
        ]
        assert {
            "inputs": sorted({record.of for record in records if isinstance(record.of, int)}),
            "output": any(record.of == "output" for record in records),
            "own": sum(BYTES[record.dtype] * record.elements for record in records if record.of in (None, *slots[1:])),
        } == row["saved"]


def check_gradients(row: Row, context: Context, slopes: list[Array]) -> None:
    filled = filled_gradients([shape for shape, _ in row["outputs"]])
    arriving = [array if dtype == "float32" else None for array, (_, dtype) in zip(filled, row["outputs"], strict=True)]
    found = find_backward(row["layer"])(context, *arriving)
    floats = [place for place, each in enumerate(inputs_of(row)) if each.dtype == "float32"]
    leaves: list[Any] = [*(found.inputs[place] for place in floats)]
    leaves += [found.parameters[name] for name in row.get("parameters", {})]
    theirs = iter(slopes)
    for leaf, given in zip(leaves, row["gradients"], strict=True):
        if given:
            agrees(leaf, next(theirs))
        else:
            assert leaf is None or not np.any(leaf)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_agrees_with_pytorch(family: str) -> None:
    for_each("row, arrays", rows(family))(check)()
