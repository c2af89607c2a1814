"""Fixtures of one layer: its output and gradients, flat, from filled tensors, compared with those of the kernels."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.layers import layer_type
from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Array, Call
from shapecalc.reference.gradients import Context

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.layers import Layer

Row = dict[str, Any]


def numbers(rows: Iterable[Row], values: Array) -> dict[str, list[Array]]:
    """The output of each row, and the gradients by its input and by its parameters, by the name of the row."""
    shapes = {row["name"]: [row["output"], row["input"], *row["parameters"].values()] for row in rows}
    pieces = iter(np.split(values, np.cumsum([prod(shape) for own in shapes.values() for shape in own])))
    found = {name: [next(pieces).reshape(shape) for shape in own] for name, own in shapes.items()}
    assert next(pieces).size == 0
    return found


def layer_of(row: Row) -> Layer:
    """The layer of a row; an infinity is text there, for JSON has none."""
    cls = layer_type(row["layer"])
    assert cls is not None, row["layer"]
    return cls(**{name: _value(value) for name, value in row["fields"].items()})


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_value, value))
    return float(value) if value in ("inf", "-inf") else value


def agrees(row: Row, expected: list[Array], fill: Mapping[str, tuple[int, int]]) -> None:
    """Assert that the rule gives the shapes of a row, and the kernels its numbers to 1e-5, forward and backward."""
    layer, shape = layer_of(row), tuple(row["input"])
    assert layer.output_shape(shape) == tuple(row["output"])
    assert {name: list(own) for name, own in layer.parameters(shape).items()} == row["parameters"]

    def filled(name: str, shape: Iterable[int]) -> Array:
        (a, b), sizes = fill[name], tuple(shape)
        return np.asarray((((a * np.arange(prod(sizes)) + b) % 17 - 8) / 8).reshape(sizes), dtype=np.float32)

    written = {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}  # type: ignore[arg-type]
    parameters = {name: filled(name, own) for name, own in row["parameters"].items()}
    call = Call("case", row["layer"], written, parameters, ("input",), ("output",))
    x = filled("input", shape)
    y = find(row["layer"]).run(call, x)
    assert isinstance(y, np.ndarray)
    gradients = find_backward(row["layer"])(Context(call, (x,), (y,)), filled("gradient", row["output"]))
    given = (y, *gradients.inputs, *(gradients.parameters[name] for name in row["parameters"]))
    for ours, theirs in zip(given, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
