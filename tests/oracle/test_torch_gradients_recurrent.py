"""Gradients of recurrent layers and losses, and steps of optimisers, against PyTorch's autograd and torch.optim."""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.layers import layer_type
from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Call
from shapecalc.reference.gradients import Context
from shapecalc.reference.losses import binary_cross_entropy, cross_entropy, mse
from shapecalc.reference.optimizers import adam, momentum, sgd
from tests.oracle.test_torch_fixtures import ORACLE, written
from tests.support.rows import for_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers import Layer
    from shapecalc.reference.base import Array

FIXTURE = json.loads((ORACLE / "torch_gradients_recurrent.json").read_text(encoding="utf-8"))
VALUES = np.load(ORACLE / "torch_gradients_recurrent.npz")["values"]
Row = dict[str, Any]

LOSSES = {"cross_entropy": cross_entropy, "mse": mse, "binary_cross_entropy": binary_cross_entropy}
OPTIMIZERS: dict[str, Any] = {"sgd": sgd, "momentum": momentum, "adam": adam}


def filled(a: int, b: int, shape: tuple[int, ...]) -> Array:
    return np.asarray(((a * np.arange(prod(shape)) + b) % 17 - 8) / 8).reshape(shape)


def layer_of(row: Row) -> Layer:
    cls = layer_type(row["layer"])
    assert cls is not None
    return cls(**row["fields"])


def shapes_of(row: Row) -> list[tuple[int, ...]]:
    return [tuple(shape) for shape in row["inputs"]]


def wanted(row: Row) -> dict[str, tuple[int, ...]]:
    """The shape of each value of a row, by name, in the fixture's order."""
    if "layer" in row:
        inputs = {f"input {place}": shape for place, shape in enumerate(shapes_of(row))}
        return {**inputs, **layer_of(row).parameters(*shapes_of(row))}  # type: ignore[dict-item]
    if "loss" in row:
        return {"value": (1,), "gradient": tuple(row["shape"])}
    return {f"{step} {k}": tuple(shape) for step in range(row["steps"]) for k, shape in enumerate(row["shapes"])}


def with_values() -> Iterator[tuple[str, Row, dict[str, Array]]]:
    """The part of each row and what PyTorch found."""
    start = 0
    for part in ("recurrent", "losses", "optimizers"):
        for row in FIXTURE[part]:
            found = {}
            for name, shape in wanted(row).items():
                found[name] = VALUES[start : start + prod(shape)].reshape(shape)
                start += prod(shape)
            yield part, row, found
    assert start == VALUES.size


CASES = list(with_values())


def of(part: str) -> Any:
    rows = [(row, found) for each, row, found in CASES if each == part]
    names = [
        "-".join(f"{value}" for value in row.values() if isinstance(value, (str, int, dict, list))) for row, _ in rows
    ]
    return for_each("row, expected", rows, ids=[f"{n}-{name[:60]}" for n, name in enumerate(names)])


def went_back(row: Row, *, everything: bool = False) -> tuple[Context, dict[str, Array]]:
    layer, (a, b) = layer_of(row), FIXTURE["fill"]["parameters"]
    tensors: dict[str, Any] = layer.parameters(*shapes_of(row))
    parameters = {name: filled(a, b + k, shape) / 2 for k, (name, shape) in enumerate(tensors.items())}
    arrays = tuple(filled(*rule, shape) for rule, shape in zip(FIXTURE["fill"]["inputs"], shapes_of(row), strict=False))
    names = tuple(layer.outputs(*shapes_of(row)))
    call = Call("case", row["layer"], written(layer), parameters, ("x",), names)
    outputs = find(row["layer"]).run(call, *arrays)
    gradients = [
        filled(*rule, y.shape) if everything or name in row["by"] else None
        for rule, name, y in zip(FIXTURE["fill"]["gradients"], names, outputs, strict=False)
    ]
    ctx = Context(call, arrays, outputs, truncate=row.get("truncate"))
    found = find_backward(row["layer"])(ctx, *gradients)
    by_inputs = {f"input {place}": gradient for place, gradient in enumerate(found.inputs) if gradient is not None}
    return ctx, {**by_inputs, **found.parameters}


@of("recurrent")
def test_gradients_through_time_are_pytorchs(row: Row, expected: dict[str, Array]) -> None:
    _, found = went_back(row)
    assert list(found) == list(expected)
    for name, gradient in found.items():
        np.testing.assert_allclose(gradient, expected[name], rtol=1e-5, atol=1e-5, err_msg=name)


@of("recurrent")
def test_products_going_back_are_as_many_as_pytorch_does(row: Row, expected: dict[str, Array]) -> None:
    del expected
    ctx, _ = went_back(row, everything=True)
    shapes = shapes_of(row)
    layer = layer_of(row)
    done = (ctx.to_inputs.macs, ctx.to_parameters.macs)
    if "macs" in row:
        assert sum(done) == row["macs"]
    assert done == layer.backward_macs(*shapes, layer.output_shape(*shapes), truncate=row.get("truncate"))


@of("losses")
def test_losses_and_their_gradients_are_pytorchs(row: Row, expected: dict[str, Array]) -> None:
    shape = tuple(row["shape"])
    predictions = filled(5, 0, shape)
    if row["loss"] == "cross_entropy":
        classes, rest = (shape[0], ()) if len(shape) == 1 else (shape[1], (shape[0], *shape[2:]))
        targets = (5 * np.arange(prod(rest)) % classes).reshape(rest)
    else:
        targets = filled(4, 3, shape)
        targets = (targets + 1) / 2 if row["loss"] == "binary_cross_entropy" else targets
    value, gradient = LOSSES[row["loss"]](predictions * 3, targets, row["reduction"])
    np.testing.assert_allclose([value], expected["value"], rtol=1e-5)
    np.testing.assert_allclose(gradient, expected["gradient"], rtol=1e-5, atol=1e-7)


@of("optimizers")
def test_five_steps_of_an_optimiser_are_pytorchs(row: Row, expected: dict[str, Array]) -> None:
    shapes = [tuple(shape) for shape in row["shapes"]]
    parameters, state = {str(k): filled(7, 3 + k, shape) for k, shape in enumerate(shapes)}, None
    for step in range(row["steps"]):
        gradients = {str(k): filled(5, step + k, shape) for k, shape in enumerate(shapes)}
        parameters, state = OPTIMIZERS[row["optimizer"]](parameters, gradients, state, **row["options"])
        for k, array in parameters.items():
            np.testing.assert_allclose(array, expected[f"{step} {k}"], rtol=1e-5, atol=1e-6)


def test_the_fixture_has_the_combinations_it_promises() -> None:
    assert [len(FIXTURE[part]) for part in ("recurrent", "losses", "optimizers")] == [100, 30, 5]
    assert sum("macs" in row for row in FIXTURE["recurrent"]) == 30
