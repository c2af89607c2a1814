"""The gradients of layers without windows, norms and loops against PyTorch's, by inputs and by parameters."""

from __future__ import annotations

import json
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import pytest

from shapecalc.layers import Layer, layer_type
from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Array, Call, Work
from shapecalc.reference.gradients import Context
from tests.oracle.test_torch_fixtures import ORACLE, TOLERANCE, Row, Shape, by_name, tuples, written
from tests.support.rows import for_each

FIXTURE = json.loads((ORACLE / "torch_gradients_pointwise.json").read_text(encoding="utf-8"))
VALUES = np.load(ORACLE / "torch_gradients_pointwise.npz")["values"]
CASES: list[Row] = FIXTURE["cases"]
SAME = [row for row in CASES if "differs" not in row]
DIFFERENT = [row for row in CASES if "differs" in row]
COUNTED = [row for row in CASES if "backward_macs" in row]
LARGEST_FIXTURES = 150_000


def layer_of(row: Row) -> Layer:
    cls = layer_type(row["layer"])
    assert cls is not None, row["layer"]
    return cls(**{name: tuples(value) for name, value in row["fields"].items()})


def numbers(a: int, b: int, shape: Shape) -> Array:
    return np.asarray((a * np.arange(prod(shape)) + b) % 17).reshape(shape)


def filled(a: int, b: int, shape: Shape) -> Array:
    return np.asarray((numbers(a, b, shape) - 8) / 8, dtype=np.float32)


def shapes_of(row: Row) -> list[Shape]:
    return [tuple(shape) for shape in row["inputs"]]


def inputs(row: Row) -> list[Array]:
    shapes = shapes_of(row)
    fills = [FIXTURE["fill"]["inputs"][j % 3] for j in range(len(shapes))]
    if layer_of(row).reads == "int64":
        return [numbers(*fills[0], shapes[0]) % row["fields"]["num_embeddings"]]
    times = row.get("times", 1)
    times = times if isinstance(times, list) else [times] * len(fills)
    return [filled(*fill, shape) * np.float32(factor) for fill, shape, factor in zip(fills, shapes, times, strict=True)]


def parameters(row: Row) -> dict[str, Array]:
    a, b = FIXTURE["fill"]["parameters"]
    return {name: filled(a, b + k, tuple(shape)) / 4 for k, (name, shape) in enumerate(row["parameters"].items())}


def context_of(row: Row) -> Context:
    """What the forward kernel read and gave."""
    call = Call("case", row["layer"], written(layer_of(row)), parameters(row), ("x",), ("y",))
    arrays = inputs(row)
    result: Any = find(row["layer"]).run(replace(call, work=Work()), *arrays)
    return Context(call, tuple(arrays), result if isinstance(result, tuple) else (result,))


def gradients_of(row: Row) -> list[Array | None]:
    """The gradient by each output, None for one that nothing reads."""
    a, b = FIXTURE["fill"]["gradients"]
    unread = row.get("unread", [])
    return [None if k in unread else filled(a, b + k, tuple(shape)) for k, shape in enumerate(row["outputs"])]


def measured(row: Row) -> list[Array]:
    """The shapes of what gradients are by: the inputs that are no indices, then the parameters."""
    return [x for x in (*inputs(row), *parameters(row).values()) if x.dtype == np.float32]


def expected() -> dict[str, list[Array]]:
    sizes = [x.size for row in CASES for x in measured(row)]
    assert sum(sizes) == VALUES.size
    flat = iter(np.split(VALUES, np.cumsum(sizes)[:-1]))
    return {row["name"]: [next(flat).reshape(x.shape) for x in measured(row)] for row in CASES}


EXPECTED = expected()


def found(row: Row) -> list[Array]:
    """Our gradients in the order of the fixture's."""
    result = find_backward(row["layer"])(context_of(row), *gradients_of(row))
    assert set(result.parameters) == set(row["parameters"])
    by_inputs = [gradient for gradient in result.inputs if gradient is not None]
    return [*by_inputs, *(result.parameters[name] for name in row["parameters"])]


def test_no_row_is_dropped() -> None:
    assert (len(SAME), len(DIFFERENT), len(COUNTED)) == (309, 1, 31)


@for_each("row", by_name(SAME))
def test_gradients_are_pytorchs(row: Row) -> None:
    for ours, theirs in zip(found(row), EXPECTED[row["name"]], strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE)


@for_each("row", by_name(CASES))
def test_the_layer_has_the_shapes_that_pytorch_gave(row: Row) -> None:
    layer, x = layer_of(row), shapes_of(row)
    assert [list(shape) for shape in layer.outputs(*x).values()] == row["outputs"]
    assert {name: list(shape) for name, shape in layer.parameters(*x).items()} == row["parameters"]


@for_each("row", by_name(COUNTED))
def test_as_many_multiply_accumulates_are_predicted_as_pytorch_does(row: Row) -> None:
    layer, x = layer_of(row), shapes_of(row)
    assert sum(layer.backward_macs(*x, layer.output_shape(*x))) == row["backward_macs"]


@pytest.mark.parametrize("row", by_name(DIFFERENT))
def test_a_difference_that_the_fixture_explains_is_one(row: Row) -> None:
    for ours, theirs in zip(found(row), EXPECTED[row["name"]], strict=True):
        assert np.abs(ours - theirs).max() > 100 * TOLERANCE


def test_the_files_stay_small() -> None:
    sizes = [(ORACLE / f"torch_gradients_pointwise.{kind}").stat().st_size for kind in ("json", "npz")]
    assert sum(sizes) < LARGEST_FIXTURES
