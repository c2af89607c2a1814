"""Normalization by running statistics, by the input's own or by neighbouring channels; and a trainable scale."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.base import Array, Call, Shape, Work, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward

# Scaled and shifted at a time, so that the shift reads from the cache what the scale has written. Measured over the
# maps of ResNet-50 on cores with 1 MiB each: from 256 KiB to 1 MiB this takes three quarters of the time of whole maps;
# below 128 KiB it takes longer.
BLOCK_BYTES = 2**19


def per_channel(parameter: Array, x: Array) -> Array:
    """Return a parameter with one entry per channel, along axis 1 of [N, C, *spatial].

    Raises `ValueError` if it has another number of entries.
    """
    return parameter.reshape(x.shape[1], *(1,) * (x.ndim - 2))


def shifts(call: Call) -> bool:
    """Return whether the layer has a bias per channel."""
    return bool(call.fields["affine"] and call.fields["bias"])


def by_running_statistics(call: Call, x: Array) -> Array:
    """Return x times a scale plus a shift per channel, both from the statistics; a block of channels at a time."""
    scale = 1 / np.sqrt(call.parameters["running_var"] + call.fields["eps"])
    if call.fields["affine"]:
        scale = scale * call.parameters["weight"]
    scale = call.work.named("scale", scale)
    shift = call.parameters["running_mean"] * scale
    shift = call.parameters["bias"] - shift if shifts(call) else -shift
    scale, shift = per_channel(scale, x), per_channel(call.work.named("shift", shift), x)
    result = np.empty(x.shape, dtype=np.result_type(x, scale))
    step = max(1, BLOCK_BYTES // max(1, x[:, :1].nbytes))
    for first in range(0, x.shape[1], step):
        block = slice(first, first + step)
        np.multiply(x[:, block], scale[block], out=result[:, block])
        result[:, block] += shift[block]
    return result


def by_running_statistics_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return gradients for running statistics, which are constants."""
    (x,), call = ctx.inputs, ctx.call
    reciprocal = 1 / np.sqrt(call.parameters["running_var"] + call.fields["eps"])
    scale = reciprocal * call.parameters["weight"] if call.fields["affine"] else reciprocal
    scale = per_channel(call.work.named("scale", scale), x)
    mean = per_channel(call.parameters["running_mean"], x)
    grad_input = np.empty_like(gradient)
    grad_weight, grad_bias = np.empty(x.shape[1], dtype=x.dtype), np.empty(x.shape[1], dtype=x.dtype)
    axes = (0, *range(2, x.ndim))
    step = max(1, BLOCK_BYTES // max(1, x[:, :1].nbytes))
    for first in range(0, x.shape[1], step):
        block = slice(first, first + step)
        given = gradient[:, block]
        np.multiply(given, scale[block], out=grad_input[:, block])
        if call.fields["affine"]:
            grad_bias[block] = given.sum(axis=axes)
            grad_weight[block] = ((x[:, block] - mean[block]) * given).sum(axis=axes)
    parameters = {"weight": grad_weight * reciprocal} if call.fields["affine"] else {}
    return Gradients((grad_input,), parameters | ({"bias": grad_bias} if shifts(call) else {}))


def by_own_statistics_backward(
    work: Work, x: Array, axes: tuple[int, ...], eps: float, gradient: Array, shape: Shape
) -> tuple[Array, Array]:
    """Return the gradient of x from that of x̂ = (x − mean)/σ, and x̂.

    dX = (dX̂ − mean of dX̂ − x̂ · mean of dX̂ ⊙ x̂)/σ, where σ = √(variance + eps) and means are over the axes. `shape` is
    that of the input of the layer.
    """
    normalized = x - work.reduced("mean", x.mean(axis=axes, keepdims=True), axes)
    variance = work.reduced("variance", (normalized * normalized).mean(axis=axes, keepdims=True), axes)
    deviation = work.reduced("σ", np.sqrt(variance + eps), axes)
    normalized /= deviation
    normalized, gradient = work.named("x̂", normalized, shape), work.named("∂L/∂x̂", gradient, shape)
    grad_input = gradient - work.reduced("mean of ∂L/∂x̂", gradient.mean(axis=axes, keepdims=True), axes)
    along = (gradient * normalized).mean(axis=axes, keepdims=True)
    grad_input -= normalized * work.reduced("mean of ∂L/∂x̂·x̂", along, axes)
    grad_input /= deviation
    return grad_input, normalized


def affine_gradients(call: Call, normalized: Array, gradient: Array) -> dict[str, Array]:
    """Return the gradients of weight and bias of every channel, if the layer is affine."""
    if not call.fields["affine"]:
        return {}
    axes = (0, *range(2, gradient.ndim))
    weight = {"weight": (gradient * normalized).sum(axis=axes)}
    return weight | ({"bias": gradient.sum(axis=axes)} if shifts(call) else {})


def normalized_channels_backward(ctx: Context, axes: tuple[int, ...], gradient: Array, *, groups: int = 0) -> Gradients:
    """Return gradients of a norm by the input's own statistics, affine per channel; axes are those of the groups."""
    (x,), call = ctx.inputs, ctx.call
    grouped = x.reshape(len(x), groups, -1, *x.shape[2:]) if groups else x
    scaled = gradient * per_channel(call.parameters["weight"], x) if call.fields["affine"] else gradient
    grad_input, normalized = by_own_statistics_backward(
        call.work, grouped, axes, call.fields["eps"], scaled.reshape(grouped.shape), x.shape
    )
    return Gradients((grad_input.reshape(x.shape),), affine_gradients(call, normalized.reshape(x.shape), gradient))


def by_own_statistics(work: Work, x: Array, axes: tuple[int, ...], eps: float) -> Array:
    """Return (x − mean) / √(variance + eps) over the axes, with the biased variance."""
    centred: Array = x - work.reduced("mean", x.mean(axis=axes, keepdims=True), axes)
    variance = work.reduced("variance", (centred * centred).mean(axis=axes, keepdims=True), axes)
    centred /= np.sqrt(variance + eps)
    return centred


def scaled_and_shifted(call: Call, x: Array) -> Array:
    """Return x̂ times `weight` plus `bias` of every channel, those that the layer has; overwrites x̂."""
    x = call.work.named("x̂", x)
    if call.fields["affine"]:
        x *= per_channel(call.parameters["weight"], x)
    if shifts(call):
        x += per_channel(call.parameters["bias"], x)
    return x


@kernel("batch_norm", workspace=outputs_times(1))
def batch_norm(call: Call, x: Array) -> Array:
    """Return x normalized as in evaluation: by running statistics; without them by the batch's, with biased variance.

    Source: torch.nn.BatchNorm2d.
    """
    if call.fields["track_running_stats"]:
        return by_running_statistics(call, x)
    return scaled_and_shifted(call, by_own_statistics(call.work, x, (0, *range(2, x.ndim)), call.fields["eps"]))


@backward("batch_norm")
def batch_norm_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return gradients for running statistics, or through the statistics of the batch."""
    if ctx.call.fields["track_running_stats"]:
        return by_running_statistics_backward(ctx, gradient)
    return normalized_channels_backward(ctx, (0, *range(2, gradient.ndim)), gradient)


@kernel("instance_norm", workspace=outputs_times(1))
def instance_norm(call: Call, x: Array) -> Array:
    """Return x normalized as in evaluation: by the statistics of every channel of every sample, or tracked ones.

    Source: torch.nn.InstanceNorm2d.
    """
    if call.fields["track_running_stats"]:
        return by_running_statistics(call, x)
    return scaled_and_shifted(call, by_own_statistics(call.work, x, tuple(range(2, x.ndim)), call.fields["eps"]))


@backward("instance_norm")
def instance_norm_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return gradients for running statistics, or through the statistics of every channel."""
    if ctx.call.fields["track_running_stats"]:
        return by_running_statistics_backward(ctx, gradient)
    return normalized_channels_backward(ctx, tuple(range(2, gradient.ndim)), gradient)


@kernel("group_norm", workspace=outputs_times(1))
def group_norm(call: Call, x: Array) -> Array:
    """Return every group of channels of every sample normalized by its own statistics.

    Source: torch.nn.GroupNorm.
    """
    groups = call.fields["num_groups"]
    grouped = x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])
    normalized = by_own_statistics(call.work, grouped, tuple(range(2, grouped.ndim)), call.fields["eps"])
    return scaled_and_shifted(call, normalized.reshape(x.shape))


@backward("group_norm")
def group_norm_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return gradients through the statistics of every group."""
    axes = tuple(range(2, gradient.ndim + 1))
    return normalized_channels_backward(ctx, axes, gradient, groups=ctx.call.fields["num_groups"])
