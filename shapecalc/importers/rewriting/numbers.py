"""Constants of one element as operands of arithmetic: `multiply: 0.125` in place of a constant and a product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.rewriting.rewriter import Rewriter, Rules
from shapecalc.importers.rewriting.tables import number_of

if TYPE_CHECKING:
    from shapecalc.importers.graph import ImportedStep, Value

RULES = Rules()
COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")


@RULES.on("add", "multiply", "maximum", "minimum", "subtract", "divide", "power", *COMPARISONS)
def number_as_operand(at: Rewriter, node: ImportedStep) -> Value | None:
    """A constant number that is one of two operands becomes the field `other`."""
    if len(node.reads) != 2 or getattr(node.layer, "other", None) is not None:  # noqa: PLR2004 - two operands
        return None
    for place in (1, 0):
        number, left = number_of(at, node.reads[place]), node.reads[1 - place]
        if number is None or left.shape != node.value().shape or (place == 0 and node.type in COMPARISONS):
            continue
        if left.dtype == "float32" and node.reads[place].dtype != "bool":
            return at.step(node.type, left, replaces=[node], other=float(number), **_order(node, place))
        if left.dtype == node.reads[place].dtype == "int64":
            return at.step(node.type, left, replaces=[node], other=int(number), **_order(node, place))
    return None


def _order(node: ImportedStep, place: int) -> dict[str, Any]:
    return {"reverse": True} if place == 0 and node.type in ("subtract", "divide", "power") else {}


@RULES.on("clamp", "maximum", "minimum")
def bounds(at: Rewriter, node: ImportedStep) -> Value | None:
    """Bounds that are those of a ReLU: `clamp: {min: 0}`, `{min: 0, max: 6}`, `maximum: 0`."""
    if len(node.reads) != 1 or node.reads[0].dtype != "float32":
        return None
    lower, upper = _bounds(node)
    before = node.reads[0].node
    nodes = [node]
    if lower is None and upper == 6 and at.only_user(node.reads[0]) is node and not isinstance(before, str):  # noqa: PLR2004
        read = before.reads[0] if len(before.reads) == 1 else None
        if read is not None and (before.type == "relu" or _bounds(before) == (0, None)):
            return at.step("relu6", read, replaces=[before, node])
    if (lower, upper) == (0, 6):
        return at.step("relu6", node.reads[0], replaces=nodes)
    if (lower, upper) == (0, None):
        return at.step("relu", node.reads[0], replaces=nodes)
    return None


def _bounds(node: ImportedStep) -> tuple[float | None, float | None]:
    if node.type == "clamp":
        return node.layer.min, node.layer.max  # type: ignore[attr-defined]
    if node.type in ("maximum", "minimum") and len(node.reads) == 1:
        other = node.layer.other  # type: ignore[attr-defined]
        return (other, None) if node.type == "maximum" else (None, other)
    return None, None


@RULES.on("hardtanh")
def hardtanh_to_six(at: Rewriter, node: ImportedStep) -> Value | None:
    """A linear function between 0 and 6 is ReLU6."""
    layer = node.layer
    if (layer.min_val, layer.max_val) != (0, 6):  # type: ignore[attr-defined]
        return None
    return at.step("relu6", node.reads[0], replaces=[node])


@RULES.on("add", "subtract", "multiply", "divide", "power")
def neutral(_: Rewriter, node: ImportedStep) -> Value | None:
    """Adding 0, and multiplying by 1, dividing by it or a power of it change nothing."""
    if len(node.reads) != 1 or getattr(node.layer, "reverse", False):
        return None
    other = node.layer.other  # type: ignore[attr-defined]
    return node.reads[0] if other == (0 if node.type in ("add", "subtract") else 1) else None
