"""Reductions over axes, and what finds a place: argmax, topk, cumsum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tests.oracle.onnx_nodes.network import Network, Node, Operator, Slots

REDUCTIONS: dict[str, list[Any]] = {  # layers before the reduction, the reduction, layers after it
    "ReduceL1": ["norm", {"p": 1}],
    "ReduceL2": ["norm", {"p": 2}],
    "ReduceLogSum": ["sum", {}, "log"],
    "ReduceLogSumExp": ["logsumexp", {}],
    "ReduceMax": ["max", {}],
    "ReduceMean": ["mean", {}],
    "ReduceMin": ["min", {}],
    "ReduceProd": ["prod", {}],
    "ReduceSum": ["sum", {}],
    "ReduceSumSquare": ["sum", {}],
}


def reduction(node: Node, net: Network) -> Slots:
    """A reduction over the axes of the second input, or all."""
    axes = node.integers(1) if node.has(1) else list(node.get("axes", ()))
    first = net.read()
    if node.op == "ReduceSumSquare":
        first = net.step("square", None, first)
    if not axes and node.get("noop_with_empty_axes"):
        return first if node.op == "ReduceSumSquare" else net.step("identity")
    flags = node.array(0).dtype.kind == "b"
    if flags:
        first = net.step("cast", "int64", first)
    type_, fields, *after = REDUCTIONS[node.op]
    axes = axes or list(range(node.rank()))
    result = net.step(type_, {"dim": axes, "keepdim": bool(node.get("keepdims", 1)), **fields}, first)
    result = net.chain(result, *after)
    return net.step("cast", "bool", result) if flags else result


def arg(node: Node, net: Network) -> Slots:
    """The index of the first maximum; of the last one by the reversed axis, of the minimum by negative numbers."""
    axis, first = node.axis(0), net.read()
    if node.op == "ArgMin":
        first = net.step("negative", None, first)
    last = bool(node.get("select_last_index", 0))
    if last:
        first = net.step("flip", axis, first)
    index = net.step("argmax", {"dim": axis, "keepdim": bool(node.get("keepdims", 1))}, first)
    return net.step("subtract", {"other": node.shape()[axis] - 1, "reverse": True}, index) if last else index


def topk(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    fields = {"k": node.integers(1)[0], "dim": node.axis(-1), "largest": bool(node.get("largest", 1))}
    step = net.step("topk", fields)
    return f"{step}.values", f"{step}.indices"


def cumsum(node: Node, net: Network) -> Slots:
    """Sums from the start or, reversed, from the end; exclusive ones without the element itself."""
    axis = int(node.array(1).ravel()[0]) % node.rank()
    first = net.read()
    total = net.step("flip", axis, first) if node.get("reverse") else first
    total = net.step("cumsum", axis, total)
    if node.get("reverse"):
        total = net.step("flip", axis, total)
    return net.step("subtract", reads=[total, first]) if node.get("exclusive") else total


def triangle(node: Node, net: Network) -> Slots:
    """`triu` or `tril`."""
    return net.step("triu" if node.get("upper", 1) else "tril", node.integers(1)[0] if node.has(1) else 0)


def softmax(node: Node, net: Network) -> Slots:
    """The layers of those names."""
    return net.step("softmax" if node.op == "Softmax" else "log_softmax", node.axis(-1))


def gather_elements(node: Node, net: Network) -> Slots:
    """`gather`, of which no index is negative."""
    axis = node.axis(0)
    index = net.numbers(np.where(node.array(1) < 0, node.array(1) + node.shape()[axis], node.array(1)))
    return net.step("gather", axis, [net.read(), index])


OPERATORS: dict[str, Operator] = {
    **dict.fromkeys(REDUCTIONS, reduction),
    "ArgMax": arg,
    "ArgMin": arg,
    "CumSum": cumsum,
    "GatherElements": gather_elements,
    "LogSoftmax": softmax,
    "Softmax": softmax,
    "TopK": topk,
    "Trilu": triangle,
}
