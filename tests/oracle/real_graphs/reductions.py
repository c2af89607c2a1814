"""Operators that reduce, compare and choose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from .records import Data, InexpressibleError
from .values import Converter, constant_number, handles, shape_of


@handles("mean", "sum", "amax", "amin")
def reduce(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a reduction of axes, one after another; the mean over all positions of a map is a global pool."""
    data, keep = a["self"], a["keepdim"]
    rank = len(data.shape)
    given = a["dim"] if a["dim"] not in (None, []) else range(rank)
    dims = sorted(dim % rank for dim in ([given] if isinstance(given, int) else given))
    name = node.target._schema.name.removeprefix("aten::")
    kept = replace(data)

    def plain() -> Data:
        type_, axes = REDUCTIONS[name], dims[0] if len(dims) == 1 else dims
        return to.emit(type_, {"dim": axes, "keepdim": True} if keep else axes, kept, shape=shape_of(node))

    if data.note[:1] == ("square",) and name == "mean" and len(dims) == 1 and keep:
        return Data(data.step, shape_of(node), note=("mean of squares", data.note[1], dims[0]), plain=plain)
    if name == "mean" and dims == list(range(2, rank)) and rank > 3:
        return to.emit("global_avg_pool", None if keep else {"keepdim": False}, data, shape=shape_of(node))
    return plain()


REDUCTIONS = {"mean": "mean", "sum": "sum", "amax": "max", "amin": "min"}


@handles("gather")
def gather(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert elements chosen by indices along an axis."""
    return to.emit("gather", {"dim": a["dim"]}, to.value(a["self"]), to.value(a["index"]), shape=shape_of(node))


@handles("topk")
def topk(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> tuple[Data, Data]:
    """Convert the greatest elements along an axis, and their indices."""
    shape = tuple(node.meta["val"][0].shape)
    values = to.emit("topk", {"k": a["k"], "dim": a["dim"] % len(shape)}, a["self"], shape=shape)
    return values, Data(values.step, shape, "indices")


@handles("max")
def maximum(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Any:
    """Convert the maximum of an axis, of all, or of two tensors."""
    data = a["self"]
    if "other" in a:
        return to.emit("maximum", {}, to.value(data), to.value(a["other"]), shape=shape_of(node))
    if "dim" not in a:
        return to.emit("max", list(range(len(data.shape))), data, shape=())
    fields: Any = a["dim"] % len(data.shape)
    if a["keepdim"]:
        fields = {"dim": fields, "keepdim": True}
    return to.emit("max", fields, data, shape=node.meta["val"][0].shape), None


@handles("linalg_vector_norm", "norm")
def norm(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a norm over axes."""
    data, rank = a["self"], len(a["self"].shape)
    dims = [dim % rank for dim in (a["dim"] if a["dim"] is not None else range(rank))]
    fields: dict[str, Any] = {"dim": dims[0] if len(dims) == 1 else dims}
    order = a.get("ord", a.get("p", 2))
    if order not in (2, None):
        fields["p"] = order
    if a["keepdim"]:
        fields["keepdim"] = True
    return to.emit("norm", fields, data, shape=shape_of(node))


@handles("var", "std")
def variance(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a variance or a standard deviation."""
    data, rank = a["self"], len(a["self"].shape)
    dims = [dim % rank for dim in (a["dim"] or range(rank))]
    fields: dict[str, Any] = {"dim": dims[0] if len(dims) == 1 else dims}
    correction = a.get("correction", int(a.get("unbiased", True)))
    if correction not in (None, 1):
        fields["correction"] = int(correction)
    if a["keepdim"]:
        fields["keepdim"] = True
    return to.emit(node.target._schema.name.removeprefix("aten::"), fields, data, shape=shape_of(node))


@handles("clamp", "clamp_min", "clamp_max")
def clamp(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert bounds of the values."""
    fields = {name: a[name] for name in ("min", "max") if a.get(name) is not None}
    return to.emit("clamp", fields, a["self"], shape=shape_of(node))


LARGEST = 3.0e38
"""What stands for infinity."""

COMPARISONS = {
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}


@handles(*COMPARISONS)
def comparison(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a comparison."""
    type_ = COMPARISONS[node.target._schema.name.removeprefix("aten::")]
    number, shape = constant_number(a["other"]), shape_of(node)
    if number is not None:
        whole = not node.args[0].meta["val"].dtype.is_floating_point
        return to.emit(type_, int(number) if whole else number, a["self"], shape=shape)
    return to.emit(type_, {}, to.value(a["self"]), to.value(a["other"]), shape=shape)


@handles("cumsum")
def cumsum(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a running sum."""
    data = a["self"]
    if node.args[0].meta["val"].dtype == torch.bool:
        data = to.emit("cast", "int64", data, shape=data.shape)
    return to.emit("cumsum", a["dim"] % len(data.shape), data, shape=shape_of(node))


@handles("where")
def where(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a choice between two tensors, or numbers."""
    return to.emit(
        "where", {}, to.value(a["condition"]), to.value(a["self"]), to.value(a["other"]), shape=shape_of(node)
    )


@handles("masked_fill")
def masked_fill(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a value in place of what a mask names."""
    number = constant_number(a["value"])
    if number is None:
        raise InexpressibleError("masked_fill")
    number = max(min(number, LARGEST), -LARGEST)
    return to.emit("masked_fill", number, to.value(a["self"]), to.value(a["mask"]), shape=shape_of(node))


@handles("argmax")
def argmax(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert the index of the greatest element."""
    fields: dict[str, Any] = {"dim": a["dim"] % len(a["self"].shape)}
    if a["keepdim"]:
        fields["keepdim"] = True
    return to.emit("argmax", fields, a["self"], shape=shape_of(node))


LOGIC = {"logical_and": "logical_and", "logical_or": "logical_or", "__and__": "logical_and", "__or__": "logical_or"}
LOGIC |= {"bitwise_and": "logical_and", "bitwise_or": "logical_or"}


@handles(*LOGIC)
def both(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a conjunction or a disjunction."""
    type_ = LOGIC[node.target._schema.name.removeprefix("aten::")]
    return to.emit(type_, {}, to.value(a["self"]), to.value(a["other"]), shape=shape_of(node))


@handles("logical_not", "bitwise_not")
def negation(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a negation."""
    return to.emit("logical_not", None, a["self"], shape=shape_of(node))
