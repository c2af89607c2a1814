"""Attention: scores of every query with every key, their softmax, and the mean of the values with these weights."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.reference.activation import normalized_exponentials, softmax_gradient
from shapecalc.reference.arithmetic import sum_to_shape
from shapecalc.reference.base import Array, Call, RunShapes, Shape, Work, constant, kernel
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from collections.abc import Sequence


def scores_workspace(run: RunShapes) -> int:
    """Return the bytes of scores, exponentials and weights, at most three arrays at a time, and of the scaled query."""
    query, key, value = run.inputs
    (*leading, length, features), keys = run.outputs[0], key[-2]
    repeated = 0
    if run.fields["enable_gqa"] and key[-3] != value[-3]:
        repeated = prod((*key[:-3], query[-3], *key[-2:])) + prod((*value[:-3], query[-3], *value[-2:]))
    return run.itemsize * (prod(leading) * length * (3 * keys + features) + prod(query) + repeated)


@kernel("scaled_dot_product_attention", workspace=scores_workspace)
def scaled_dot_product_attention(call: Call, q: Array, k: Array, v: Array) -> Array:
    """Return softmax(scale · Q Kᵀ) V; with `enable_gqa` several heads of the query share one of the key and value.

    Leading axes broadcast. Raises `ValueError` if shapes do not fit.
    Source: torch.nn.functional.scaled_dot_product_attention.
    """
    output, _ = attend(call, *scaled_in_groups(call, q, k, v))
    return joined_groups(call, output)


@backward("scaled_dot_product_attention")
def scaled_dot_product_attention_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradients of `attend_backward`, with that of the query times its scale."""
    q, k, v = ctx.inputs
    uncounted = replace(ctx.call, work=Work(trace=ctx.call.work.trace))
    grouped = scaled_in_groups(uncounted, q, k, v)
    output, weights = attend(uncounted, *grouped)
    grad_q, grad_k, grad_v = attend_backward(ctx, grouped, weights, gradient.reshape(output.shape))
    grad_q *= scale_of(ctx.call, q)
    return Gradients((grad_q.reshape(q.shape), summed_heads(grad_k, k.shape), summed_heads(grad_v, v.shape)))


