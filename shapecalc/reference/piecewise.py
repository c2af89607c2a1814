"""Absolute value, sign, rounding and bounds of each element, and their derivatives."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.base import Array, Call, constant, kernel, maximum, minimum, outputs_times, sign
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("abs", workspace=outputs_times(0))
def absolute(_call: Call, x: Array) -> Array:
    """Return the absolute value.

    Source: torch.abs.
    """
    result: Array = np.abs(x)
    return result


@backward("abs")
def absolute_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient with the sign of x, 0 at 0."""
    (x,) = ctx.inputs
    return Gradients((None if x.dtype.kind in "iu" else gradient * sign(x),))


@kernel("negative", workspace=outputs_times(0))
def negative(_call: Call, x: Array) -> Array:
    """Return −x.

    Source: torch.neg.
    """
    result: Array = -x
    return result


@backward("negative")
def negative_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return −dY."""
    (x,) = ctx.inputs
    return Gradients((None if x.dtype.kind in "iu" else -gradient,))


@kernel("sign", workspace=outputs_times(2))
def signs(_call: Call, x: Array) -> Array:
    """Return −1 for negative numbers, 1 for positive ones, else 0.

    Source: torch.sign.
    """
    zero = constant(x, 0)
    result: Array = np.where(x > zero, constant(x, 1), np.where(x < zero, constant(x, -1), zero))
    return result


@kernel("floor", workspace=outputs_times(0))
def floor(_call: Call, x: Array) -> Array:
    """Return the greatest integer that is not above x.

    Source: torch.floor.
    """
    result: Array = np.floor(x)
    return result


@kernel("ceil", workspace=outputs_times(0))
def ceil(_call: Call, x: Array) -> Array:
    """Return the least integer that is not below x.

    Source: torch.ceil.
    """
    result: Array = np.ceil(x)
    return result


@kernel("round", workspace=outputs_times(0))
def nearest(_call: Call, x: Array) -> Array:
    """Return the nearest integer, of two equally near the even one.

    Source: torch.round.
    """
    result: Array = np.rint(x)
    return result


@backward("sign")
@backward("floor")
@backward("ceil")
@backward("round")
def steps_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return 0: the function is constant around almost every number."""
    (x,) = ctx.inputs
    return Gradients((None if x.dtype.kind in "iu" else gradient * constant(gradient, 0),))


@kernel("clamp", workspace=outputs_times(1))
def clamp(call: Call, x: Array) -> Array:
    """Return min(max(x, `min`), `max`), without the bound that is not given.

    Source: torch.clamp.
    """
    low, high = call.fields["min"], call.fields["max"]
    if x.dtype.kind in "iu" and float in (type(low), type(high)):
        x = x.astype(np.float32)
    if low is not None:
        x = maximum(x, constant(x, low))
    return x if high is None else minimum(x, constant(x, high))


@backward("clamp")
def clamp_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient from bound to bound, both included, else 0."""
    (x,), fields = ctx.inputs, ctx.call.fields
    if x.dtype.kind in "iu":
        return Gradients((None,))
    for bound, is_outside in ((fields["min"], np.less), (fields["max"], np.greater)):
        if bound is not None:
            gradient = np.where(is_outside(x, constant(x, bound)), constant(gradient, 0), gradient)
    return Gradients((gradient,))
