"""Multi-head attention: projections to heads, attention in each, and the projection of all heads together."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.attention import Scored, attend, attend_backward, grouped
from shapecalc.reference.base import Array, Call, RunShapes, Work, constant, kernel
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from collections.abc import Sequence


def projected_workspace(run: RunShapes) -> int:
    """Return the bytes of query, key and value before and after projection, scores three times, and the outputs."""
    batch, length = (0, 1) if run.fields["batch_first"] else (1, 0)
    *inputs, mask = run.inputs if run.fields["attn_mask"] else (*run.inputs, ())
    query, key = inputs[0], inputs[min(len(inputs) - 1, 1)]
    keys = key[length] + 3
    arrays = 3 + 2 * (run.fields["softcap"] is not None) + bool(mask) + bool(run.fields["sinks"])
    scores = query[batch] * int(run.fields["num_heads"]) * query[length] * keys
    inside = run.parameters["out_proj.weight"][1]
    in_heads = query[batch] * (3 * query[length] + 4 * keys) * inside
    return run.itemsize * (arrays * scores + 2 * sum(map(prod, inputs)) + in_heads + 3 * sum(map(prod, run.outputs)))


@kernel("multihead_attention", workspace=projected_workspace)
def multihead_attention(call: Call, *inputs: Array) -> Array | tuple[Array, Array]:
    """Return projected attention in heads over projected inputs; with `need_weights` also the mean weights over heads.

    Source: torch.nn.MultiheadAttention.
    """
    fields, parameters = call.fields, call.parameters
    given, mask = query_key_value(call, inputs)
    scored = projected(call, given, mask)
    attended = attend(call, scored)
    result = project(call, call.work.named("heads", out_of_heads(attended.output)), parameters["out_proj.weight"])
    if fields["bias"]:
        result += parameters["out_proj.bias"]
    if not fields["batch_first"]:
        result = np.ascontiguousarray(result.swapaxes(0, 1))
    if not fields["need_weights"]:
        return result
    heads, weights = fields["num_heads"], attended.weights[..., : scored.k.shape[-2]]
    per_head = weights.reshape(len(weights), heads, *weights.shape[3:])
    return result, per_head.sum(axis=1) / constant(per_head, heads)


@backward("multihead_attention")
def multihead_attention_backward(
    ctx: Context, gradient: Array | None, grad_attention: Array | None = None
) -> Gradients:
    """Return the gradients through the output projection, attention and the input projections.

    Intermediate results of the forward pass are recomputed; that is not counted.
    """
    fields, uncounted = ctx.call.fields, replace(ctx.call, work=Work(trace=ctx.call.work.trace))
    given, mask = query_key_value(uncounted, ctx.inputs)
    scored = projected(uncounted, given, mask)
    attended = attend(uncounted, scored)
    if gradient is None:
        gradient = np.zeros_like(ctx.outputs[0])
    if not fields["batch_first"]:
        gradient = gradient.swapaxes(0, 1)
    out_weight = ctx.call.parameters["out_proj.weight"]
    joined = ctx.call.work.named("heads", out_of_heads(attended.output))
    grad_joined, grad_out_weight = projection_backward(ctx, gradient, joined, out_weight)
    grad_joined = ctx.call.work.named("∂L/∂heads", grad_joined)
    grad_output = in_heads(grad_joined, fields["num_heads"]).reshape(attended.output.shape)
    if grad_attention is not None:
        grad_attention = grad_attention[:, None, None] / constant(grad_attention, fields["num_heads"])
    grads = attend_backward(ctx, scored, attended, grad_output, grad_attention)
    grad_q, grad_k, grad_v = map(out_of_heads, (grads.q, grads.k, grads.v))
    grad_q *= constant(grad_q, scored.q.shape[-1] ** -0.5)
    named = (("∂L/∂query", grad_q), ("∂L/∂key", grad_k), ("∂L/∂value", grad_v))
    grad_q, grad_k, grad_v = (ctx.call.work.named(*pair) for pair in named)
    grad_inputs, parameters = projected_backward(ctx, given, (grad_q, grad_k, grad_v))
    parameters["out_proj.weight"] = grad_out_weight
    if fields["bias"]:
        parameters["out_proj.bias"] = gradient.sum(axis=(0, 1))
    if grads.sinks is not None:
        parameters["sinks"] = grads.sinks.reshape(-1)
    if mask is None:
        return Gradients(grad_inputs, parameters)
    grad_mask = None if grads.mask is None else grads.mask.reshape(mask.shape)
    return Gradients((*grad_inputs, grad_mask), parameters)


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


def query_key_value(call: Call, inputs: Sequence[Array]) -> tuple[list[Array], Array | None]:
    """Return query, key and value, the batch first, and the mask: the last of the others serves for those missing."""
    *others, mask = inputs if call.fields["attn_mask"] else (*inputs, None)
    three = [*others, *[others[-1]] * (3 - len(others))]
    return three if call.fields["batch_first"] else [x.swapaxes(0, 1) for x in three], mask


def gradients_of_inputs(ctx: Context, grad_qkv: Sequence[Array]) -> tuple[Array, ...]:
    """Return the gradients of the inputs from those of query, key and value: summed if one input serves for several."""
    last = len(ctx.inputs) - 1 - ctx.call.fields["attn_mask"]
    grads = [*grad_qkv[:last], sum(grad_qkv[last + 1 :], start=grad_qkv[last])]
    return tuple(grads if ctx.call.fields["batch_first"] else [x.swapaxes(0, 1) for x in grads])


def projected(call: Call, given: Sequence[Array], mask: Array | None) -> Scored:
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
    if fields["head_dim"] is not None and q.shape[-1] != fields["head_dim"]:
        raise ValueError(f"heads of {fields['head_dim']} features, the projection of the query gives {q.shape[-1]}")
    q *= constant(q, q.shape[-1] ** -0.5)
    q = call.work.named("scaled query", q)
    sinks = parameters["sinks"][:, None, None] if fields["sinks"] else None
    q = q.reshape(len(q), shared, -1, *q.shape[2:])
    k, v = in_heads(k, shared)[:, :, None], in_heads(v, shared)[:, :, None]
    return Scored(q, k, v, grouped(mask, shared), grouped(sinks, shared))


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
