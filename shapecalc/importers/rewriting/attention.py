"""Attention from its products: softmax(scale · Q Kᵀ + mask) V, masks that are causal, and heads that are repeated."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isclose
from typing import TYPE_CHECKING, Any

from shapecalc.importers.rewriting.layouts import MOVES
from shapecalc.importers.rewriting.rewriter import Rewriter, Rules
from shapecalc.importers.rewriting.tables import array_of

if TYPE_CHECKING:
    from shapecalc.importers.graph import ImportedStep, Value

RULES = Rules()
ATTENTION = "scaled_dot_product_attention"
HIDDEN = -1e4
"""A number that, added to a score, leaves nothing of its exponential."""
MOST_STEPS = 8
"""Steps between a softmax and the product whose scores it reads."""


@dataclass(slots=True)
class Scores:
    """The scores of a softmax, followed back to their product: the factor after it, the masks, and the steps inside."""

    value: Value
    nodes: list[ImportedStep]
    factor: float = 1.0
    softcap: float | None = None
    masks: list[tuple[str, Value]] = field(default_factory=list)
    """Each with what it is: numbers to `add`, or flags that `show` or `hide`."""

    def enter(self, node: ImportedStep, read: Value) -> bool:
        """Continue at what a step reads."""
        self.nodes.append(node)
        self.value = read
        return True


@RULES.on("matmul")
def attention_of_products(at: Rewriter, node: ImportedStep) -> Value | None:
    """A softmax of products of queries and keys, times values, is attention."""
    weights, v = node.reads
    inside = [node]
    while not isinstance(weights.node, str) and weights.node.type in ("dropout", "identity"):
        inside.append(weights.node)
        weights = weights.node.reads[0]
    softmax = weights.node
    if node.layer.transpose_b or isinstance(softmax, str) or softmax.type != "softmax":  # type: ignore[attr-defined]
        return None
    if softmax.layer.dim % weights.rank != weights.rank - 1:  # type: ignore[attr-defined]
        return None
    scores = Scores(softmax.reads[0], [*inside, softmax])
    product = _product(at, scores)
    if product is None or len(scores.masks) > 1:
        return None
    q, k = (_unscaled(scores, read) for read in product.reads)
    scores.factor *= scores.softcap or 1.0
    if scores.factor <= 0 or not at.is_closed(scores.nodes, node.value()):
        return None
    if not product.layer.transpose_b:  # type: ignore[attr-defined]
        # What turned the keys before is undone together with this.
        k = at.step("permute", k, dims=[*range(k.rank - 2), k.rank - 1, k.rank - 2])
    usual = isinstance(q.shape[-1], int) and isclose(scores.factor, q.shape[-1] ** -0.5, rel_tol=1e-6)
    fields: dict[str, Any] = {"scale": None if usual else scores.factor, "softcap": scores.softcap}
    masks = [at.step("logical_not", mask) if kind == "hide" else mask for kind, mask in scores.masks]
    return at.step(ATTENTION, q, k, v, *masks, replaces=scores.nodes, what="attention", **fields)


def _product(at: Rewriter, scores: Scores) -> ImportedStep | None:
    """Follow scores back to the product of queries and keys, and return it; None if there is none."""
    for _ in range(MOST_STEPS):
        node = scores.value.node
        if isinstance(node, str) or scores.value.output:
            return None
        if node.type == "matmul":
            scores.nodes.append(node)
            return node
        followed = _follow_number(scores, node) or _follow_mask(at, scores, node) or _follow_bound(scores, node)
        if not followed:
            return None
    return None


def _follow_number(scores: Scores, node: ImportedStep) -> bool:
    number = _factor(node)
    if number is None:
        return False
    scores.factor *= number
    return scores.enter(node, node.reads[0])


def _follow_bound(scores: Scores, node: ImportedStep) -> bool:
    """Continue before softcap · tanh(s / softcap)."""
    if node.type != "tanh" or scores.softcap is not None or scores.factor <= 0:
        return False
    scores.softcap, scores.factor = scores.factor, 1.0
    return scores.enter(node, node.reads[0])


def _follow_mask(at: Rewriter, scores: Scores, node: ImportedStep) -> bool:  # noqa: PLR0911 - one for each way to write a mask
    # What is added is not scaled and has no bound: nothing multiplies the scores after it.
    if scores.factor != 1 or scores.softcap is not None:
        return False
    if node.type == "add" and len(node.reads) == 2 and node.layer.other is None:  # type: ignore[attr-defined]  # noqa: PLR2004
        for first, mask in (node.reads, node.reads[::-1]):
            if first.shape == node.value().shape and _is_product(first):
                scores.masks.append(("add", mask))
                return scores.enter(node, first)
        return False
    layer: Any = node.layer
    if node.type == "masked_fill":
        first, mask, kind, value = node.reads[0], node.reads[1], "hide", layer.value
    elif node.type == "where" and len(node.reads) == 2:  # noqa: PLR2004 - a condition and scores
        mask, first = node.reads
        kind, value = ("hide", layer.x) if layer.y is None else ("show", layer.y)
    else:
        return False
    if first.shape != node.value().shape or value > HIDDEN:
        return False
    # Where every key is hidden, a finite number gives equal weights, and attention zeros.
    if value != float("-inf") and not _leaves_keys(array_of(at, mask), kind):
        return False
    scores.masks.append((kind, mask))
    return scores.enter(node, first)


def _leaves_keys(mask: Any, kind: str) -> bool:
    """Return whether a mask is known to show at least one key to each query."""
    if mask is None:
        return False
    shown = mask if kind == "show" else ~mask
    return bool(shown.any(axis=-1).all())


def _is_product(value: Value) -> bool:
    for _ in range(MOST_STEPS):
        node = value.node
        if isinstance(node, str) or not node.reads:
            return False
        if node.type == "matmul":
            return True
        if node.type not in ("multiply", "divide", "add", "tanh"):
            return False
        value = node.reads[0]
    return False


def _factor(node: ImportedStep) -> float | None:
    """Return the number that a step multiplies by."""
    if node.type not in ("multiply", "divide") or len(node.reads) != 1 or getattr(node.layer, "reverse", False):
        return None
    other: float = node.layer.other  # type: ignore[attr-defined]
    if not other:
        return None
    return other if node.type == "multiply" else 1 / other


def _unscaled(scores: Scores, value: Value) -> Value:
    """Return what a number multiplies, whose factor is one of the scores."""
    node = value.node
    number = None if isinstance(node, str) else _factor(node)
    if isinstance(node, str) or number is None or number < 0:
        return value
    scores.nodes.append(node)
    scores.factor *= number
    return node.reads[0]


@RULES.on(ATTENTION)
def constant_mask(at: Rewriter, node: ImportedStep) -> Value | None:
    """A constant mask that hides the later keys alone is `is_causal`, or a `window`; one that hides none is dropped."""
    if len(node.reads) < 4 or node.layer.is_causal:  # type: ignore[attr-defined]  # noqa: PLR2004 - a mask
        return None
    mask = array_of(at, node.reads[3])
    hidden = None if mask is None else _hidden(mask)
    if hidden is None:
        return None
    queries, keys = node.reads[0].shape[-2], node.reads[1].shape[-2]
    if not isinstance(queries, int) or not isinstance(keys, int):
        return None
    fields = _as_fields(hidden, queries, keys)
    if fields is None:
        return None
    return at.step(
        ATTENTION, *node.reads[:3], replaces=[node], what="attention", tensors=node.tensors, **{**node.fields, **fields}
    )


def _hidden(mask: Any) -> Any:
    """Return where a mask hides, None if it does anything else."""
    if mask.dtype.kind == "b":
        return ~mask
    hidden = mask <= HIDDEN
    return None if bool(((mask != 0) & ~hidden).any()) else hidden


def _as_fields(hidden: Any, queries: int, keys: int) -> dict[str, Any] | None:
    """Return the fields that hide the same pairs of queries and keys, None if there are none."""
    import numpy as np  # noqa: PLC0415 - NumPy is imported only where values are computed

    distance = np.arange(queries)[:, None] - np.arange(keys)
    try:
        hidden = np.broadcast_to(hidden, (*hidden.shape[:-2], queries, keys))
    except ValueError:
        return None
    if not bool(hidden.any()):
        return {}
    if bool(hidden.all(axis=-1).any()):
        return None
    if bool((hidden == (distance < 0)).all()):
        return {"is_causal": True}
    seen = distance[~hidden.reshape(-1, queries, keys)[0]]
    window = int(seen.max()) + 1 if seen.size else 0
    banded = (distance < 0) | (distance >= window)
    return {"is_causal": True, "window": window} if window and bool((hidden == banded).all()) else None


@RULES.on(ATTENTION)
def shared_heads(at: Rewriter, node: ImportedStep) -> Value | None:
    """Heads of keys and values that are repeated for several heads of the queries are shared by these."""
    q, k, v = node.reads[:3]
    keys, values = _unrepeated(k), _unrepeated(v)
    if keys is None or values is None or keys.shape[-3] != values.shape[-3] or node.layer.enable_gqa:  # type: ignore[attr-defined]
        return None
    nodes = [node, *_moves(k, keys), *_moves(v, values)]
    reads = (q, keys, values, *node.reads[3:])
    return at.step(ATTENTION, *reads, replaces=nodes, tensors=node.tensors, **{**node.fields, "enable_gqa": True})


def _unrepeated(value: Value) -> Value | None:
    """Return keys or values before each head was repeated."""
    node = value.node
    if isinstance(node, str) or value.rank < 3:  # noqa: PLR2004 - heads, length, features
        return None
    if node.type == "repeat_interleave":
        heads = node.layer.dim % value.rank == value.rank - 3  # type: ignore[attr-defined]
        return node.reads[0] if heads else None
    wide = node.reads[0] if node.type in ("reshape", "flatten") else None
    expand = None if wide is None else wide.node
    if wide is None or isinstance(expand, str) or expand is None or expand.type != "expand":
        return None
    narrow = expand.reads[0]
    unsqueeze = narrow.node
    if isinstance(unsqueeze, str) or unsqueeze.type not in ("unsqueeze", "reshape"):
        return None
    source, rank = unsqueeze.reads[0], value.rank
    *leading, heads, length, features = source.shape
    one = (*leading, heads, 1, length, features)
    repeated = (*leading, heads, wide.shape[rank - 2] if wide.rank == rank + 1 else 0, length, features)
    joined = (*leading, heads * repeated[-3], length, features)
    return source if (narrow.shape, wide.shape, value.shape) == (one, repeated, joined) else None


def _moves(last: Value, first: Value) -> list[ImportedStep]:
    nodes = []
    while last.key != first.key and not isinstance(last.node, str):
        nodes.append(last.node)
        last = last.node.reads[0]
    return nodes


@RULES.on(ATTENTION)
def scaled_queries(at: Rewriter, node: ImportedStep) -> Value | None:
    """A number that multiplies the queries before they are divided into heads is a part of the scale."""
    q = node.reads[0]
    layout_moves: list[ImportedStep] = []
    value = q
    while not isinstance(value.node, str) and value.node.type in MOVES:
        layout_moves.append(value.node)
        value = value.node.reads[0]
    scaled = value.node
    number = None if isinstance(scaled, str) else _factor(scaled)
    if isinstance(scaled, str) or number is None or number <= 0 or not isinstance(q.shape[-1], int):
        return None
    usual = q.shape[-1] ** -0.5
    scale = number * (node.layer.scale or usual)  # type: ignore[attr-defined]
    if not at.is_closed([scaled, *layout_moves, node], node.value()):
        return None
    moved = scaled.reads[0]
    for each in reversed(layout_moves):
        moved = at.changed(each, moved)
    fields = {**node.fields, "scale": None if isclose(scale, usual, rel_tol=1e-6) else scale}
    reads = (moved, *node.reads[1:])
    return at.step(ATTENTION, *reads, replaces=[scaled, node], tensors=node.tensors, **fields)


@RULES.on("where", "masked_fill")
def constant_condition(at: Rewriter, node: ImportedStep) -> Value | None:
    """A constant condition that selects all elements of one input, and none of a number, is dropped."""
    layer: Any = node.layer
    if len(node.reads) != 2:  # noqa: PLR2004 - a condition and what it selects from
        return None
    if node.type == "where":
        (condition, x), wanted = node.reads, layer.x is None
    else:
        (x, condition), wanted = node.reads, False
    known = array_of(at, condition) if x.shape == node.value().shape else None
    return x if known is not None and bool((known == wanted).all()) else None
