"""Attention and rotary embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tests.oracle.onnx_nodes.network import InexpressibleError

if TYPE_CHECKING:
    from tests.oracle.onnx_nodes.network import Network, Node, Operator, Slots

QUERY, KEY, VALUE, MASK, PAST_KEY, PAST_VALUE, LENGTHS = range(7)


def heads(node: Node, net: Network, place: int, count: int) -> tuple[str, list[int]]:
    """Return an input as [N, heads, T, E], and this shape."""
    if node.rank(place) == 4:
        return net.read(place), node.shape(place)
    n, t, features = node.shape(place)
    first = net.step("reshape", [n, t, count, features // count], net.read(place))
    return net.step("permute", [0, 2, 1, 3], first), [n, count, t, features // count]


def allowed(node: Node, net: Network, queries: int, keys: int) -> str | None:
    """Return flags of the keys that each query may attend to, or None if all; [T, S], or with lengths [N, 1, T, S]."""
    past = node.shape(PAST_KEY)[2] if node.has(PAST_KEY) else 0
    left, right = node.get("left_window_size", -1), node.get("right_window_size", -1)
    right = 0 if node.get("is_causal") else right
    distance = np.arange(queries)[:, None] + past - np.arange(keys)
    flags = []
    if node.has(LENGTHS):
        lengths = net.step("reshape", [node.shape(LENGTHS)[0], 1, 1, 1], net.read(LENGTHS))
        flags.append(net.step("greater", None, [lengths, net.numbers(np.arange(keys))]))
        moved = net.step("add", None, [net.numbers(distance - queries), lengths])
        flags += [net.step("less_equal", left, moved)] if left >= 0 else []
        flags += [net.step("greater_equal", -right, moved)] if right >= 0 else []
    else:
        within = np.ones_like(distance, dtype=bool)
        within &= distance <= left if left >= 0 else within
        within &= distance >= -right if right >= 0 else within
        flags += [] if within.all() else [net.numbers(within)]
    return net.step("logical_and", None, flags) if len(flags) > 1 else flags[0] if flags else None


def bias(node: Node, net: Network, queries: int, keys: int) -> str | None:
    """Return the mask of all conditions together: flags, or numbers if the mask of the node has them."""
    flags = allowed(node, net, queries, keys)
    if not node.has(MASK):
        return flags
    mask, missing = net.read(MASK), keys - node.shape(MASK)[-1]
    is_flags = node.array(MASK).dtype.kind == "b"
    if missing and is_flags:
        mask = net.chain(mask, ("cast", "int64"), ("pad", [0, missing]), ("cast", "bool"))
    elif missing:
        mask = net.step("pad", {"padding": [0, missing], "value": -np.inf}, mask)
    if flags is None:
        return mask
    return (
        net.step("logical_and", None, [mask, flags]) if is_flags else net.step("where", {"y": -np.inf}, [flags, mask])
    )


def attention(node: Node, net: Network) -> Slots:
    """`scaled_dot_product_attention`; conditions that it has no field for become a mask."""
    query, (n, count, queries, features) = heads(node, net, QUERY, node.get("q_num_heads", 0))
    key, (_, groups, keys, _) = heads(node, net, KEY, node.get("kv_num_heads", 0))
    value, _ = heads(node, net, VALUE, node.get("kv_num_heads", 0))
    if node.has(PAST_KEY):
        key = net.step("concat", {"dim": 2}, [net.read(PAST_KEY), key])
        value = net.step("concat", {"dim": 2}, [net.read(PAST_VALUE), value])
        keys += node.shape(PAST_KEY)[2]
    fields: dict[str, Any] = {"scale": node.get("scale")} if node.get("scale") else {}
    fields |= {"softcap": node.get("softcap")} if node.get("softcap") else {}
    fields |= {"enable_gqa": True} if groups != count else {}
    plain = node.get("is_causal") and not (node.has(PAST_KEY) or node.has(LENGTHS))
    left = node.get("left_window_size", -1)
    if plain and not node.has(MASK):
        fields |= {"is_causal": True, **({"window": left + 1} if left >= 0 else {})}
        mask = None
    else:
        mask = bias(node, net, queries, keys)
    last = [mask] if mask else []
    result = net.step("scaled_dot_product_attention", fields, [query, key, value, *last])
    if node.rank() == 3:
        width = node.shape(VALUE)[2] // groups * count
        result = net.chain(result, ("permute", [0, 2, 1, 3]), ("reshape", [n, queries, width]))
    if len(node.outputs) < 4:
        return result, key, value
    scale = node.get("scale") or features**-0.5
    repeated = net.step("repeat_interleave", {"repeats": count // groups, "dim": 1}, key) if groups != count else key
    if node.get("qk_matmul_output_mode", 0) == 3:
        every = net.step("expand", [n, groups, keys, keys], net.tensor(np.eye(keys, dtype=np.float32)))
        return result, key, value, net.step("scaled_dot_product_attention", fields, [query, key, every, *last])
    scores = net.chain(net.step("matmul", {"transpose_b": True}, [query, repeated]), ("multiply", scale))
    if node.get("softcap"):
        cap = node.get("softcap")
        scores = net.chain(scores, ("divide", cap), "tanh", ("multiply", cap))
    if node.get("qk_matmul_output_mode", 0) == 2 and mask:
        is_flags = (node.has(MASK) and node.array(MASK).dtype.kind == "b") or not node.has(MASK)
        scores = (
            net.step("where", {"y": -np.inf}, [mask, scores]) if is_flags else net.step("add", None, [scores, mask])
        )
    return result, key, value, scores


def rotary(node: Node, net: Network) -> Slots:
    """`rotary_embedding` with given cosines and sines, which positions select from a table."""
    angles = [
        net.step("take", {"dim": 0}, [net.read(place), net.read(3)]) if node.has(3) else net.read(place)
        for place in (1, 2)
    ]
    fields: dict[str, Any] = {"interleaved": True} if node.get("interleaved") else {}
    fields |= {"rotary_dim": node.get("rotary_embedding_dim")} if node.get("rotary_embedding_dim") else {}
    query, (n, count, length, features) = heads(node, net, 0, node.get("num_heads", 0))
    angles = [net.step("unsqueeze", 1, angle) for angle in angles]
    result = net.step("rotary_embedding", fields, [query, *angles])
    if node.rank() == 4:
        return result
    return net.chain(result, ("permute", [0, 2, 1, 3]), ("reshape", [n, length, count * features]))


def flex_attention(node: Node, net: Network) -> Slots:
    """`scaled_dot_product_attention`, unless a graph changes its scores or weights."""
    graphs = [name for name in ("score_mod", "prob_mod") if node.get(name) is not None]
    if graphs:
        raise InexpressibleError(f"a graph as an attribute: {graphs[0]}")
    fields: dict[str, Any] = {"scale": node.get("scale")} if node.get("scale") else {}
    fields |= {"enable_gqa": True} if node.shape(KEY)[1] != node.shape(QUERY)[1] else {}
    return net.step("scaled_dot_product_attention", fields, [net.read(QUERY), net.read(KEY), net.read(VALUE)])


OPERATORS: dict[str, Operator] = {"Attention": attention, "FlexAttention": flex_attention, "RotaryEmbedding": rotary}
