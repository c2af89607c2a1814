"""Attention: scores of every query with every key, their softmax, and the mean of the values with these weights."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any, NamedTuple

import numpy as np

from shapecalc.reference.activation import normalized_exponentials, softmax_gradient
from shapecalc.reference.arithmetic import sum_to_shape
from shapecalc.reference.base import Array, Call, RunShapes, Shape, Work, constant, kernel
from shapecalc.reference.gradients import Context, Gradients, backward


class Scored(NamedTuple):
    """What attention computes with: the scaled query, key and value, a mask that is added to the scores, and sinks.

    Heads are in one axis or, if several of the query share one of keys and values, in two.
    """

    q: Array
    k: Array
    v: Array
    mask: Array | None = None
    sinks: Array | None = None


class Attended(NamedTuple):
    """The means of the values, the weights, of sinks too, and with `softcap` the quotients of scores and bound."""

    output: Array
    weights: Array
    ratios: Array | None


def scores_workspace(run: RunShapes) -> int:
    """Return the bytes of scores, exponentials and weights, at most three arrays at a time, and of the scaled query."""
    query, key, value, *mask = run.inputs
    (*leading, length, features), keys = run.outputs[0], key[-2] + 1
    arrays = 3 + 2 * (run.fields["softcap"] is not None) + len(mask) + bool(run.fields["sinks"])
    repeated = 0
    if run.fields["enable_gqa"] and key[-3] != value[-3]:
        repeated = prod((*key[:-3], query[-3], *key[-2:])) + prod((*value[:-3], query[-3], *value[-2:]))
    return run.itemsize * (prod(leading) * length * (arrays * keys + features) + prod(query) + repeated)


@kernel("scaled_dot_product_attention", workspace=scores_workspace)
def scaled_dot_product_attention(call: Call, q: Array, k: Array, v: Array, mask: Array | None = None) -> Array:
    """Return softmax(scale · Q Kᵀ + mask) V; with `enable_gqa` several heads of the query share one of key and value.

    Leading axes broadcast. Raises `ValueError` if shapes do not fit.
    Source: torch.nn.functional.scaled_dot_product_attention.
    """
    return joined_groups(call, attend(call, scaled_in_groups(call, q, k, v, mask)).output)


@backward("scaled_dot_product_attention")
def scaled_dot_product_attention_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradients of `attend_backward`, with that of the query times its scale."""
    q, k, v, *mask = ctx.inputs
    uncounted = replace(ctx.call, work=Work(trace=ctx.call.work.trace))
    scored = scaled_in_groups(uncounted, q, k, v, *mask)
    attended = attend(uncounted, scored)
    grads = attend_backward(ctx, scored, attended, gradient.reshape(attended.output.shape))
    grad_q = (grads.q * scale_of(ctx.call, q)).reshape(q.shape)
    grad_mask = [None if grads.mask is None else grads.mask.reshape(each.shape) for each in mask]
    parameters = {} if grads.sinks is None else {"sinks": grads.sinks.reshape(-1)}
    return Gradients((grad_q, summed_heads(grads.k, k.shape), summed_heads(grads.v, v.shape), *grad_mask), parameters)


