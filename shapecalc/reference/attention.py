"""Attention: scores of every query with every key, their softmax, and the values in that proportion."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.reference.activation import softmax_slope
from shapecalc.reference.base import Array, Call, Fields, Shape, Work, constant, kernel
from shapecalc.reference.gradients import Gradients, Past, backward
from shapecalc.reference.merging import unstretched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
    if not call.fields["enable_gqa"] and (q.shape[:-2] != k.shape[:-2] or k.shape[:-1] != v.shape[:-1]):
        raise ValueError(f"expects equal leading axes, receives {q.shape}, {k.shape} and {v.shape}")
    output, _ = attend(call, *scaled_in_groups(call, q, k, v))
    return output.reshape(*q.shape[:-1], v.shape[-1])


@backward("scaled_dot_product_attention")
def scaled_dot_product_attention_backward(past: Past, gradient: Array) -> Gradients:
    """What `attend_backward` gives, and the scale once more for the query."""
    q, k, v = past.inputs
    again = replace(past.call, work=Work())
    grouped = scaled_in_groups(again, q, k, v)
    output, weights = attend(again, *grouped)
    to_q, to_k, to_v = attend_backward(past, grouped, weights, gradient.reshape(output.shape))
    to_q *= scale_of(past.call, q)
    return Gradients((to_q.reshape(q.shape), to_k.reshape(k.shape), to_v.reshape(v.shape)))


def scaled_in_groups(call: Call, q: Array, k: Array, v: Array) -> tuple[Array, Array, Array]:
    """The query times its scale; with `enable_gqa` its heads in groups, each of which reads one head of keys."""
    q = q * scale_of(call, q)
    if not call.fields["enable_gqa"]:
        return q, k, v
    return q.reshape(*q.shape[:-3], k.shape[-3], -1, *q.shape[-2:]), k[..., None, :, :], v[..., None, :, :]


def scale_of(call: Call, q: Array) -> Any:
    """The stated scale, else 1/√E."""
    scale = call.fields["scale"]
    return constant(q, q.shape[-1] ** -0.5 if scale is None else scale)


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
    output, attention = attend(call, *projected(call, query_key_value(call, inputs)))
    result = rows_times(call, out_of_heads(output), parameters["out_proj.weight"])
    if fields["bias"]:
        result += parameters["out_proj.bias"]
    if not fields["batch_first"]:
        result = np.ascontiguousarray(result.swapaxes(0, 1))
    if not fields["need_weights"]:
        return result
    heads = fields["num_heads"]
    by_head = attention.reshape(len(attention), heads, *attention.shape[3:])
    return result, by_head.sum(axis=1) / constant(by_head, heads)


@backward("multihead_attention")
def multihead_attention_backward(past: Past, gradient: Array | None, by_weights: Array | None = None) -> Gradients:
    """Back through the last projection, attention and the first projections.

    What the forward pass did not hand over is computed again; that is not counted.
    """
    fields, again = past.call.fields, replace(past.call, work=Work())
    given = query_key_value(again, past.inputs)
    heads = projected(again, given)
    output, weights = attend(again, *heads)
    if gradient is None:
        gradient = np.zeros_like(past.outputs[0])
    if not fields["batch_first"]:
        gradient = gradient.swapaxes(0, 1)
    last = past.call.parameters["out_proj.weight"]
    to_joined, to_last = projection_backward(past, gradient, out_of_heads(output), last)
    to_output = in_heads(to_joined, fields["num_heads"]).reshape(output.shape)
    if by_weights is not None:
        by_weights = by_weights[:, None, None] / constant(by_weights, fields["num_heads"])
    to_q, to_k, to_v = map(out_of_heads, attend_backward(past, heads, weights, to_output, by_weights))
    to_q *= constant(to_q, heads[0].shape[-1] ** -0.5)
    to_inputs, parameters = projected_backward(past, given, (to_q, to_k, to_v))
    parameters["out_proj.weight"] = to_last
    if fields["bias"]:
        parameters["out_proj.bias"] = gradient.sum(axis=(0, 1))
    return Gradients(to_inputs, parameters)


def projected_backward(
    past: Past, given: Sequence[Array], gradients: Sequence[Array]
) -> tuple[tuple[Array, ...], dict[str, Array]]:
    """Back from query, key and value as projected, keys that were added at the end, to inputs and parameters."""
    parameters, fields = {}, past.call.fields
    if fields["add_bias_kv"]:
        length = given[1].shape[1]
        for name, gradient in zip(("bias_k", "bias_v"), gradients[1:], strict=True):
            parameters[name] = gradient[:, length : length + 1].sum(axis=0, keepdims=True)
    gradients = [gradient[:, : x.shape[1]] for gradient, x in zip(gradients, given, strict=True)]
    if fields["bias"]:
        parameters["in_proj_bias"] = np.concatenate([gradient.sum(axis=(0, 1)) for gradient in gradients])
    weights = in_projections(past.call)
    found = [projection_backward(past, *each) for each in zip(gradients, given, weights, strict=True)]
    to_given, to_weights = zip(*found, strict=True)
    apart = [f"{letter}_proj_weight" for letter in "qkv"]
    if apart[0] in past.call.parameters:
        parameters |= zip(apart, to_weights, strict=True)
    else:
        parameters["in_proj_weight"] = np.concatenate(to_weights)
    return to_inputs_of(past, to_given), parameters


def query_key_value(call: Call, inputs: Sequence[Array]) -> list[Array]:
    """What stands for each of the three, the batch first: of fewer inputs the last for those that are missing."""
    three = [*inputs, *[inputs[-1]] * (3 - len(inputs))]
    return three if call.fields["batch_first"] else [x.swapaxes(0, 1) for x in three]


def to_inputs_of(past: Past, to_three: Sequence[Array]) -> tuple[Array, ...]:
    """The gradients by query, key and value as those by the inputs that stood for them."""
    last = len(past.inputs) - 1
    found = [*to_three[:last], sum(to_three[last + 1 :], start=to_three[last])]
    return tuple(found if past.call.fields["batch_first"] else [x.swapaxes(0, 1) for x in found])


def projected(call: Call, given: Sequence[Array]) -> tuple[Array, Array, Array]:
    """Query, scaled, key and value in heads, those of the query in groups of which each reads one head of keys."""
    fields, parameters = call.fields, call.parameters
    weights = in_projections(call)
    q, k, v = (rows_times(call, x, weight) for x, weight in zip(given, weights, strict=True))
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
    return q.reshape(len(q), shared, -1, *q.shape[2:]), in_heads(k, shared)[:, :, None], in_heads(v, shared)[:, :, None]


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


def attend_backward(
    past: Past, heads: tuple[Array, Array, Array], weights: Array, gradient: Array, by_weights: Array | None = None
) -> tuple[Array, Array, Array]:
    """The gradients by query, which is scaled already, key and value, summed over the queries that share a key.

    dV = Aᵀ · dY, dA = dY · Vᵀ, dS by the softmax that gave A, dQ = dS · K, dK = dSᵀ · Q.
    """
    (q, k, v), matmul = heads, past.to_inputs.matmul
    to_v = matmul(weights.swapaxes(-1, -2), gradient)
    to_weights = matmul(gradient, v.swapaxes(-1, -2))
    if by_weights is not None:
        to_weights += by_weights
    to_scores = softmax_slope(weights, to_weights, -1)
    to_k = matmul(to_scores.swapaxes(-1, -2), q)
    return matmul(to_scores, k), unstretched(to_k, k.shape), unstretched(to_v, v.shape)


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


def projection_backward(past: Past, gradient: Array, x: Array, weight: Array) -> tuple[Array, Array]:
    """What `rows_times` read: the gradients by its rows and by the weight."""
    rows = gradient.reshape(-1, gradient.shape[-1])
    to_weight = past.to_parameters.matmul(rows.T, x.reshape(-1, x.shape[-1]))
    return past.to_inputs.matmul(rows, weight).reshape(x.shape), to_weight


def in_heads(x: Array, heads: int) -> Array:
    """[N, length, features] → [N, heads, length, features of a head]."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def out_of_heads(x: Array) -> Array:
    """[N, heads in one axis or two, length, features of a head] → [N, length, features]."""
    together = x.reshape(len(x), -1, *x.shape[-2:]).swapaxes(1, 2)
    return together.reshape(*together.shape[:2], -1)


def with_key(x: Array, key: Array) -> Array:
    """One key or value more at the end of every sample."""
    return np.concatenate([x, np.repeat(key, len(x), axis=0)], axis=1)
