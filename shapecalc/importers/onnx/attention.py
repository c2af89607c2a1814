"""Attention and rotary embeddings of operator set 23 and newer."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.importers.onnx.node import operator
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.dims import Dim
    from shapecalc.importers.graph import Value
    from shapecalc.importers.onnx.node import OnnxNode

QUERY, KEY, VALUE, MASK, PAST_KEY, PAST_VALUE, LENGTHS = range(7)


def heads(node: OnnxNode, place: int, count: int) -> Value:
    """Return an input as [N, heads, T, E]."""
    value = node.read(place)
    if value.rank == 4:  # noqa: PLR2004
        return value
    n, t, features = value.shape
    if not count:
        raise Unreadable(f"`{node.op}` does not state its number of heads")
    split = node.reshaped(value, [n, t, count, features // count])
    return node.permuted(split, [0, 2, 1, 3])


def _allowed(node: OnnxNode, queries: Dim, keys: Dim, left: int, right: int) -> Value | None:
    """Return flags of the keys that each query may attend to, None if all; [T, S], or with lengths [N, 1, T, S]."""
    if left < 0 and right < 0 and not node.has(LENGTHS):
        return None
    rows, columns, past = node.ints([queries, keys, node.shape(PAST_KEY)[2] if node.has(PAST_KEY) else 0])
    node.bounded(rows * columns)
    distance = np.arange(rows)[:, None] + past - np.arange(columns)
    if not node.has(LENGTHS):
        within = np.ones_like(distance, dtype=bool)
        within &= distance <= left if left >= 0 else within
        within &= distance >= -right if right >= 0 else within
        return None if within.all() else node.numbers(within)
    lengths = node.reshaped(node.read(LENGTHS), [node.shape(LENGTHS)[0], 1, 1, 1])
    flags = [node.step("greater", lengths, node.numbers(np.arange(columns)))]
    moved = node.step("add", node.numbers(distance - rows), lengths)
    flags += [node.step("less_equal", moved, other=left)] if left >= 0 else []
    flags += [node.step("greater_equal", moved, other=-right)] if right >= 0 else []
    return node.step("logical_and", *flags) if len(flags) > 1 else flags[0]


def _bias(node: OnnxNode, flags: Value | None, keys: Dim) -> Value | None:
    """Return the mask of all conditions together: flags, or numbers if the mask of the node has them."""
    if not node.has(MASK):
        return flags
    mask = node.read(MASK)
    missing = keys - mask.shape[-1]
    if not isinstance(missing, int) or missing:
        (count,) = node.ints([missing], "mask")
        if mask.dtype == "bool":
            fill = node.chain(node.cast(mask, "float32"), ("pad", {"padding": [0, count]}))
            mask = node.cast(fill, "bool")
        else:
            mask = node.step("pad", mask, padding=[0, count], value=-inf)
    if flags is None:
        return mask
    return node.step("logical_and", mask, flags) if mask.dtype == "bool" else node.step("where", flags, mask, y=-inf)


@operator("Attention")
def attention(
    node: OnnxNode,
    *,
    is_causal: int = 0,
    kv_num_heads: int = 0,
    q_num_heads: int = 0,
    qk_matmul_output_mode: int = 0,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_precision: int | None = None,
    left_window_size: int = -1,
    right_window_size: int = -1,
) -> Sequence[Value | None]:
    """Return `scaled_dot_product_attention`; conditions that it has no field for become a mask."""
    del softmax_precision
    query, key = heads(node, QUERY, q_num_heads), heads(node, KEY, kv_num_heads)
    value = heads(node, VALUE, kv_num_heads)
    if node.has(PAST_KEY):
        key = node.step("concat", node.read(PAST_KEY), key, dim=2)
        value = node.step("concat", node.read(PAST_VALUE), value, dim=2)
    (n, count, queries, _), (_, groups, keys, _) = query.shape, key.shape
    fields: dict[str, Any] = {"scale": scale or None, "softcap": softcap or None}
    fields |= {"enable_gqa": True} if groups != count else {}
    plain = is_causal and not (node.has(PAST_KEY) or node.has(LENGTHS) or node.has(MASK))
    if plain:
        fields |= {"is_causal": True, "window": left_window_size + 1 if left_window_size >= 0 else None}
        mask = None
    else:
        right = 0 if is_causal else right_window_size
        mask = _bias(node, _allowed(node, queries, keys, left_window_size, right), keys)
    last = [] if mask is None else [mask]
    result = node.step("scaled_dot_product_attention", query, key, value, *last, **fields)
    if node.rank() == 3:  # noqa: PLR2004
        result = node.reshaped(node.permuted(result, [0, 2, 1, 3]), [n, queries, value.shape[3] * count])
    if len(node.outputs) < 4 or not node.outputs[3]:  # noqa: PLR2004
        return result, key, value
    return result, key, value, _scores(node, query, key, last, fields, qk_matmul_output_mode)


def _scores(node: OnnxNode, query: Value, key: Value, last: list[Value], fields: dict[str, Any], mode: int) -> Value:
    """Return the products of queries and keys: scaled (0), limited (1), masked (2), or the weights themselves (3)."""
    (n, count, _, features), (_, groups, keys, _) = query.shape, key.shape
    if mode == 3:  # noqa: PLR2004
        (size,) = node.ints([keys])
        node.bounded(size * size)
        every = node.step("expand", node.numbers(np.eye(size, dtype=np.float32)), size=[n, groups, keys, keys])
        return node.step("scaled_dot_product_attention", query, key, every, *last, **fields)
    (depth,), (many, few) = node.ints([features]), node.ints([count, groups])
    if many != few:
        key = node.step("repeat_interleave", key, repeats=many // few, dim=1)
    scores = node.step("matmul", query, key, transpose_b=True)
    scores = node.step("multiply", scores, other=fields["scale"] or depth**-0.5)
    cap = fields["softcap"]
    if cap:
        scores = node.chain(scores, ("divide", {"other": cap}), "tanh", ("multiply", {"other": cap}))
    if mode == 2 and last:  # noqa: PLR2004
        is_flags = last[0].dtype == "bool"
        scores = node.step("where", last[0], scores, y=-inf) if is_flags else node.step("add", scores, last[0])
    return scores


@operator("RotaryEmbedding")
def rotary(node: OnnxNode, *, interleaved: int = 0, num_heads: int = 0, rotary_embedding_dim: int = 0) -> Value:
    """Return `rotary_embedding` with given cosines and sines, which positions select from a table."""
    angles = [
        node.step("take", node.read(place), node.read(3), dim=0) if node.has(3) else node.read(place)
        for place in (1, 2)
    ]
    angles = [node.step("unsqueeze", angle, dim=1) for angle in angles]
    query = heads(node, 0, num_heads)
    fields: dict[str, Any] = {"interleaved": bool(interleaved), "rotary_dim": rotary_embedding_dim or None}
    result = node.step("rotary_embedding", query, *angles, **fields)
    return result if node.rank() == 4 else node.reshaped(node.permuted(result, [0, 2, 1, 3]), node.shape())  # noqa: PLR2004


@operator("FlexAttention")
def flex_attention(node: OnnxNode, *, scale: float | None = None, softmax_precision: int | None = None) -> Value:
    """Return `scaled_dot_product_attention`, unless a graph changes its scores or weights, which is refused."""
    del softmax_precision
    grouped = node.shape(KEY)[1] != node.shape(QUERY)[1]
    reads = [node.read(place) for place in (QUERY, KEY, VALUE)]
    return node.step("scaled_dot_product_attention", *reads, scale=scale or None, enable_gqa=grouped)


@operator("LinearAttention")
def linear_attention(
    node: OnnxNode,
    *,
    q_num_heads: int = 0,
    kv_num_heads: int = 0,
    scale: float = 0.0,
    update_rule: str = "",
    chunk_size: int = 0,
) -> Sequence[Value | None]:
    """Return a state of keys times values, step by step: it decays, and takes up what it lacks of a value."""
    del update_rule, chunk_size  # the inputs say which rule it is
    query, key = heads(node, 0, q_num_heads), heads(node, 1, kv_num_heads)
    value = heads(node, 2, kv_num_heads)
    decay = heads(node, 4, kv_num_heads) if node.has(4) else None
    beta = heads(node, 5, node.ints(node.shape(5)[2:3])[0]) if node.has(5) else None
    (length, count, groups, depth) = node.ints([query.shape[2], query.shape[1], key.shape[1], query.shape[3]])
    if length > 64:  # noqa: PLR2004
        raise Unreadable(f"`{node.op}` over {length} steps, each of which would be steps of its own")
    state = node.read(3) if node.has(3) else None
    outputs = []
    for time in range(length):
        now: dict[str, Any] = {"dim": 2, "start": time, "end": time + 1}
        row, new = node.step("slice", key, **now), node.step("slice", value, **now)
        if decay is not None and state is not None:
            fading = node.chain(decay, ("slice", now), "exp", ("permute", {"dims": [0, 1, 3, 2]}))
            state = node.step("multiply", state, fading)
        if beta is not None and state is not None:
            new = node.step("subtract", new, node.step("matmul", row, state))
        if beta is not None:
            new = node.step("multiply", new, node.step("slice", beta, **now))
        product = node.step("matmul", node.permuted(row, [0, 1, 3, 2]), new)
        state = product if state is None else node.step("add", state, product)
        repeat = {"repeats": count // groups, "dim": 1}
        every = node.chain(state, ("repeat_interleave", repeat)) if count != groups else state
        read = node.step("matmul", node.step("slice", query, **now), every)
        outputs.append(node.step("multiply", read, other=scale or depth**-0.5))
    result = node.step("concat", *outputs, dim=2) if length > 1 else outputs[0]
    flat = node.permuted(result, [0, 2, 1, 3])
    return node.reshaped(flat, [*flat.shape[:2], flat.shape[2] * flat.shape[3]]), state
