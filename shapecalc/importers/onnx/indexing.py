"""Elements and rows at indices, and rows of zeros with a one."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.importers.onnx.node import operator
from shapecalc.importers.onnx.tensors import Weight, plain
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from shapecalc.importers.graph import Value
    from shapecalc.importers.onnx.node import OnnxNode


@operator("Gather")
def gather(node: OnnxNode, *, axis: int = 0) -> Value:
    """Return `select` of one index, `embedding` of the rows of a matrix, else `take`; no index is negative there."""
    axis = node.axis(axis)
    entry, index = node.entry(), node.entry(1)
    known = node.reader.known(index)
    (size,) = node.shape()[axis : axis + 1]
    if known is not None:
        known = node.reader.numbers(known)
        if known.ndim == 0:
            return node.step("select", dim=axis, index=int(known))
        if (known < 0).any():
            known = np.where(known < 0, known + node.ints([size], "axis")[0], known)
        index = known
    if known is not None and known.ndim == 1 and known.size <= 64 and not isinstance(entry, Weight):  # noqa: PLR2004
        return node.step("take", index=known.tolist(), dim=axis)
    value = node.reader.value(index, node.names[1] if known is None else f"{node.names[1]}:{size}")
    is_table = isinstance(entry, Weight) and len(entry.shape) == 2 and axis == 0 and entry.dtype == "float32"  # noqa: PLR2004
    if is_table:
        assert isinstance(entry, Weight)
        rows, features = entry.shape
        tensors = {"weight": entry.stored()}
        return node.step("embedding", value, num_embeddings=rows, embedding_dim=features, tensors=tensors)
    return node.step("take", node.read(), value, dim=axis)


@operator("GatherElements")
def gather_elements(node: OnnxNode, *, axis: int = 0) -> Value:
    """Return `gather`, of which no index is negative."""
    axis = node.axis(axis)
    known = node.reader.known(node.entry(1))
    if known is None:
        return node.step("gather", node.read(), node.read(1), dim=axis)
    known = node.reader.numbers(known)
    if (known < 0).any():
        known = np.where(known < 0, known + node.ints([node.shape()[axis]], "axis")[0], known)
    return node.step("gather", node.read(), node.numbers(known), dim=axis)


@operator("GatherND")
def gather_nd(node: OnnxNode, *, batch_dims: int = 0) -> Value:
    """Return rows of the flattened first axes, whose place known indices give."""
    data = node.ints(node.shape())
    index = node.reader.numbers(node.known(1, "indices"))
    depth = index.shape[-1]
    sizes = data[batch_dims : batch_dims + depth]
    index = np.where(index < 0, index + np.array(sizes), index)
    rows = data[:batch_dims]
    flat = (index * np.array([prod(sizes[place + 1 :]) for place in range(depth)])).sum(-1)
    flat = flat + np.arange(prod(rows)).reshape([*rows, *[1] * (flat.ndim - batch_dims)]) * prod(sizes)
    rest = data[batch_dims + depth :]
    table = node.reshaped(node.read(), [prod(rows) * prod(sizes), *rest])
    taken = node.step("take", table, node.numbers(flat.ravel()), dim=0)
    return node.reshaped(taken, [*flat.shape, *rest])


@operator("OneHot")
def one_hot(node: OnnxNode, *, axis: int = -1) -> Value:
    """Return a comparison with each index, and a selection: indices below 0 count from the end, others give no 1."""
    depth = int(node.number(1, "depth"))
    off, on = (float(each) for each in node.reader.numbers(node.known(2, "values")).ravel())
    rank = node.rank() + 1
    axis %= rank
    index = node.chain(node.cast(node.read(), "int64"), ("unsqueeze", {"dim": axis}))
    shape = [depth if place == axis else 1 for place in range(rank)]
    found = [node.step("equal", index, node.numbers(each.reshape(shape))) for each in _places(depth)]
    result = node.chain(node.step("logical_or", *found), ("where", {"x": on, "y": off}))
    return node.cast(result, node.dtype(2))


def _places(depth: int) -> list[Any]:
    if not 0 < depth <= 1 << 20:
        raise Unreadable(f"`OneHot` has the depth {depth}")
    return [plain(np.arange(depth)), plain(np.arange(-depth, 0))]
