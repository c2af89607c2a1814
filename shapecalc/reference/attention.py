"""Attention: scores of every query with every key, their softmax, and the values in that proportion."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.base import Array, Call, Fields, Shape, constant, kernel

if TYPE_CHECKING:
    from collections.abc import Mapping


def scores_workspace(
    _fields: Fields,
    inputs: tuple[Shape, ...],
    _parameters: Mapping[str, Shape],
    outputs: tuple[Shape, ...],
    itemsize: int,
) -> int:
    """Scores, what they rise to and the weights, at most three at once, beside the scaled query."""
    query, key, _ = inputs
    scores = prod(query[:-1]) * key[-2]
    return itemsize * (3 * scores + prod(query) + prod(outputs[0]))


@kernel("scaled_dot_product_attention", workspace=scores_workspace)
def scaled_dot_product_attention(call: Call, q: Array, k: Array, v: Array) -> Array:
    """softmax(scale · Q Kᵀ) V, with the keys' heads repeated where `enable_gqa` lets them be fewer.

    Raises `ValueError` where shapes do not fit, or would be stretched to fit.
    Source: torch.nn.functional.scaled_dot_product_attention.
    """
    scale = call.fields["scale"]
    q = q * constant(q, q.shape[-1] ** -0.5 if scale is None else scale)
    if not call.fields["enable_gqa"]:
        if q.shape[:-2] != k.shape[:-2] or k.shape[:-1] != v.shape[:-1]:
            raise ValueError(f"expects equal leading axes, receives {q.shape}, {k.shape} and {v.shape}")
        return attend(call, q, k, v)[0]
    heads, shared = q.shape[-3], k.shape[-3]
    grouped = q.reshape(*q.shape[:-3], shared, -1, *q.shape[-2:])
    output, _ = attend(call, grouped, k[..., None, :, :], v[..., None, :, :])
    return output.reshape(*output.shape[:-4], heads, *output.shape[-2:])


def projected_workspace(
    fields: Fields,
    inputs: tuple[Shape, ...],
    _parameters: Mapping[str, Shape],
    outputs: tuple[Shape, ...],
    itemsize: int,
) -> int:
    """Query, key and value as they enter and projected, the scores three times, and what the heads give."""
    batch, length = (0, 1) if fields["batch_first"] else (1, 0)
    query, key = inputs[0], inputs[min(len(inputs) - 1, 1)]
    keys = key[length] + 2
    scores = query[batch] * int(fields["num_heads"]) * query[length] * keys
    entering = sum(map(prod, inputs)) + prod(query) + 2 * query[batch] * keys * query[2]
    return itemsize * (3 * scores + 2 * entering + 3 * prod(query) + sum(map(prod, outputs)))


@kernel("multihead_attention", workspace=projected_workspace)
def multihead_attention(call: Call, *inputs: Array) -> Array | tuple[Array, Array]:
    """Projections, attention in heads, a projection; and the weights' mean over heads where they are asked for.

    Source: torch.nn.MultiheadAttention.
    """
    fields, parameters = call.fields, call.parameters
    query = inputs[0]
    key = inputs[1] if len(inputs) > 1 else query
    value = inputs[2] if len(inputs) > 2 else key  # noqa: PLR2004 - query, key, value
    if not fields["batch_first"]:
        query, key, value = (x.swapaxes(0, 1) for x in (query, key, value))
    weights = in_projections(call)
    q, k, v = (rows_times(call, x, weight) for x, weight in zip((query, key, value), weights, strict=True))
    if fields["bias"]:
        ends = np.cumsum([len(weight) for weight in weights])
        if parameters["in_proj_bias"].shape != (ends[-1],):
            raise ValueError(f"a bias of {parameters['in_proj_bias'].shape} for {ends[-1]} features")
        q, k, v = (x + bias for x, bias in zip((q, k, v), np.split(parameters["in_proj_bias"], ends[:-1]), strict=True))
    if fields["add_bias_kv"]:
        k, v = (with_key(x, parameters[name]) for x, name in ((k, "bias_k"), (v, "bias_v")))
    if fields["add_zero_attn"]:
        k, v = (with_key(x, np.full((1, 1, x.shape[-1]), constant(x, 0))) for x in (k, v))
    heads, shared = fields["num_heads"], fields["num_kv_heads"] or fields["num_heads"]
    q = in_heads(q, heads)
    q *= constant(q, q.shape[-1] ** -0.5)
    grouped = q.reshape(len(q), shared, -1, *q.shape[2:])
    output, attention = attend(call, grouped, in_heads(k, shared)[:, :, None], in_heads(v, shared)[:, :, None])
    output = output.reshape(len(output), heads, *output.shape[3:])
    joined = output.swapaxes(1, 2).reshape(len(output), output.shape[2], -1)
    result = rows_times(call, joined, parameters["out_proj.weight"])
    if fields["bias"]:
        result += parameters["out_proj.bias"]
    if not fields["batch_first"]:
        result = np.ascontiguousarray(result.swapaxes(0, 1))
    if not fields["need_weights"]:
        return result
    by_head = attention.reshape(len(attention), heads, *attention.shape[3:])
    return result, by_head.sum(axis=1) / constant(by_head, heads)


def attend(call: Call, q: Array, k: Array, v: Array) -> tuple[Array, Array]:
    """The values in the proportion of the scores' softmax, and that proportion; the query is scaled already."""
    scores = call.work.matmul(q, k.swapaxes(-1, -2))
    if call.fields["is_causal"]:
        # What stands after a query's own place is hidden; keys that were added at the end stay.
        length = inputs_keys(call, scores)
        hidden = np.triu(np.ones((scores.shape[-2], length), dtype=bool), k=1)
        scores[..., :length][..., hidden] = constant(scores, -np.inf)
    risen = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = risen / risen.sum(axis=-1, keepdims=True)
    return call.work.matmul(weights, v), weights


def inputs_keys(call: Call, scores: Array) -> int:
    """The keys that came in, without those that a layer adds."""
    added = sum(1 for name in ("add_bias_kv", "add_zero_attn") if call.fields.get(name))
    return int(scores.shape[-1]) - added


def in_projections(call: Call) -> list[Array]:
    """The weights of query, key and value: three of one size stand on top of each other in one tensor."""
    apart = [f"{letter}_proj_weight" for letter in "qkv"]
    if any(name in call.parameters for name in apart):
        return [call.parameters[name] for name in apart]
    return np.split(call.parameters["in_proj_weight"], 3)


def rows_times(call: Call, x: Array, weight: Array) -> Array:
    """Every row along the last axis times a weight as `torch.nn.Linear` keeps it."""
    return call.work.matmul(x.reshape(-1, x.shape[-1]), weight.T).reshape(*x.shape[:-1], -1)


def in_heads(x: Array, heads: int) -> Array:
    """[N, length, features] → [N, heads, length, features of a head]."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def with_key(x: Array, key: Array) -> Array:
    """One key or value more at the end of every sample."""
    return np.concatenate([x, np.repeat(key, len(x), axis=0)], axis=1)
