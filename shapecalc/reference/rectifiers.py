"""Activations of two or three pieces; at a kink the derivative is PyTorch's, that of the piece below in most cases."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.activation import gradient_where, overflowing
from shapecalc.reference.base import Array, Call, constant, kernel, maximum, minimum, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward

SCALE, ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


@kernel("prelu", workspace=outputs_times(2))
def prelu(call: Call, x: Array) -> Array:
    """Return x if x > 0, else the slope of its channel · x.

    Raises `ValueError` if there are neither one slope nor one for each channel.
    Source: torch.nn.PReLU.
    """
    return np.where(x > 0, x, x * slopes(call, x))


def slopes(call: Call, x: Array) -> Array:
    """Return the slopes in a shape that broadcasts along the channels."""
    weight, stated = call.parameters["weight"], call.fields["num_parameters"]
    if stated not in (None, weight.size):
        raise ValueError(f"has {weight.size} slopes, not {stated}")
    if stated == 1:
        return weight.reshape((1,) * x.ndim)
    if weight.size != x.shape[1]:
        raise ValueError(f"has {weight.size} slopes for {x.shape[1]} channels")
    return weight.reshape(1, -1, *(1,) * (x.ndim - 2))


@backward("prelu")
def prelu_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dY if x > 0, else the slope times dY; for a slope the sum of x · dY where x is not above 0."""
    (x,), weight = ctx.inputs, slopes(ctx.call, ctx.inputs[0])
    to_input = np.where(x > 0, gradient, gradient * weight)
    below = np.where(x > 0, constant(x, 0), x * gradient)
    axes = tuple(axis for axis in range(x.ndim) if weight.shape[axis] == 1)
    return Gradients((to_input,), {"weight": below.sum(axis=axes, keepdims=True).reshape(-1)})


@kernel("selu", workspace=outputs_times(2))
@overflowing
def selu(_call: Call, x: Array) -> Array:
    """Return λx if x > 0, else λα · (exp(x) − 1).

    Source: torch.nn.SELU.
    """
    return np.where(x > 0, x, np.expm1(x) * ALPHA) * SCALE


@backward("selu")
@overflowing
def selu_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return λ · dY if x > 0, else λα · exp(x) · dY."""
    (x,) = ctx.inputs
    return Gradients((gradient * np.where(x > 0, constant(x, SCALE), np.exp(x) * (SCALE * ALPHA)),))


@kernel("celu", workspace=outputs_times(2))
@overflowing
def celu(call: Call, x: Array) -> Array:
    """Return x if x > 0, else alpha · (exp(x / alpha) − 1).

    Source: torch.nn.CELU.
    """
    alpha = call.fields["alpha"]
    return np.where(x > 0, x, np.expm1(x / alpha) * alpha)


@backward("celu")
@overflowing
def celu_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dY if x > 0, else exp(x / alpha) · dY."""
    (x,) = ctx.inputs
    return Gradients((gradient * np.where(x > 0, constant(x, 1), np.exp(x / ctx.call.fields["alpha"])),))


@kernel("hardtanh", workspace=outputs_times(1))
def hardtanh(call: Call, x: Array) -> Array:
    """Return min(max(x, min_val), max_val).

    Source: torch.nn.Hardtanh.
    """
    low, high = constant(x, call.fields["min_val"]), constant(x, call.fields["max_val"])
    return minimum(maximum(x, low), high)


@backward("hardtanh")
def hardtanh_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient between the bounds, else 0."""
    (x,), fields = ctx.inputs, ctx.call.fields
    return gradient_where((x > fields["min_val"]) & (x < fields["max_val"]), gradient)


@kernel("threshold", workspace=outputs_times(1))
def threshold(call: Call, x: Array) -> Array:
    """Return x if x > `threshold`, else `value`.

    Source: torch.nn.Threshold.
    """
    return np.where(x > call.fields["threshold"], x, constant(x, call.fields["value"]))


@backward("threshold")
def threshold_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient if x > `threshold`, else 0."""
    return gradient_where(ctx.inputs[0] > ctx.call.fields["threshold"], gradient)