def scaled_in_groups(call: Call, q: Array, k: Array, v: Array, mask: Array | None = None) -> Scored:
    """Return the query times its scale, key and value; with `enable_gqa` groups of query heads share a key head.

    If keys and values have different numbers of heads, each is repeated to the heads of the query, in groups of one.
    """
    q = call.work.named("scaled query", q * scale_of(call, q))
    sinks = call.parameters["sinks"][:, None, None] if call.fields["sinks"] else None
    if not call.fields["enable_gqa"]:
        return Scored(q, k, v, mask, sinks)
    if k.shape[-3] != v.shape[-3]:
        k, v = (np.repeat(x, q.shape[-3] // x.shape[-3], axis=-3) for x in (k, v))
    heads = k.shape[-3]
    q = q.reshape(*q.shape[:-3], heads, -1, *q.shape[-2:])
    return Scored(q, k[..., None, :, :], v[..., None, :, :], grouped(mask, heads), grouped(sinks, heads))


def grouped(x: Array | None, heads: int) -> Array | None:
    """Return a mask or sinks of all heads of the query with these in two axes: heads of keys, and heads that share one.

    >>> grouped(np.zeros((5, 8, 3, 4)), 2).shape, grouped(np.zeros((5, 1, 3, 4)), 2).shape
    ((5, 2, 4, 3, 4), (5, 1, 1, 3, 4))
    """
    if x is None or x.ndim < 3:  # noqa: PLR2004 - an axis of heads before those of queries and keys
        return x
    return x.reshape(*x.shape[:-3], min(heads, x.shape[-3]), -1, *x.shape[-2:])


def joined_groups(call: Call, output: Array) -> Array:
    """Return an output with one axis of heads, in place of the two axes of groups and heads in a group."""
    if not call.fields["enable_gqa"]:
        return output
    return output.reshape(*output.shape[:-4], -1, *output.shape[-2:])


def summed_heads(gradient: Array, shape: Shape) -> Array:
    """Return the gradient of keys or values of that shape, summed over the heads that they were repeated to."""
    total: Array = gradient.reshape(*shape[:-2], -1, *shape[-2:]).sum(axis=-3)
    return total


def scale_of(call: Call, q: Array) -> Any:
    """Return the `scale` of the layer, 1/√E by default."""
    scale = call.fields["scale"]
    return constant(q, q.shape[-1] ** -0.5 if scale is None else scale)


def attend(call: Call, scored: Scored) -> Attended:
    """Return the means of the values weighted by the softmax of the scores, and these weights.

    A query from which every key is hidden has weights of 0.
    """
    scores = call.work.matmul(scored.q, scored.k.swapaxes(-1, -2))
    ratios = None
    if call.fields["softcap"] is not None:
        bound = constant(scores, call.fields["softcap"])
        ratios = np.tanh(scores / bound)
        scores = call.work.named("capped scores", ratios * bound)
    # Keys that were added at the end are hidden by nothing.
    length = inputs_keys(call, scores)
    blind = None
    if scored.mask is not None:
        scores[..., :length] += addend(scored.mask, scores)
    if call.fields["is_causal"]:
        scores[..., :length][..., hidden_pairs(call, scores.shape[-2], length)] = constant(scores, -np.inf)
    if scored.mask is not None or call.fields["window"] is not None:
        blind = blind_rows(scores)
    if blind is not None:
        scores[blind] = constant(scores, 0)
    scores = call.work.named("scores", scores)
    if scored.sinks is not None:
        column = np.broadcast_to(scored.sinks, (*scores.shape[:-1], 1))
        scores = np.concatenate([scores, column], axis=-1)
    weights = normalized_exponentials(call.work, scores, -1)
    if blind is not None:
        weights[blind, : scored.k.shape[-2]] = constant(weights, 0)
    weights = call.work.named("weights", weights)
    return Attended(call.work.matmul(weights[..., : scored.k.shape[-2]], scored.v), weights, ratios)


def hidden_pairs(call: Call, queries: int, keys: int) -> Array:
    """Return for each query whether a key comes after it, or before its window."""
    distance = np.arange(queries)[:, None] - np.arange(keys)
    window = call.fields["window"]
    hidden: Array = (distance < 0) | (distance >= (queries if window is None else window))
    return hidden


def addend(mask: Array, scores: Array) -> Array:
    """Return a mask as what is added to the scores: of a mask of bool 0 where it is true, −∞ elsewhere."""
    if mask.dtype != bool:
        return mask
    numbers: Array = np.where(mask, constant(scores, 0), constant(scores, -np.inf))
    return numbers


def blind_rows(scores: Array) -> Array | None:
    """Return the rows whose scores are all −∞, None if there are none."""
    numbers = scores.astype(float) if scores.dtype == object else scores
    rows = np.asarray(np.isneginf(numbers).all(axis=-1))
    return rows if rows.any() else None


def attend_backward(
    ctx: Context, scored: Scored, attended: Attended, gradient: Array, grad_attention: Array | None = None
) -> Scored:
    """Return the gradients of the scaled query, of key and of value, summed over the queries that share a key.

    dV = Aᵀ · dY, dA = dY · Vᵀ, dS through the softmax, which is that of the mask, dQ = dS · K, dK = dSᵀ · Q.
    """
    (q, k, v, mask, sinks), matmul, keys = scored, ctx.to_inputs.matmul, scored.k.shape[-2]
    weights = attended.weights
    grad_v = matmul(weights[..., :keys].swapaxes(-1, -2), gradient)
    grad_weights = sum_to_shape(matmul(gradient, v.swapaxes(-1, -2)), weights[..., :keys].shape)
    if grad_attention is not None:
        grad_weights += grad_attention
    work = ctx.call.work
    grad_weights = work.named("∂L/∂weights", grad_weights)
    if sinks is not None:
        grad_weights = np.concatenate([grad_weights, np.zeros_like(grad_weights[..., :1])], axis=-1)
    grad_scores = softmax_gradient(work, weights, grad_weights, -1, "weights")
    grad_sinks = None if sinks is None else sum_to_shape(grad_scores[..., keys:], sinks.shape)
    grad_scores = grad_scores[..., :keys]
    grad_mask = None
    if mask is not None and mask.dtype != bool:
        grad_mask = sum_to_shape(grad_scores[..., : inputs_keys(ctx.call, grad_scores)], mask.shape)
    if attended.ratios is not None:
        grad_scores = grad_scores * (1 - attended.ratios * attended.ratios)
    grad_scores = work.named("∂L/∂scores", grad_scores)
    grad_k = matmul(grad_scores.swapaxes(-1, -2), q)
    grad_q = sum_to_shape(matmul(grad_scores, k), q.shape)
    return Scored(grad_q, sum_to_shape(grad_k, k.shape), sum_to_shape(grad_v, v.shape), grad_mask, grad_sinks)


def inputs_keys(call: Call, scores: Array) -> int:
    """Return the number of keys of the input, without those that the layer adds."""
    added = sum(1 for name in ("add_bias_kv", "add_zero_attn") if call.fields.get(name))
    return int(scores.shape[-1]) - added
