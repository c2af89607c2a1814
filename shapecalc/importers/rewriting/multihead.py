"""The whole of multi-head attention: one projection to queries, keys and values, heads, attention, and a projection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.importers.rewriting.layouts import MOVES, Rearrangement, traced
from shapecalc.importers.rewriting.rewriter import Rewriter, Rules

if TYPE_CHECKING:
    from shapecalc.importers.graph import ImportedStep, Value

RULES = Rules()
HEADS_RANK = 4
"""Samples, heads, sequence, features."""
MOST_STEPS = 16


class ProjectedHeads(NamedTuple):
    """How queries, keys or values are made of a projection: the place of the part, and those of its axes' factors."""

    projection: ImportedStep
    part: int
    axes: tuple[tuple[int, ...], ...]
    first: tuple[tuple[int, ...], ...]
    number: int
    nodes: list[ImportedStep]


@RULES.on("linear")
def multihead_attention(at: Rewriter, node: ImportedStep) -> Value | None:  # noqa: PLR0911 - conditions one by one
    """Attention of the thirds of one projection, whose heads a second projection reads, is multi-head attention."""
    layout, moves = traced(node.reads[0], lambda _: True)
    attention = layout.source.node
    if isinstance(attention, str) or attention.type != "scaled_dot_product_attention" or attention.tensors:
        return None
    q, k, v = (_heads(read) for read in attention.reads[:3])
    if q is None or k is None or v is None or attention.layer.enable_gqa or attention.layer.scale is not None:  # type: ignore[attr-defined]
        return None
    projection = q.projection
    same = k.projection is projection is v.projection and q[2:5] == k[2:5] == v[2:5]
    if not same or (q.part, k.part, v.part) != (0, 1, 2):
        return None
    batch_first = _is_batch_first(q)
    rows = _rows(layout)
    if batch_first is None or rows is None or projection.layer.bias is not node.layer.bias:  # type: ignore[attr-defined]
        return None
    x = projection.reads[0]
    nodes = [projection, *q.nodes, *k.nodes, *v.nodes, attention, *moves, node]
    width = {layer.layer.out_features for layer in (projection, node)}  # type: ignore[attr-defined]
    if x.rank != 3 or width != {x.shape[-1] * 3, x.shape[-1]} or not at.is_closed(nodes, node.value()):  # noqa: PLR2004
        return None
    if not _has_all_tensors(projection) or not _has_all_tensors(node):
        return None
    fields: dict[str, Any] = {
        "num_heads": q.number,
        "bias": node.layer.bias,  # type: ignore[attr-defined]
        "batch_first": batch_first,
        **{name: getattr(attention.layer, name) for name in ("is_causal", "window", "softcap")},
        "attn_mask": len(attention.reads) > 3,  # noqa: PLR2004 - a mask
    }
    tensors = {f"in_proj_{name}": stored for name, stored in projection.tensors.items()}
    tensors |= {f"out_proj.{name}": stored for name, stored in node.tensors.items()}
    made = at.step(
        "multihead_attention",
        x,
        *attention.reads[3:],
        replaces=nodes,
        what="multi-head attention",
        tensors=tensors,
        **fields,
    )
    if rows is not batch_first and 1 not in x.shape[:2]:
        made = at.step("permute", made, dims=[1, 0, 2])
    shape = node.value().shape
    return made if made.shape == shape else at.step("reshape", made, shape=shape)


def _has_all_tensors(linear: ImportedStep) -> bool:
    """Return whether a linear layer has a plain weight, and a bias if it adds one."""
    return set(linear.tensors) == set(linear.layer.tensors(linear.reads[0].shape)) <= {"weight", "bias"}


def _heads(value: Value) -> ProjectedHeads | None:  # noqa: PLR0911 - conditions one by one
    """Return how a value is made of a part of a linear layer's output."""
    if value.rank != HEADS_RANK:
        return None
    chain: list[Value] = []
    while not isinstance(value.node, str) and value.node.type != "linear" and len(chain) < MOST_STEPS:
        if value.node.type not in (*MOVES, "select", "unbind", "split", "chunk"):
            return None
        chain.append(value)
        value = value.node.reads[0]
    projection = value.node
    if isinstance(projection, str) or projection.type != "linear" or value.rank != 3:  # noqa: PLR2004
        return None
    layout = Rearrangement.of(value)
    for each in reversed(chain):
        if not _moved(layout, each):
            return None
    layout.resolve()
    last = layout.first[-1]
    if len(layout.fixed) != 1 or len(last) != 3 or last[0] is not layout.fixed[0][0]:  # noqa: PLR2004 - part, heads, features
        return None
    if last[0].size != 3 or not isinstance(last[1].size, int) or last[1].size < 2:  # noqa: PLR2004
        return None
    places = {id(factor): place for place, factor in enumerate(f for axis in layout.first for f in axis)}
    axes, first = (
        tuple(tuple(places[id(factor)] for factor in axis) for axis in sides) for sides in (layout.axes, layout.first)
    )
    nodes = [each.node for each in chain if not isinstance(each.node, str)]
    if axes[1] != first[-1][1:2] or axes[3] != first[-1][2:]:
        return None
    return ProjectedHeads(projection, layout.fixed[0][1], axes, first, last[1].size, nodes)


def _moved(layout: Rearrangement, value: Value) -> bool:
    node = value.node
    assert not isinstance(node, str)
    if node.type not in ("unbind", "split", "chunk"):
        return layout.move(node)
    dim = node.layer.dim % len(layout.axes)  # type: ignore[attr-defined]
    index = [node.value(name).key for name in node.outputs].index(value.key)
    sizes = {shape[dim] for shape in node.outputs.values()} if node.type != "unbind" else {1}
    if len(sizes) > 1:
        return False
    if node.type == "unbind":
        return layout.select(dim, index)
    return layout.part(dim, index, len(node.outputs))


def _is_batch_first(heads: ProjectedHeads) -> bool | None:
    """Return whether samples are axis 0 of the projection, and positions axis 1; None if they are neither."""
    samples, positions = heads.axes[0], heads.axes[2]
    if (samples, positions) == heads.first[:2]:
        return True
    return False if (positions, samples) == heads.first[:2] else None


def _rows(layout: Rearrangement) -> bool | None:
    """Return whether what the second projection reads has samples before positions; None if it has not heads last."""
    layout.resolve()
    first, axes = layout.first, layout.axes
    if len(first) != HEADS_RANK or not axes or [*first[1], *first[3]] != axes[-1]:
        return None
    rows = [factor for axis in axes[:-1] for factor in axis]
    if rows == [*first[0], *first[2]]:
        return True
    return False if rows == [*first[2], *first[0]] else None
