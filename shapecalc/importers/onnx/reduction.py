"""Reductions over axes, and what finds a place: argmax, topk, cumsum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.onnx.node import operator
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.importers.graph import Value
    from shapecalc.importers.onnx.node import OnnxNode

REDUCTIONS: dict[str, list[Any]] = {
    "ReduceL1": ["norm", {"p": 1.0}],
    "ReduceL2": ["norm", {"p": 2.0}],
    "ReduceLogSum": ["sum", {}, "log"],
    "ReduceLogSumExp": ["logsumexp", {}],
    "ReduceMax": ["max", {}],
    "ReduceMean": ["mean", {}],
    "ReduceMin": ["min", {}],
    "ReduceProd": ["prod", {}],
    "ReduceSum": ["sum", {}],
    "ReduceSumSquare": ["sum", {}],
}
"""The layer of each reduction with its fields, and the layers after it."""


@operator(*REDUCTIONS)
def reduction(
    node: OnnxNode, *, axes: Sequence[int] | None = None, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Value:
    """Return a reduction over the axes of the second input, which are an attribute in old versions; or over all."""
    along = [node.axis(axis) for axis in (node.integers(1, "axes") if node.has(1) else axes or ())]
    first, flags = node.read(), node.dtype() == "bool"
    if node.op == "ReduceSumSquare":
        first = node.step("square", first)
    if not along and noop_with_empty_axes:
        return node.chain(first, "abs") if node.op in ("ReduceL1", "ReduceL2") else first
    if flags:
        first = node.cast(first, "int64")
    type_, fields, *after = REDUCTIONS[node.op]
    if not node.rank():
        raise Unreadable(f"`{node.op}` of a number without axes")
    along = along or list(range(node.rank()))
    if type_ == "mean" and first.dtype != "float32":
        first = node.cast(first, "float32")
    result = node.chain(node.step(type_, first, dim=sorted(along), keepdim=bool(keepdims), **fields), *after)
    return node.cast(result, node.dtype())


@operator("ArgMax", "ArgMin")
def arg(node: OnnxNode, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Value:
    """Return the index of the first maximum; the last is that of the reversed axis, the minimum of negative numbers."""
    axis, first = node.axis(axis), node.read()
    if node.op == "ArgMin":
        first = node.step("negative", first)
    if select_last_index:
        first = node.step("flip", first, dims=axis)
    index = node.step("argmax", first, dim=axis, keepdim=bool(keepdims))
    if not select_last_index:
        return index
    (size,) = node.ints([node.shape()[axis]], "axis")
    return node.step("subtract", index, other=size - 1, reverse=True)


@operator("TopK")
def topk(node: OnnxNode, *, axis: int = -1, largest: int = 1, sorted: int = 1, k: int = 0) -> Sequence[Value]:  # noqa: A002
    """Return the layer of that name."""
    del sorted  # any order is allowed without it
    count = int(node.number(1, "k")) if node.has(1) else k
    first = node.step("topk", k=count, dim=node.axis(axis), largest=bool(largest))
    return first, first.other("indices")


@operator("CumSum")
def cumsum(node: OnnxNode, *, exclusive: int = 0, reverse: int = 0) -> Value:
    """Return sums from the start or, reversed, from the end; exclusive ones without the element itself."""
    axis = node.axis(int(node.number(1, "axis")))
    total = node.step("flip", dims=axis) if reverse else node.read()
    total = node.step("cumsum", total, dim=axis)
    if reverse:
        total = node.step("flip", total, dims=axis)
    return node.step("subtract", total, node.read()) if exclusive else total
