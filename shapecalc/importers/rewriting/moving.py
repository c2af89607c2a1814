"""Chains of steps that move elements: joined, or dropped if they undo each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.rewriting.layouts import MOST_MOVES, MOVES, rendered, reshaping, traced
from shapecalc.importers.rewriting.rewriter import Rewriter, Rules

if TYPE_CHECKING:
    from shapecalc.importers.graph import ImportedStep, Value

RULES = Rules()
REGROUPING = ("reshape", "flatten", "unsqueeze", "squeeze")
BROADCASTING = ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "where", "masked_fill")


@RULES.on("identity", "expand", "cast", "reshape", "permute", "tile", "pad", "slice", "concat", "dropout")
def nothing(_: Rewriter, node: ImportedStep) -> Value | None:
    """A step that changes nothing is dropped."""
    if not node.reads or len(node.reads) > 1:
        return None
    x, y = node.reads[0], node.value()
    if x.shape != y.shape or x.dtype != y.dtype:
        return None
    if node.type == "permute":
        dims = [dim % x.rank for dim in node.layer.dims]  # type: ignore[attr-defined]
        return x if dims == sorted(dims) else None
    return None if node.type == "dropout" and node.layer.p != 0 else x  # type: ignore[attr-defined]


@RULES.on(*sorted(MOVES))
def chain(at: Rewriter, node: ImportedStep) -> Value | None:
    """A chain of moves becomes the fewest steps that do the same, if these are fewer."""
    key = _identity(at, node)
    if key[-1] < 2 or key in at.settled:  # noqa: PLR2004 - two moves
        return None
    layout, nodes = traced(node.value(), lambda _: True)
    if rendered(layout):  # what others read too has to be computed anyway
        layout, nodes = traced(node.value(), lambda value: at.only_user(value) is not None)
    steps = rendered(layout)
    if len(steps) >= len(nodes):
        at.settled.add(key)
        return None
    value = layout.source
    if not steps and isinstance(value.node, str) and at.is_output(node.value()):
        return None
    for type_, fields in steps:
        value = at.step(type_, value, replaces=nodes, **fields)
    return value


def _identity(at: Rewriter, node: ImportedStep) -> tuple[int, ...]:
    """Return the identities of the steps of a chain, how many of them serve it alone, and how many there are."""
    chain = [id(node)]
    alone, exclusive = 0, True
    value = node.reads[0]
    while not isinstance(value.node, str) and value.node.type in MOVES and len(chain) < MOST_MOVES:
        exclusive = exclusive and at.only_user(value) is not None
        alone += exclusive
        chain.append(id(value.node))
        value = value.node.reads[0]
    return *chain, alone, len(chain)


@RULES.on("reshape", "flatten", "unsqueeze", "squeeze")
def two_shapes(at: Rewriter, node: ImportedStep) -> Value | None:
    """Of two shapes one after another the last one alone matters."""
    first = node.reads[0].node
    if isinstance(first, str) or first.type not in REGROUPING or at.only_user(node.reads[0]) is not node:
        return None
    better = reshaping(first.reads[0].shape, node.value().shape)
    return at.step(better[0], *first.reads, replaces=[first, node], **better[1]) if better else None


@RULES.on("reshape")
def as_written(at: Rewriter, node: ImportedStep) -> Value | None:
    """A reshape is written with a 0 for each axis that it copies; one that only joins axes is a flatten."""
    better = reshaping(node.reads[0].shape, node.value().shape)
    if better is None or (better[0] == "reshape" and better[1]["shape"] == node.layer.shape):  # type: ignore[attr-defined]
        return None
    return at.step(better[0], *node.reads, replaces=[node], **better[1])


@RULES.on("unsqueeze")
def axis_with_keepdim(at: Rewriter, node: ImportedStep) -> Value | None:
    """An axis that a reduction removes and the next step inserts again is one that it keeps."""
    reduction = node.reads[0].node
    if isinstance(reduction, str) or not hasattr(reduction.layer, "keepdim") or reduction.layer.keepdim:
        return None
    dim = getattr(reduction.layer, "dim", None)
    if at.only_user(node.reads[0]) is not node or not isinstance(dim, int) or len(reduction.outputs) != 1:
        return None
    if dim % reduction.reads[0].rank != node.layer.dim % node.value().rank:  # type: ignore[attr-defined]
        return None
    return at.step(
        reduction.type, *reduction.reads, replaces=[reduction, node], **{**reduction.fields, "keepdim": True}
    )


@RULES.on(*BROADCASTING)
def expansion_before_arithmetic(at: Rewriter, node: ImportedStep) -> Value | None:
    """An expansion whose only effect is that of broadcasting is dropped."""
    reads: list[Value] = []
    for read in node.reads:
        before = read.node
        expands = not isinstance(before, str) and before.type == "expand"
        reads.append(before.reads[0] if expands and not isinstance(before, str) else read)
    if reads == list(node.reads) or len({read.key for read in reads}) != len({read.key for read in node.reads}):
        return None
    fields: dict[str, Any] = node.fields
    made = at.step(node.type, *reads, replaces=[node], **fields)
    return made if made.shape == node.value().shape else None


@RULES.on("concat")
def copies(at: Rewriter, node: ImportedStep) -> Value | None:
    """Several copies of one value along an axis of size 1 are an expansion."""
    x, dim = node.reads[0], node.layer.dim  # type: ignore[attr-defined]
    if len(node.reads) < 2 or any(read.key != x.key for read in node.reads) or x.shape[dim] != 1:  # noqa: PLR2004
        return None
    size = [-1] * x.rank
    size[dim] = len(node.reads)
    return at.step("expand", x, replaces=[node], size=size)
