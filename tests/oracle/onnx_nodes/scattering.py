"""Scatter operators with constant indices, and attention that is linear in the length."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from tests.oracle.onnx_nodes.attending import heads

if TYPE_CHECKING:
    from tests.oracle.onnx_nodes.network import Array, Network, Node, Operator, Slots

COMBINED = {"add": "add", "mul": "multiply", "max": "maximum", "min": "minimum"}


def scatter(net: Network, node: Node, places: Array, updates: int, reduction: str) -> str:
    """Return the first input with updates at places of its flat elements: joined, and taken in another order.

    Several updates of one place are combined one after the other; without a reduction the last one holds.
    """
    shape = node.shape()
    size, flat = prod(shape), places.ravel()
    data = net.step("reshape", [size], net.read())
    values = net.step("reshape", [flat.size], net.read(updates))
    rounds: list[dict[int, int]] = [{}]
    for number, place in enumerate(flat.tolist()):
        free = next((each for each in rounds if place not in each), None) if reduction != "none" else rounds[0]
        if free is None:
            rounds.append(free := {})
        free[place] = size + number
    for row in rounds:
        joined = net.step("concat", {"dim": 0}, [data, values])
        taken = net.step("take", {"index": [row.get(place, place) for place in range(size)], "dim": 0}, joined)
        if reduction == "none":
            data = taken
        else:
            both = net.step(COMBINED[reduction], None, [data, taken])
            data = net.step("where", None, [net.numbers([place in row for place in range(size)]), both, data])
    return net.step("reshape", shape, data)


def strides_of(shape: list[int]) -> Array:
    """Return how far apart neighbours along each axis are among the flat elements."""
    return np.array([prod(shape[axis + 1 :]) for axis in range(len(shape))])


def scatter_elements(node: Node, net: Network) -> Slots:
    """Each update goes where it is, but for one axis, whose place the index states."""
    axis, index = node.axis(0), node.array(1)
    places = np.indices(index.shape)
    places[axis] = np.where(index < 0, index + node.shape()[axis], index)
    return scatter(net, node, np.tensordot(strides_of(node.shape()), places, 1), 2, node.get("reduction", "none"))


def scatter_nd(node: Node, net: Network) -> Slots:
    """Each row of indices states the place of one update, an element or the rest of the axes."""
    index, shape = node.array(1), node.shape()
    depth = index.shape[-1]
    index = np.where(index < 0, index + np.array(shape[:depth]), index)
    start = (index * strides_of(shape)[:depth]).sum(-1)
    places = start[..., None] + np.arange(prod(shape[depth:]))
    return scatter(net, node, places, 2, node.get("reduction", "none"))


def tensor_scatter(node: Node, net: Network) -> Slots:
    """The update of each sample goes into its cache from a place on, and with `circular` on to the start."""
    axis, shape, length = node.axis(-2), node.shape(), node.shape(1)[node.axis(-2)]
    places = np.indices(node.shape(1))
    start = node.array(2).reshape([-1] + [1] * (len(shape) - 1)) if node.has(2) else 0
    places[axis] = (places[axis] + start) % (shape[axis] if node.get("mode") == "circular" else shape[axis] + length)
    return scatter(net, node, np.tensordot(strides_of(shape), places, 1), 1, "none")


def linear_attention(node: Node, net: Network) -> Slots:
    """A state of keys times values, step by step: it decays, and takes up what it does not yet have of a value."""
    count, groups = node.get("q_num_heads"), node.get("kv_num_heads")
    query, (n, _, length, features) = heads(node, net, 0, count)
    key, value = heads(node, net, 1, groups)[0], heads(node, net, 2, groups)[0]
    decay = heads(node, net, 4, groups)[0] if node.has(4) else None
    beta = heads(node, net, 5, node.shape(5)[2])[0] if node.has(5) else None
    scale = node.get("scale") or features**-0.5
    state = net.read(3) if node.has(3) else None
    outputs = []
    for time in range(length):
        now = {"dim": 2, "start": time, "end": time + 1}
        row, new = net.step("slice", now, key), net.step("slice", now, value)
        if decay and state:
            fading = net.chain(decay, ("slice", now), "exp", ("permute", [0, 1, 3, 2]))
            state = net.step("multiply", None, [state, fading])
        if beta and state:
            new = net.step("subtract", None, [new, net.step("matmul", None, [row, state])])
        if beta:
            new = net.step("multiply", None, [new, net.step("slice", now, beta)])
        product = net.step("matmul", None, [net.step("permute", [0, 1, 3, 2], row), new])
        state = net.step("add", None, [state, product]) if state else product
        each = {"repeats": count // groups, "dim": 1}
        read = net.step("repeat_interleave", each, state) if count != groups else state
        outputs.append(net.chain(net.step("matmul", None, [net.step("slice", now, query), read]), ("multiply", scale)))
    result = net.step("concat", {"dim": 2}, outputs) if length > 1 else outputs[0]
    width = node.shape(2)[2] // groups * count
    return net.chain(result, ("permute", [0, 2, 1, 3]), ("reshape", [n, length, width])), state


OPERATORS: dict[str, Operator] = {
    "LinearAttention": linear_attention,
    "Scatter": scatter_elements,
    "ScatterElements": scatter_elements,
    "ScatterND": scatter_nd,
    "TensorScatter": tensor_scatter,
}
