"""Operators that move elements: reshape, permute, slice, concat, pad and their relatives."""

from __future__ import annotations

from math import prod

import numpy as np

from tests.oracle.onnx_nodes.network import InexpressibleError, Network, Node, Operator, Slots

PADDING = {"constant": "constant", "edge": "replicate", "reflect": "reflect", "wrap": "circular"}


def concat(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    return net.step("concat", {"dim": node.axis(0)}, [net.read(place) for place in range(len(node.arrays))])


def flatten(node: Node, net: Network) -> Slots:
    """A matrix of the axes before `axis` and those from it on."""
    shape, axis = node.shape(), node.get("axis", 1)
    axis += len(shape) * (axis < 0)
    return net.step("reshape", [prod(shape[:axis]), prod(shape[axis:])])


def reshape(node: Node, net: Network) -> Slots:
    """The layer of that name; with `allowzero` a 0 is a size."""
    shape = node.integers(1)
    if node.get("allowzero") and 0 in shape:
        raise InexpressibleError("an axis of size 0")
    sizes = [node.shape()[place] if size == 0 else size for place, size in enumerate(shape)]
    return net.step("reshape", sizes)


def squeeze(node: Node, net: Network) -> Slots:
    """One axis after the other, from the last."""
    axes = node.integers(1) if node.has(1) else [place for place, size in enumerate(node.shape()) if size == 1]
    places = sorted((axis % node.rank() for axis in axes), reverse=True)
    return net.chain(net.read(), *(("squeeze", place) for place in places))


def unsqueeze(node: Node, net: Network) -> Slots:
    """One axis after the other, from the first."""
    rank = node.rank() + len(node.integers(1))
    return net.chain(net.read(), *(("unsqueeze", place) for place in sorted(axis % rank for axis in node.integers(1))))


def transpose(node: Node, net: Network) -> Slots:
    """`permute`; by default the axes are reversed."""
    return net.step("permute", list(node.get("perm", range(node.rank())[::-1])))


def expand(node: Node, net: Network) -> Slots:
    """Both shapes broadcast: a 1 leaves the axis as it is."""
    size = np.broadcast_shapes(tuple(node.shape()), tuple(node.integers(1)))
    return net.step("expand", list(size))


def tile(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    return net.step("tile", node.integers(1))


def slices(node: Node, net: Network) -> Slots:
    """One axis after the other; of negative steps the reversed axis."""
    starts, ends = node.integers(1), node.integers(2)
    axes = node.integers(3) if node.has(3) else list(range(len(starts)))
    steps = node.integers(4) if node.has(4) else [1] * len(starts)
    first = net.read()
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        size = node.shape()[axis]
        places = range(size)[start:end:step]
        if not places:
            raise InexpressibleError("an axis of size 0")
        if step < 0:
            first = net.step("flip", axis % node.rank(), first)
            places = range(size - 1 - places[0], size - places[-1], -step)
        fields = {"dim": axis % node.rank(), "start": places[0], "end": places[-1] + 1, "step": abs(step)}
        first = net.step("slice", fields, first)
    return first


def split(node: Node, net: Network) -> Slots:
    """The sizes that are listed, or as many parts as there are outputs, of which the last may be smaller."""
    axis = node.axis(0)
    size, count = node.shape()[axis], len(node.outputs)
    if node.has(1):
        sizes = node.integers(1)
    else:
        part = -(-size // count)
        sizes = [min(part, size - part * place) for place in range(count)]
    if 0 in sizes or size == 0:
        raise InexpressibleError("an axis of size 0")
    step = net.step("split", {"split_size": sizes, "dim": axis})
    return tuple(f"{step}.{place}" for place in range(count))


def pad(node: Node, net: Network) -> Slots:
    """`pad`, whose pairs are those of the last axes."""
    rank, pads = node.rank(), node.integers(1)
    axes = node.integers(3) if node.has(3) else list(range(rank))
    pairs = [[0, 0] for _ in range(rank)]
    for place, axis in enumerate(axes):
        pairs[axis] = [pads[place], pads[place + len(axes)]]
    value = {"value": node.array(2).item()} if node.has(2) else {}
    mode = node.get("mode", "constant")
    if node.array(0).dtype.kind in "iu":
        first = net.step("cast", "float32")
        return net.step("cast", "int64", pad_by(net, first, pairs, mode, value))
    return pad_by(net, net.read(), pairs, mode, value)


def pad_by(net: Network, first: str, pairs: list[list[int]], mode: str, value: dict[str, float]) -> str:
    """Pad all axes by pairs of before and after; those that are not the last are moved there."""
    while pairs and pairs[0] == [0, 0]:
        pairs = pairs[1:]
    flat = [size for pair in pairs[::-1] for size in pair]
    return net.step("pad", {"padding": flat, "mode": PADDING[mode], **value}, first)


def center_crop_pad(node: Node, net: Network) -> Slots:
    """`slice` and `pad` of each axis; the odd element is at the end."""
    axes = [axis % node.rank() for axis in node.get("axes", range(node.rank()))]
    first, pairs = net.read(), [[0, 0] for _ in range(node.rank())]
    for axis, size in zip(axes, node.integers(1), strict=True):
        less = node.shape()[axis] - size
        if less > 0:
            first = net.step("slice", {"dim": axis, "start": less // 2, "end": less // 2 + size}, first)
        if less < 0:
            pairs[axis] = [-less // 2, -less - -less // 2]
    return pad_by(net, first, pairs, "constant", {}) if any(map(any, pairs)) else first


def depth_to_space(node: Node, net: Network) -> Slots:
    """`pixel_shuffle` for CRD; DCR has the block before the channels."""
    block, (n, c, h, w) = node.get("blocksize"), node.shape()
    if node.get("mode", "DCR") == "CRD":
        return net.step("pixel_shuffle", block)
    inner = [n, block, block, c // block**2, h, w]
    last = [n, c // block**2, h * block, w * block]
    return net.chain(net.read(), ("reshape", inner), ("permute", [0, 3, 4, 1, 5, 2]), ("reshape", last))


def space_to_depth(node: Node, net: Network) -> Slots:
    """The inverse of DepthToSpace."""
    block, (n, c, h, w) = node.get("blocksize"), node.shape()
    if node.get("mode", "DCR") == "CRD":
        return net.step("pixel_unshuffle", block)
    inner = [n, c, h // block, block, w // block, block]
    last = [n, c * block**2, h // block, w // block]
    return net.chain(net.read(), ("reshape", inner), ("permute", [0, 3, 5, 1, 2, 4]), ("reshape", last))


def gather(node: Node, net: Network) -> Slots:
    """`take` of indices of any shape, of which none is negative."""
    axis = node.axis(0)
    index = np.where(node.array(1) < 0, node.array(1) + node.shape()[axis], node.array(1))
    return net.step("take", {"dim": axis}, [net.read(), net.tensor(index)])


def gather_nd(node: Node, net: Network) -> Slots:
    """Rows of the flattened first axes, whose place the indices give."""
    data, index, batch = node.shape(), node.array(1), node.get("batch_dims", 0)
    depth = index.shape[-1]
    sizes = data[batch : batch + depth]
    rows = data[:batch]
    flat = (index * np.array([prod(sizes[place + 1 :]) for place in range(depth)])).sum(-1)
    flat += np.arange(prod(rows)).reshape([*rows, *[1] * (flat.ndim - batch)]) * prod(sizes)
    table = net.step("reshape", [prod(rows) * prod(sizes), *data[batch + depth :]])
    taken = net.step("take", {"dim": 0}, [table, net.numbers(flat.ravel())])
    shape = [*flat.shape, *data[batch + depth :]]
    return net.step("reshape", shape, taken)


OPERATORS: dict[str, Operator] = {
    "CenterCropPad": center_crop_pad,
    "Concat": concat,
    "DepthToSpace": depth_to_space,
    "Expand": expand,
    "Flatten": flatten,
    "Gather": gather,
    "GatherND": gather_nd,
    "Pad": pad,
    "Reshape": reshape,
    "Slice": slices,
    "SpaceToDepth": space_to_depth,
    "Split": split,
    "Squeeze": squeeze,
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
