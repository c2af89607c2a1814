"""Scatter operators with known indices."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.importers.onnx.node import operator
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.importers.graph import Value
    from shapecalc.importers.onnx.node import OnnxNode
    from shapecalc.importers.onnx.tensors import Array

COMBINED = {"add": "add", "mul": "multiply", "max": "maximum", "min": "minimum"}
MOST_LISTED = 512
"""The most indices that are a field."""


def scatter(node: OnnxNode, places: Array, updates: int, reduction: str) -> Value:
    """Return the first input with updates at places of its flat elements: joined, and taken in another order.

    Several updates of one place are combined one after the other; without a reduction the last one holds.
    """
    shape = node.ints(node.shape())
    size, flat = prod(shape), places.ravel()
    node.bounded(size)
    if reduction not in ("none", *COMBINED):
        raise Unreadable(f"`{node.op}` has the reduction `{reduction}`")
    data = node.reshaped(node.read(), [size])
    values = node.reshaped(node.read(updates), [flat.size])
    rounds: list[dict[int, int]] = [{}]
    seen: dict[int, int] = {}
    for number, place in enumerate(flat.tolist()):
        turn = seen.get(place, 0) if reduction != "none" else 0
        seen[place] = turn + 1
        if turn == len(rounds):
            rounds.append({})
        rounds[turn][place] = size + number
    if len(rounds) > 64:  # noqa: PLR2004
        raise Unreadable(f"`{node.op}` combines {len(rounds)} updates of one place")
    for row in rounds:
        joined = node.step("concat", data, values, dim=0)
        index = [row.get(place, place) for place in range(size)]
        if size <= MOST_LISTED:
            taken = node.step("take", joined, index=index, dim=0)
        else:
            taken = node.step("take", joined, node.numbers(np.array(index)), dim=0)
        if reduction == "none":
            data = taken
        else:
            both = node.step(COMBINED[reduction], data, taken)
            flags = node.numbers(np.array([place in row for place in range(size)]))
            data = node.step("where", flags, both, data)
    return node.reshaped(data, shape)


def strides_of(shape: Sequence[int]) -> Array:
    """Return how far apart neighbours along each axis are among the flat elements."""
    return np.array([prod(shape[axis + 1 :]) for axis in range(len(shape))])


@operator("Scatter", "ScatterElements")
def scatter_elements(node: OnnxNode, *, axis: int = 0, reduction: str = "none") -> Value:
    """Return the input with each update where it is, but for one axis, whose place the index states."""
    axis, index = node.axis(axis), node.reader.numbers(node.known(1, "indices"))
    shape = node.ints(node.shape())
    places = np.indices(index.shape)
    places[axis] = np.where(index < 0, index + shape[axis], index)
    return scatter(node, np.tensordot(strides_of(shape), places, 1), 2, reduction)


@operator("ScatterND")
def scatter_nd(node: OnnxNode, *, reduction: str = "none") -> Value:
    """Return the input with updates, elements or the rest of the axes, at the place that each row of indices states."""
    index, shape = node.reader.numbers(node.known(1, "indices")), node.ints(node.shape())
    depth = index.shape[-1]
    index = np.where(index < 0, index + np.array(shape[:depth]), index)
    start = (index * strides_of(shape)[:depth]).sum(-1)
    places = start[..., None] + np.arange(prod(shape[depth:]))
    return scatter(node, places, 2, reduction)


@operator("TensorScatter")
def tensor_scatter(node: OnnxNode, *, axis: int = -2, mode: str = "linear") -> Value:
    """Return a cache with the update of each sample from a place on, and with `circular` on to the start."""
    axis, shape = node.axis(axis), node.ints(node.shape())
    update = node.ints(node.shape(1))
    places = np.indices(update)
    start = node.reader.numbers(node.known(2, "places")).reshape([-1] + [1] * (len(shape) - 1)) if node.has(2) else 0
    length = shape[axis] if mode == "circular" else shape[axis] + update[axis]
    places[axis] = (places[axis] + start) % length
    return scatter(node, np.tensordot(strides_of(shape), places, 1), 1, "none")
