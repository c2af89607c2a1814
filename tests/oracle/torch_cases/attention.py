"""Attention with masks and biases, windows, bounded scores and sinks, and heads of their own size."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from torch_cases import Case, Filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

Shape = tuple[int, ...]
DOT = "scaled_dot_product_attention"
HEADS = "multihead_attention"


def band(queries: int, keys: int, window: int) -> Tensor:
    """Where a query looks: transformers' sliding_window_causal_mask_function."""
    query, key = torch.arange(queries)[:, None], torch.arange(keys)
    return (key <= query) & (key > query - window)


def dot_product(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, sinks: Tensor | None = None, **fields: Any
) -> Tensor:
    """PyTorch's function, or the eager attention of transformers where it has none: Gemma 2's bound, gpt-oss' sinks."""
    window, softcap = fields.pop("window", None), fields.pop("softcap", None)
    if sinks is None and softcap is None:
        if window is not None:
            fields["is_causal"] = False
            seen = band(q.shape[-2], k.shape[-2], window)
            mask = seen if mask is None else mask & seen
        return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, **fields)
    if fields.get("enable_gqa"):
        k, v = (x.repeat_interleave(q.shape[-3] // x.shape[-3], -3) for x in (k, v))
    scores = torch.matmul(q, k.transpose(-2, -1)) * (fields.get("scale") or q.shape[-1] ** -0.5)
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    if mask is not None:
        scores = scores + (mask if mask.is_floating_point() else torch.zeros(mask.shape).masked_fill(~mask, -torch.inf))
    if fields.get("is_causal"):
        seen = band(*scores.shape[-2:], window or scores.shape[-2])
        scores = scores + torch.zeros(seen.shape).masked_fill(~seen, -torch.inf)
    if sinks is not None:
        scores = torch.cat([scores, sinks[:, None, None].expand(*scores.shape[:-1], 1)], -1)
    return torch.matmul(functional.softmax(scores, -1)[..., : k.shape[-2]], v)


def dot_products() -> Iterator[Case]:
    q, k, v = (2, 6, 5, 8), (2, 6, 7, 8), (2, 6, 7, 8)
    few = (2, 3, 7, 8)
    wide = (2, 6, 7, 4)

    def case(fields: dict[str, Any], *inputs: Shape | Filled, saves: bool = True) -> Case:
        parameters = {"sinks": (inputs[0][-3],)} if fields.get("sinks") else {}
        given = {name: value for name, value in fields.items() if name != "sinks"}
        return Case(DOT, fields, inputs, partial(dot_product, **given), parameters, saves=saves)

    for mask in ((5, 7), (2, 6, 5, 7), (1, 6, 5, 7), (2, 1, 1, 7), (5, 1), (6, 5, 7)):
        for each in (mask, Filled(mask, "bool")):
            yield case({}, q, k, v, each)
            yield case({}, q, k, wide, each)
            yield case({"enable_gqa": True, "scale": 0.3}, q, few, few, each)
    yield case({}, (3, 5, 8), (3, 7, 8), (3, 7, 8), (5, 7))
    yield case({}, (3, 5, 8), (7, 8), (7, 8), Filled((3, 5, 7), "bool"))
    yield case({}, (5, 8), (7, 8), (3, 7, 8), (5, 7))
    square = (2, 6, 5, 8)
    yield case({"is_causal": True, "window": 2}, square, square, square)
    yield case({"is_causal": True, "window": 9}, square, square, square)
    yield case({"is_causal": True, "window": 2}, square, (2, 6, 2, 8), (2, 6, 2, 8))
    yield case({"is_causal": True, "window": 3}, square, square, (2, 6, 5, 4))
    yield case({"is_causal": True, "window": 2}, square, square, square, Filled((2, 1, 1, 5), "bool"))
    for fields in ({"softcap": 0.7}, {"sinks": True}, {"softcap": 0.7, "sinks": True}):
        yield case(fields, q, k, v)
        yield case(fields, q, k, v, (1, 6, 5, 7))
        yield case(fields, q, k, wide, Filled((5, 7), "bool"))
        yield case({**fields, "enable_gqa": True}, q, few, few)
        yield case({**fields, "is_causal": True}, square, square, square)
        yield case({**fields, "is_causal": True, "window": 2, "scale": 0.4}, square, square, square)


def heads(*inputs: Tensor, in_proj_bias: Tensor | None = None, fields: dict[str, Any], **weights: Tensor) -> Any:
    """Projections by hand, in heads of any size; what has a counterpart is compared with nn.MultiheadAttention too."""
    *others, mask = inputs if fields.get("attn_mask") else (*inputs, None)
    query, key, value = (*others, *[others[-1]] * (3 - len(others)))
    count, shared = fields["num_heads"], fields.get("num_kv_heads", fields["num_heads"])
    if "in_proj_weight" in weights:
        matrices = weights["in_proj_weight"].chunk(3)
    else:
        matrices = tuple(weights[f"{letter}_proj_weight"] for letter in "qkv")
    biases = [None] * 3 if in_proj_bias is None else in_proj_bias.split([len(matrix) for matrix in matrices])
    q, k, v = (functional.linear(x, w, b) for x, w, b in zip((query, key, value), matrices, biases, strict=True))
    q, k, v = (x.unflatten(-1, (n, -1)).transpose(1, 2) for x, n in ((q, count), (k, shared), (v, shared)))
    options = {name: fields[name] for name in ("is_causal", "window", "softcap") if name in fields}
    y = dot_product(q, k, v, mask, weights.get("sinks"), enable_gqa=True, **options)
    return functional.linear(y.transpose(1, 2).flatten(2), weights["out_proj.weight"], weights.get("out_proj.bias"))


def module(*inputs: Tensor, fields: dict[str, Any], **weights: Tensor) -> Any:
    """The function of nn.MultiheadAttention, whose flags are true for what is hidden."""
    fields = dict(fields)
    *others, mask = inputs
    query, key, value = (*others, *[others[-1]] * (3 - len(others)))
    if fields.pop("batch_first", False):
        turned: dict[int, Tensor] = {id(x): x.transpose(0, 1) for x in (query, key, value)}
        query, key, value = (turned[id(x)] for x in (query, key, value))
    length, batch, features = query.shape
    count = fields["num_heads"]
    if mask.dim() == 4:
        mask = mask.expand(batch, count, length, -1).flatten(0, 1)
    separate = "q_proj_weight" in weights
    y, attention = functional.multi_head_attention_forward(
        query, key, value, features, count, weights.get("in_proj_weight"), weights.get("in_proj_bias"),
        weights.get("bias_k"), weights.get("bias_v"), fields.get("add_zero_attn", False), 0.0,
        weights["out_proj.weight"], weights.get("out_proj.bias"), training=False,
        need_weights=fields.get("need_weights", False),
        attn_mask=mask if mask.is_floating_point() else ~mask,
        use_separate_proj_weight=separate,
        **({f"{letter}_proj_weight": weights[f"{letter}_proj_weight"] for letter in "qkv"} if separate else {}),
    )  # fmt: skip
    y = y.transpose(0, 1) if fields.get("need_first") else y
    return (y, attention) if fields.get("need_weights") else y


def multihead() -> Iterator[Case]:
    def case(forward: Callable[..., Any], fields: dict[str, Any], *inputs: Shape | Filled, saves: bool) -> Case:
        others = inputs[: len(inputs) - bool(fields.get("attn_mask"))]
        shapes = [each.shape if isinstance(each, Filled) else each for each in others]
        features, key, value = (shapes[min(place, len(shapes) - 1)][2] for place in range(3))
        size = fields.get("head_dim", features // fields["num_heads"])
        inside, group = size * fields["num_heads"], size * fields.get("num_kv_heads", fields["num_heads"])
        tensors: dict[str, Shape] = {"in_proj_weight": (3 * features, features)}
        if not features == key == value == inside == group:
            tensors = {
                "q_proj_weight": (inside, features),
                "k_proj_weight": (group, key),
                "v_proj_weight": (group, value),
            }
        if fields.get("bias", True):
            tensors["in_proj_bias"] = (inside + 2 * group,)
        if fields.get("add_bias_kv"):
            tensors |= {"bias_k": (1, 1, group), "bias_v": (1, 1, group)}
        tensors |= {"sinks": (fields["num_heads"],)} if fields.get("sinks") else {}
        tensors["out_proj.weight"] = (features, inside)
        tensors |= {"out_proj.bias": (features,)} if fields.get("bias", True) else {}
        return Case(HEADS, fields, inputs, partial(forward, fields=fields), tensors, saves=saves)

    x, first, memory = (5, 2, 12), (2, 5, 12), (7, 2, 12)
    for fields in (
        {"num_heads": 3, "head_dim": 6},
        {"num_heads": 3, "head_dim": 2, "bias": False},
        {"num_heads": 4, "num_kv_heads": 2, "head_dim": 5},
        {"num_heads": 4, "is_causal": True, "window": 2},
        {"num_heads": 4, "num_kv_heads": 2, "softcap": 0.6},
        {"num_heads": 4, "sinks": True, "is_causal": True},
    ):
        yield case(heads, {**fields, "batch_first": True}, first, saves=False)
    for fields in ({"num_heads": 3, "head_dim": 6}, {"num_heads": 4, "sinks": True, "softcap": 0.6}):
        mask = (2, fields["num_heads"], 5, 5)
        yield case(heads, {**fields, "batch_first": True, "attn_mask": True}, first, mask, saves=False)
    for each in ((5, 5), (2, 3, 5, 5), (1, 1, 1, 5)):
        for mask in (each, Filled(each, "bool")):
            for more in ({}, {"need_weights": True}, {"add_zero_attn": True}, {"add_bias_kv": True}):
                yield case(module, {"num_heads": 3, "attn_mask": True, **more}, x, mask, saves=len(each) < 4)
    yield case(module, {"num_heads": 3, "attn_mask": True}, x, memory, (5, 7), saves=True)
    yield case(module, {"num_heads": 3, "attn_mask": True}, x, memory, memory, Filled((5, 7), "bool"), saves=True)
    yield case(module, {"num_heads": 3, "attn_mask": True}, x, (7, 2, 6), (7, 2, 4), Filled((5, 7), "bool"), saves=True)


CASES = (*dot_products(), *multihead())
