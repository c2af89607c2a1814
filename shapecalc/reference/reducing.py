"""Layers that remove one axis: by selecting an index, or by mean, maximum or sum."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.base import Array, Call, kernel, largest, masked, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("select", workspace=outputs_times(0))
def select(call: Call, x: Array) -> Array:
    """Return the entry at one index of an axis, as a copy, so that the rest can be freed.

    Raises `IndexError` if the axis is too short.
    Source: torch.select.
    """
    return np.moveaxis(x, call.fields["dim"], 0)[call.fields["index"], ...].copy()


@backward("select")
def select_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient at that index, 0 elsewhere."""
    to_input = np.zeros_like(ctx.inputs[0], dtype=gradient.dtype)
    np.moveaxis(to_input, ctx.call.fields["dim"], 0)[ctx.call.fields["index"], ...] = gradient
    return Gradients((to_input,))


@kernel("mean", workspace=outputs_times(1))
def mean(call: Call, x: Array) -> Array:
    """Return the mean over one axis.

    Source: torch.mean.
    """
    return with_or_without_axis(call, x.mean(axis=call.fields["dim"], keepdims=True))


@backward("mean")
def mean_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each element along the axis an equal part of the gradient."""
    part = with_axis(ctx.call, gradient) / ctx.inputs[0].shape[ctx.call.fields["dim"]]
    return Gradients((np.broadcast_to(part, ctx.inputs[0].shape).copy(),))


@kernel("max", workspace=outputs_times(1))
def maximum(call: Call, x: Array) -> Array:
    """Return the maximum over one axis.

    Source: torch.amax.
    """
    return with_or_without_axis(call, largest(x, call.fields["dim"], keepdims=True))


@backward("max")
def maximum_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient at the maximum, in equal parts at several as in torch.amax."""
    (x,), (y,) = ctx.inputs, ctx.outputs
    is_maximum = x == with_axis(ctx.call, y)
    count = is_maximum.sum(axis=ctx.call.fields["dim"], keepdims=True).astype(gradient.dtype)
    return Gradients((masked(with_axis(ctx.call, gradient) / count, is_maximum),))


@kernel("sum", workspace=outputs_times(1))
def total(call: Call, x: Array) -> Array:
    """Return the sum over one axis.

    Source: torch.sum.
    """
    return with_or_without_axis(call, x.sum(axis=call.fields["dim"], keepdims=True))


@backward("sum")
def total_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient for each element along the axis."""
    return Gradients((np.broadcast_to(with_axis(ctx.call, gradient), ctx.inputs[0].shape).copy(),))


def with_or_without_axis(call: Call, reduced: Array) -> Array:
    """Return the reduced array as it is with `keepdim`, else without its axis of length 1."""
    return reduced if call.fields["keepdim"] else reduced.squeeze(call.fields["dim"])


def with_axis(call: Call, reduced: Array) -> Array:
    """Return the reduced array with an axis of length 1, which `keepdim` has left."""
    return reduced if call.fields["keepdim"] else np.expand_dims(reduced, call.fields["dim"])