def scaled_in_groups(call: Call, q: Array, k: Array, v: Array) -> tuple[Array, Array, Array]:
    """Return the query times its scale, key and value; with `enable_gqa` groups of query heads share a key head.

    If keys and values have different numbers of heads, each is repeated to the heads of the query, in groups of one.
    """
    q = call.work.named("scaled query", q * scale_of(call, q))
    if not call.fields["enable_gqa"]:
        return q, k, v
    if k.shape[-3] != v.shape[-3]:
        k, v = (np.repeat(x, q.shape[-3] // x.shape[-3], axis=-3) for x in (k, v))
    return q.reshape(*q.shape[:-3], k.shape[-3], -1, *q.shape[-2:]), k[..., None, :, :], v[..., None, :, :]


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


def projected_workspace(run: RunShapes) -> int:
    """Return the bytes of query, key and value before and after projection, scores three times, and the outputs."""
    batch, length = (0, 1) if run.fields["batch_first"] else (1, 0)
    query, key = run.inputs[0], run.inputs[min(len(run.inputs) - 1, 1)]
    keys = key[length] + 2
    scores = query[batch] * int(run.fields["num_heads"]) * query[length] * keys
    in_and_out = sum(map(prod, run.inputs)) + prod(query) + 2 * query[batch] * keys * query[2]
    return run.itemsize * (3 * scores + 2 * in_and_out + 3 * prod(query) + sum(map(prod, run.outputs)))


@kernel("multihead_attention", workspace=projected_workspace)
def multihead_attention(call: Call, *inputs: Array) -> Array | tuple[Array, Array]:
    """Return projected attention in heads over projected inputs; with `need_weights` also the mean weights over heads.

    Source: torch.nn.MultiheadAttention.
    """
    fields, parameters = call.fields, call.parameters
    output, attention = attend(call, *projected(call, query_key_value(call, inputs)))
    result = project(call, call.work.named("heads", out_of_heads(output)), parameters["out_proj.weight"])
    if fields["bias"]:
        result += parameters["out_proj.bias"]
    if not fields["batch_first"]:
        result = np.ascontiguousarray(result.swapaxes(0, 1))
    if not fields["need_weights"]:
        return result
    heads = fields["num_heads"]
    per_head = attention.reshape(len(attention), heads, *attention.shape[3:])
    return result, per_head.sum(axis=1) / constant(per_head, heads)


@backward("multihead_attention")
def multihead_attention_backward(
    ctx: Context, gradient: Array | None, grad_attention: Array | None = None
) -> Gradients:
    """Return the gradients through the output projection, attention and the input projections.

    Intermediate results of the forward pass are recomputed; that is not counted.
    """
    fields, uncounted = ctx.call.fields, replace(ctx.call, work=Work(trace=ctx.call.work.trace))
    given = query_key_value(uncounted, ctx.inputs)
    heads = projected(uncounted, given)
    output, weights = attend(uncounted, *heads)
    if gradient is None:
        gradient = np.zeros_like(ctx.outputs[0])
    if not fields["batch_first"]:
        gradient = gradient.swapaxes(0, 1)
    out_weight = ctx.call.parameters["out_proj.weight"]
    joined = ctx.call.work.named("heads", out_of_heads(output))
    grad_joined, grad_out_weight = projection_backward(ctx, gradient, joined, out_weight)
    grad_joined = ctx.call.work.named("∂L/∂heads", grad_joined)
    grad_output = in_heads(grad_joined, fields["num_heads"]).reshape(output.shape)
    if grad_attention is not None:
        grad_attention = grad_attention[:, None, None] / constant(grad_attention, fields["num_heads"])
    grad_q, grad_k, grad_v = map(out_of_heads, attend_backward(ctx, heads, weights, grad_output, grad_attention))
    grad_q *= constant(grad_q, heads[0].shape[-1] ** -0.5)
    named = (("∂L/∂query", grad_q), ("∂L/∂key", grad_k), ("∂L/∂value", grad_v))
    grad_q, grad_k, grad_v = (ctx.call.work.named(*pair) for pair in named)
    grad_inputs, parameters = projected_backward(ctx, given, (grad_q, grad_k, grad_v))
    parameters["out_proj.weight"] = grad_out_weight
    if fields["bias"]:
        parameters["out_proj.bias"] = gradient.sum(axis=(0, 1))
    return Gradients(grad_inputs, parameters)


def projected_backward(
    ctx: Context, given: Sequence[Array], gradients: Sequence[Array]
) -> tuple[tuple[Array, ...], dict[str, Array]]:
    """Return the gradients of inputs and parameters from those of projected query, key and value, with added keys."""
    parameters, fields = {}, ctx.call.fields
    if fields["add_bias_kv"]:
        length = given[1].shape[1]
        for name, gradient in zip(("bias_k", "bias_v"), gradients[1:], strict=True):
            parameters[name] = gradient[:, length : length + 1].sum(axis=0, keepdims=True)
    gradients = [gradient[:, : x.shape[1]] for gradient, x in zip(gradients, given, strict=True)]
    if fields["bias"]:
        parameters["in_proj_bias"] = np.concatenate([gradient.sum(axis=(0, 1)) for gradient in gradients])
    weights = in_projections(ctx.call)
    pairs = [projection_backward(ctx, *each) for each in zip(gradients, given, weights, strict=True)]
    grad_given, grad_weights = zip(*pairs, strict=True)
    separate = [f"{letter}_proj_weight" for letter in "qkv"]
    if separate[0] in ctx.call.parameters:
        parameters |= zip(separate, grad_weights, strict=True)
    else:
        parameters["in_proj_weight"] = np.concatenate(grad_weights)
    return gradients_of_inputs(ctx, grad_given), parameters


def query_key_value(call: Call, inputs: Sequence[Array]) -> list[Array]:
    """Return query, key and value, the batch first: the last input serves for those that are missing."""
    three = [*inputs, *[inputs[-1]] * (3 - len(inputs))]
    return three if call.fields["batch_first"] else [x.swapaxes(0, 1) for x in three]


def gradients_of_inputs(ctx: Context, grad_qkv: Sequence[Array]) -> tuple[Array, ...]:
    """Return the gradients of the inputs from those of query, key and value: summed if one input serves for several."""
    last = len(ctx.inputs) - 1
    grads = [*grad_qkv[:last], sum(grad_qkv[last + 1 :], start=grad_qkv[last])]
    return tuple(grads if ctx.call.fields["batch_first"] else [x.swapaxes(0, 1) for x in grads])


def projected(call: Call, given: Sequence[Array]) -> tuple[Array, Array, Array]:
    """Return the scaled query, key and value in heads; the query's heads in groups that share a key head."""
    fields, parameters = call.fields, call.parameters
    weights = in_projections(call)
    q, k, v = (project(call, x, weight) for x, weight in zip(given, weights, strict=True))
    if fields["bias"]:
        ends = np.cumsum([len(weight) for weight in weights])
        if parameters["in_proj_bias"].shape != (ends[-1],):
            raise ValueError(f"a bias of {parameters['in_proj_bias'].shape} for {ends[-1]} features")
        q, k, v = (x + bias for x, bias in zip((q, k, v), np.split(parameters["in_proj_bias"], ends[:-1]), strict=True))
    if fields["add_bias_kv"]:
        k, v = (append_key(x, parameters[name]) for x, name in ((k, "bias_k"), (v, "bias_v")))
    if fields["add_zero_attn"]:
        k, v = (append_key(x, np.full((1, 1, x.shape[-1]), constant(x, 0))) for x in (k, v))
    heads, shared = fields["num_heads"], fields["num_kv_heads"] or fields["num_heads"]
    q, k, v = (call.work.named(*pair) for pair in (("query", q), ("key", k), ("value", v)))
    q = in_heads(q, heads)
    q *= constant(q, q.shape[-1] ** -0.5)
    q = call.work.named("scaled query", q)
    return q.reshape(len(q), shared, -1, *q.shape[2:]), in_heads(k, shared)[:, :, None], in_heads(v, shared)[:, :, None]


def attend(call: Call, q: Array, k: Array, v: Array) -> tuple[Array, Array]:
    """Return the means of the values weighted by the softmax of the scores, and these weights; the query is scaled."""
    scores = call.work.matmul(q, k.swapaxes(-1, -2))
    if call.fields["is_causal"]:
        # Positions after that of the query are masked; keys that were added at the end are not.
        length = inputs_keys(call, scores)
        future = np.triu(np.ones((scores.shape[-2], length), dtype=bool), k=1)
        scores[..., :length][..., future] = constant(scores, -np.inf)
    scores = call.work.named("scores", scores)
    weights = call.work.named("weights", normalized_exponentials(call.work, scores, -1))
    return call.work.matmul(weights, v), weights


def attend_backward(
    ctx: Context,
    heads: tuple[Array, Array, Array],
    weights: Array,
    gradient: Array,
    grad_attention: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Return the gradients of the scaled query, of key and of value, summed over the queries that share a key.

    dV = Aᵀ · dY, dA = dY · Vᵀ, dS through the softmax, dQ = dS · K, dK = dSᵀ · Q.
    """
    (q, k, v), matmul = heads, ctx.to_inputs.matmul
    grad_v = matmul(weights.swapaxes(-1, -2), gradient)
    grad_weights = sum_to_shape(matmul(gradient, v.swapaxes(-1, -2)), weights.shape)
    if grad_attention is not None:
        grad_weights += grad_attention
    work = ctx.call.work
    grad_scores = softmax_gradient(work, weights, work.named("∂L/∂weights", grad_weights), -1, "weights")
    grad_scores = work.named("∂L/∂scores", grad_scores)
    grad_k = matmul(grad_scores.swapaxes(-1, -2), q)
    grad_q = sum_to_shape(matmul(grad_scores, k), q.shape)
    return grad_q, sum_to_shape(grad_k, k.shape), sum_to_shape(grad_v, v.shape)


def inputs_keys(call: Call, scores: Array) -> int:
    """Return the number of keys of the input, without those that the layer adds."""
    added = sum(1 for name in ("add_bias_kv", "add_zero_attn") if call.fields.get(name))
    return int(scores.shape[-1]) - added


def in_projections(call: Call) -> list[Array]:
    """Return the weights of query, key and value; three of one size are rows of one tensor."""
    separate = [f"{letter}_proj_weight" for letter in "qkv"]
    if any(name in call.parameters for name in separate):
        return [call.parameters[name] for name in separate]
    return np.split(call.parameters["in_proj_weight"], 3)


def project(call: Call, x: Array, weight: Array) -> Array:
    """Return every row along the last axis times a weight [out, in], as in `torch.nn.Linear`."""
    return call.work.matmul(x.reshape(-1, x.shape[-1]), weight.T).reshape(*x.shape[:-1], -1)


def projection_backward(ctx: Context, gradient: Array, x: Array, weight: Array) -> tuple[Array, Array]:
    """Return the gradients of the rows and the weight of `project`."""
    rows = gradient.reshape(-1, gradient.shape[-1])
    grad_weight = ctx.to_parameters.matmul(rows.T, x.reshape(-1, x.shape[-1]))
    return ctx.to_inputs.matmul(rows, weight).reshape(x.shape), grad_weight


def in_heads(x: Array, heads: int) -> Array:
    """Return [N, heads, length, features of a head] of [N, length, features]."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def out_of_heads(x: Array) -> Array:
    """Return [N, length, features] of [N, heads in one axis or two, length, features of a head]."""
    together = x.reshape(len(x), -1, *x.shape[-2:]).swapaxes(1, 2)
    return together.reshape(*together.shape[:2], -1)


def append_key(x: Array, key: Array) -> Array:
    """Return an array with one key or value appended to every sample."""
    return np.concatenate([x, np.repeat(key, len(x), axis=0)], axis=1)
