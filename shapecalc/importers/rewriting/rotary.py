"""Rotary position embedding: x · cos + rotated x · sin, with tables that are given or are those of a base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.rewriting.patterns import Match, anything, negated, step
from shapecalc.importers.rewriting.rewriter import Rewriter, Rules
from shapecalc.importers.rewriting.slicing import part_of
from shapecalc.importers.rewriting.tables import array_of

if TYPE_CHECKING:
    from shapecalc.importers.graph import Array, Node, Value

RULES = Rules()
BASES = (10_000, 500_000, 1_000_000, 100_000, 150_000, 100, 1_000, 50_000, 5_000_000, 8_000_000, 10_000_000, 25_000)
"""Bases that a table is first compared with, before one is computed from it."""
_WAVES = step(
    "add", step("multiply", anything("x"), anything("cos")), step("multiply", anything("rotated"), anything("sin"))
)
_SECOND_THEN_FIRST = step("concat", negated(anything("second")), anything("first"), dim=lambda *given: given[2])


@RULES.on("add")
def rotary_embedding(at: Rewriter, node: Node) -> Value | None:
    """The sum x · cos + rotated x · sin is a rotary embedding with these cosines and sines."""
    for match in _WAVES(node.value(), Match()):
        x = match["x"]
        inside = _rotated(match["rotated"], x)
        if inside is None:
            continue
        nodes, interleaved = inside
        if at.is_closed([*match.nodes, *nodes], node.value()) and x.shape == node.value().shape:
            tables = match["cos"], match["sin"]
            if any(table.shape[-1:] != x.shape[-1:] or table.rank > x.rank for table in tables):
                continue
            replaced = [*match.nodes, *nodes]
            return at.step(
                "rotary_embedding", x, *tables, replaces=replaced, what="rotary embedding", interleaved=interleaved
            )
    return None


def _rotated(value: Value, x: Value) -> tuple[list[Node], bool] | None:
    """Return the steps that give (−x₂, x₁) of the halves (x₁, x₂) of a value, None if others do."""
    node = value.node
    if isinstance(node, str) or node.type != "concat" or len(node.reads) != 2:  # noqa: PLR2004 - halves
        return None
    if node.layer.dim % value.rank != value.rank - 1:  # type: ignore[attr-defined]
        return None
    for match in _SECOND_THEN_FIRST(value, Match()):
        second, first = part_of(match["second"]), part_of(match["first"])
        size = x.shape[-1]
        if first is None or second is None or not isinstance(size, int) or size % 2:
            return None
        half = size // 2
        halves = first[1:] == (x.rank - 1, 0, half, 1) and second[1:] == (x.rank - 1, half, half, 1)
        if halves and first.source.key == x.key == second.source.key:
            parts = [each.node for each in (match["first"], match["second"]) if not isinstance(each.node, str)]
            return [*match.nodes, *parts], False
    return None


@RULES.on("rotary_embedding")
def angles_of_a_base(at: Rewriter, node: Node) -> Value | None:
    """Cosines and sines that are those of positions and a base are not given, but computed."""
    if len(node.reads) != 3:  # noqa: PLR2004 - x, cosines and sines
        return None
    x = node.reads[0]
    tables = [array_of(at, table) for table in node.reads[1:]]
    length, features = x.shape[-2:]
    if not isinstance(length, int) or not isinstance(features, int) or length < 2:  # noqa: PLR2004 - an angle that is not 0
        return None
    rows = [None if table is None else _rows(table, length, features) for table in tables]
    if rows[0] is None or rows[1] is None or node.layer.rotary_dim is not None:  # type: ignore[attr-defined]
        return None
    base = _base(rows[0], rows[1], interleaved=node.layer.interleaved)  # type: ignore[attr-defined]
    if base is None:
        return None
    fields: dict[str, Any] = {**node.fields, "base": base}
    return at.step("rotary_embedding", x, replaces=[node], what=node.comment.partition(",")[0], **fields)


def _rows(table: Array, length: int, features: int) -> Array | None:
    """Return a table as a row for each position, None if it has other axes."""
    if table.shape[-2:] != (length, features) or table.size != length * features:
        return None
    return table.reshape(length, features)


def _base(cosines: Array, sines: Array, *, interleaved: bool) -> float | None:
    """Return the base whose angles have these cosines and sines, to the precision of float32, None if there is none."""
    import numpy as np  # noqa: PLC0415 - NumPy is imported only where values are computed

    features = cosines.shape[1]
    positions = np.arange(len(cosines))[:, None]
    exponents = np.arange(0, features, 2) / features
    for base in BASES:
        angles = positions * float(base) ** -exponents
        angles = np.repeat(angles, 2, axis=1) if interleaved else np.concatenate([angles, angles], axis=1)
        tolerance = 1e-6 * len(cosines) + 1e-6
        near = (abs(np.cos(angles) - cosines).max(), abs(np.sin(angles) - sines).max())
        if max(near) <= tolerance:
            return base
    return None
