"""Rotary position embedding: x · cos + rotated x · sin, with tables that are given or are those of a base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.rewriting.patterns import Match, anything, difference, negated, step
from shapecalc.importers.rewriting.rewriter import Rewriter, Rules
from shapecalc.importers.rewriting.slicing import part_of
from shapecalc.importers.rewriting.tables import array_of

if TYPE_CHECKING:
    from shapecalc.importers.graph import Array, ImportedStep, Value

RULES = Rules()
BASES = (10_000, 500_000, 1_000_000, 100_000, 150_000, 100, 1_000, 50_000, 5_000_000, 8_000_000, 10_000_000, 25_000)
"""Bases that a table is first compared with, before one is computed from it."""
_WAVES = step(
    "add", step("multiply", anything("x"), anything("cos")), step("multiply", anything("rotated"), anything("sin"))
)
_SECOND_THEN_FIRST = step("concat", negated(anything("second")), anything("first"), dim=lambda *given: given[2])


@RULES.on("add")
def rotary_embedding(at: Rewriter, node: ImportedStep) -> Value | None:
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


def _rotated(value: Value, x: Value) -> tuple[list[ImportedStep], bool] | None:
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


_FIRST = difference(
    step("multiply", anything("first"), anything("cos")), step("multiply", anything("second"), anything("sin"))
)
_SECOND = step(
    "add",
    step("multiply", anything("first"), anything("sin")),
    step("multiply", anything("second"), anything("cos")),
)


@RULES.on("concat", "flatten", "reshape")
def rotated_pairs(at: Rewriter, node: ImportedStep) -> Value | None:
    """Pairs (x₁ cos − x₂ sin, x₁ sin + x₂ cos), joined as they were taken apart, are a rotary embedding."""
    joined = node if node.type == "concat" else node.reads[0].node
    if isinstance(joined, str) or joined.type != ("concat" if joined is node else "stack") or len(joined.reads) != 2:  # noqa: PLR2004
        return None
    rank = joined.value().rank
    if joined.layer.dim % rank != rank - 1:  # type: ignore[attr-defined]
        return None
    for half in _FIRST(joined.reads[0], Match()):
        for match in _SECOND(joined.reads[1], half):
            apart = _halves(match) if joined is node else _neighbours(match)
            if apart is None or apart[0].shape != node.value().shape:
                continue
            x, nodes = apart[0], [*match.nodes, joined, node, *apart[1]]
            if at.is_closed(nodes, node.value()):
                tables = match["cos"], match["sin"]
                return at.step(
                    "rotary_embedding",
                    x,
                    *tables,
                    replaces=nodes,
                    what="rotary embedding",
                    interleaved=joined is not node,
                )
    return None


def _halves(match: Match) -> tuple[Value, list[ImportedStep]] | None:
    """Return what two values are the halves of along its last axis, and the steps that give them."""
    first, second = part_of(match["first"]), part_of(match["second"])
    if first is None or second is None or first.source.key != second.source.key:
        return None
    axis, half = first.source.rank - 1, first.length
    if first[1:] != (axis, 0, half, 1) or second[1:] != (axis, half, half, 1) or first.source.shape[-1] != 2 * half:
        return None
    return first.source, [each.node for each in (match["first"], match["second"]) if not isinstance(each.node, str)]


def _neighbours(match: Match) -> tuple[Value, list[ImportedStep]] | None:
    """Return what two values are the even and the odd features of, and the steps that give them."""
    first, second = match["first"].node, match["second"].node
    if isinstance(first, str) or isinstance(second, str) or first.reads[0].key != second.reads[0].key:
        return None
    pairs = first.reads[0]
    if first.type == second.type == "select":
        places = [(each.layer.dim % pairs.rank, each.layer.index % 2) for each in (first, second)]  # type: ignore[attr-defined]
    elif first is second and first.type == "unbind":
        names = list(first.outputs)
        indices = [names.index(value.output or names[0]) for value in (match["first"], match["second"])]
        places = [(first.layer.dim % pairs.rank, index) for index in indices]  # type: ignore[attr-defined]
    else:
        return None
    apart = pairs.node
    if isinstance(apart, str) or apart.type != "reshape" or pairs.shape[-1] != 2:  # noqa: PLR2004 - pairs
        return None
    x = apart.reads[0]
    entire = x.rank == pairs.rank - 1 and x.shape[:-1] == pairs.shape[:-2]
    return (x, [first, second, apart]) if entire and places == [(x.rank, 0), (x.rank, 1)] else None


@RULES.on("rotary_embedding")
def angles_of_a_base(at: Rewriter, node: ImportedStep) -> Value | None:
    """Cosines and sines that are those of positions and a base are not given, but computed."""
    if len(node.reads) != 3:  # noqa: PLR2004 - x, cosines and sines
        return None
    x = node.reads[0]
    tables = [array_of(at, table) for table in node.reads[1:]]
    length, features = x.shape[-2:]
    if not isinstance(length, int) or not isinstance(features, int) or length < 2:  # noqa: PLR2004 - an angle that is not 0
        return None
    interleaved: bool = node.layer.interleaved  # type: ignore[attr-defined]
    rows = [None if table is None else _rows(table, length, features, interleaved=interleaved) for table in tables]
    if rows[0] is None or rows[1] is None or node.layer.rotary_dim is not None:  # type: ignore[attr-defined]
        return None
    base = _base(rows[0], rows[1], interleaved=interleaved)
    if base is None:
        return None
    fields: dict[str, Any] = {**node.fields, "base": base}
    return at.step("rotary_embedding", x, replaces=[node], what=node.comment.partition(",")[0], **fields)


def _rows(table: Array, length: int, features: int, *, interleaved: bool) -> Array | None:
    """Return a table as a row for each position with a number for each feature, None if it has other axes."""
    import numpy as np  # noqa: PLC0415 - NumPy is imported only where values are computed

    if table.shape[-2:] == (length, features // 2):
        table = np.repeat(table, 2, axis=-1) if interleaved else np.concatenate([table, table], axis=-1)
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
