"""Normalisation over the last axes."""

from __future__ import annotations

from math import prod

import numpy as np

from shapecalc.reference.base import Array, Call, Shape, constant, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.normalization import (
    by_own_statistics,
    by_own_statistics_backward,
)


def last_axes(call: Call, x: Array) -> Shape:
    """Return the shape of the last axes that are normalized over: `normalized_shape`, or the last axis.

    Raises `ValueError` if the last axes of the input have other lengths.
    """
    shape = call.fields["normalized_shape"]
    shape = x.shape[-1:] if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
    if x.shape[-len(shape) :] != shape:
        raise ValueError(f"normalizes over {shape}, but the last axes are {x.shape[-len(shape) :]}")
    return shape


@kernel("layer_norm", workspace=outputs_times(1))
def layer_norm(call: Call, x: Array) -> Array:
    """Return x normalized over the last axes, as many as `normalized_shape` has.

    Raises `ValueError` if those have other lengths.
    Source: torch.nn.LayerNorm.
    """
    shape = last_axes(call, x)
    normalized = by_own_statistics(call.work, x, tuple(range(-len(shape), 0)), call.fields["eps"])
    normalized = call.work.named("x̂", normalized)
    if call.fields["elementwise_affine"]:
        normalized *= call.parameters["weight"].reshape(shape)
        if call.fields["bias"]:
            normalized += call.parameters["bias"].reshape(shape)
    return normalized


@backward("layer_norm")
def layer_norm_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return gradients through the statistics of the last axes; those of weight and bias sum over all other axes."""
    (x,), call = ctx.inputs, ctx.call
    shape = last_axes(call, x)
    affine = call.fields["elementwise_affine"]
    scaled = gradient * call.parameters["weight"] if affine else gradient
    axes = tuple(range(-len(shape), 0))
    grad_input, normalized = by_own_statistics_backward(call.work, x, axes, call.fields["eps"], scaled, x.shape)
    parameters = {"weight": summed(gradient * normalized, shape)} if affine else {}
    if affine and call.fields["bias"]:
        parameters["bias"] = summed(gradient, shape)
    return Gradients((grad_input,), parameters)


def summed(x: Array, shape: Shape) -> Array:
    """Return the sum over all axes but the last ones, which have that shape."""
    total: Array = x.reshape(-1, *shape).sum(axis=0)
    return total


@kernel("rms_norm", workspace=outputs_times(1))
def rms_norm(call: Call, x: Array) -> Array:
    """Return x / √(mean of squares over the last axes + eps), times the weight.

    Raises `ValueError` if those have other lengths.
    Source: torch.nn.RMSNorm.
    """
    shape = last_axes(call, x)
    normalized = call.work.named("x̂", x / root_mean_square(call, x, shape))
    if call.fields["elementwise_affine"]:
        normalized *= call.parameters["weight"].reshape(shape)
    return normalized


def root_mean_square(call: Call, x: Array, shape: Shape) -> Array:
    """Return √(mean of squares over the last axes + eps)."""
    axes = tuple(range(-len(shape), 0))
    mean = (x * x).sum(axis=axes, keepdims=True) / constant(x, prod(shape))
    return call.work.reduced("r", np.sqrt(mean + constant(x, call.fields["eps"])), axes)


@backward("rms_norm")
def rms_norm_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dX = (dX̂ − x̂ · mean of dX̂ ⊙ x̂)/r, where r is the root and x̂ = X/r; dW sums dY ⊙ x̂."""
    (x,), call = ctx.inputs, ctx.call
    shape = last_axes(call, x)
    root = root_mean_square(call, x, shape)
    normalized = call.work.named("x̂", x / root)
    affine = call.fields["elementwise_affine"]
    scaled = call.work.named("∂L/∂x̂", gradient * call.parameters["weight"] if affine else gradient)
    axes = tuple(range(-len(shape), 0))
    along = call.work.reduced("mean of ∂L/∂x̂·x̂", (scaled * normalized).mean(axis=axes, keepdims=True), axes)
    parameters = {"weight": summed(gradient * normalized, shape)} if affine else {}
    return Gradients(((scaled - normalized * along) / root,), parameters)
