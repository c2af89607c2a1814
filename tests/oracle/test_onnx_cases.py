"""Layers against ONNX Runtime, where PyTorch lacks them or has them otherwise: shapes, parameters and values."""

from __future__ import annotations

import json
from dataclasses import fields as dataclass_fields
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from shapecalc.reference import find
from shapecalc.reference.base import Array, Call
from tests.oracle.test_torch_cases import agrees, inputs_of, layer_of
from tests.oracle.torch_cases import filled_inputs, filled_parameters
from tests.support.rows import for_each

FOLDER = Path(__file__).parent
ROWS = json.loads((FOLDER / "onnx_cases.json").read_text(encoding="utf-8"))["cases"]


def rows() -> list[tuple[dict[str, Any], list[Array]]]:
    """Each row with its outputs in their shapes."""
    values, start, found = np.load(FOLDER / "onnx_cases.npz")["values"], 0, []
    for row in ROWS:
        arrays = []
        for shape in row["outputs"]:
            arrays.append(values[start : start + prod(shape)].reshape(shape))
            start += prod(shape)
        found.append((row, arrays))
    assert start == values.size
    return found


@for_each("row, arrays", rows, ids=lambda each: f"{each['layer']}-{each['operator']}" if isinstance(each, dict) else "")
def test_a_layer_agrees_with_onnx_runtime(row: dict[str, Any], arrays: list[Array]) -> None:
    layer, given = layer_of(row), inputs_of(row)
    shapes = [each.shape for each in given]
    outputs = layer.outputs(*shapes)
    assert [list(shape) for shape in outputs.values()] == row["outputs"]
    assert {name: list(shape) for name, shape in layer.parameters(*shapes).items()} == row.get("parameters", {})
    written = {field.name: getattr(layer, field.name) for field in dataclass_fields(layer)}  # type: ignore[arg-type]
    slots = tuple(f"x{place}" for place in range(len(given)))
    call = Call("case", row["layer"], written, filled_parameters(row.get("parameters", {})), slots, tuple(outputs))
    result: Any = find(row["layer"]).run(call, *filled_inputs(given))
    for y, theirs in zip(result if isinstance(result, tuple) else (result,), arrays, strict=True):
        agrees(y, theirs)
