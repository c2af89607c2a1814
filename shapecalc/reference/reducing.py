"""Layers that remove axes: one by selecting an index; one, several or all by a mean, an extreme or a sum."""

from __future__ import annotations

from math import prod

import numpy as np

from shapecalc.reference.base import (
    Array,
    Call,
    RunShapes,
    Workspace,
    constant,
    kernel,
    largest,
    masked,
    outputs_times,
    smallest,
)
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


INTEGERS = "iub"
"""The kinds of dtypes that have no gradients: integers and flags."""

NOTHING = Gradients((None,))
"""The gradients of a layer that reads integers or flags."""


def inputs_times(count: int) -> Workspace:
    """Return the workspace of a kernel with `count` temporary arrays of the size of its first input."""

    def workspace(run: RunShapes) -> int:
        return count * run.itemsize * prod(run.inputs[0]) + run.itemsize * sum(map(prod, run.outputs))

    return workspace


@kernel("mean", workspace=outputs_times(1))
def mean(call: Call, x: Array) -> Array:
    """Return the mean over the axes.

    Source: torch.mean.
    """
    return with_or_without_axes(call, x.mean(axis=axes_of(call, x), keepdims=True))


@backward("mean")
def mean_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each element along the axes an equal part of the gradient."""
    (x,) = ctx.inputs
    part = with_axes(ctx, gradient) / count_along(ctx.call, x)
    return Gradients((np.broadcast_to(part, x.shape).copy(),))


@kernel("max", workspace=outputs_times(1))
def greatest(call: Call, x: Array) -> Array:
    """Return the maximum over the axes.

    Source: torch.amax.
    """
    return with_or_without_axes(call, largest(x, axes_of(call, x), keepdims=True))


@kernel("min", workspace=outputs_times(1))
def least(call: Call, x: Array) -> Array:
    """Return the minimum over the axes.

    Source: torch.amin.
    """
    return with_or_without_axes(call, smallest(x, axes_of(call, x), keepdims=True))


@backward("max")
@backward("min")
def extreme_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient at the extreme, in equal parts at several as in torch.amax."""
    (x,), (y,) = ctx.inputs, ctx.outputs
    if x.dtype.kind in INTEGERS:
        return NOTHING
    return Gradients((shared(ctx, x == with_axes(ctx, y), gradient),))


def shared(ctx: Context, chosen: Array, gradient: Array) -> Array:
    """Return the gradient in equal parts for the chosen elements along the axes, else 0."""
    count = chosen.sum(axis=axes_of(ctx.call, chosen), keepdims=True).astype(gradient.dtype)
    return masked(with_axes(ctx, gradient) / count, chosen)


@kernel("sum", workspace=outputs_times(1))
def total(call: Call, x: Array) -> Array:
    """Return the sum over the axes.

    Source: torch.sum.
    """
    return with_or_without_axes(call, x.sum(axis=axes_of(call, x), keepdims=True))


@backward("sum")
def total_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient for each element along the axes."""
    if ctx.inputs[0].dtype.kind in INTEGERS:
        return NOTHING
    return Gradients((np.broadcast_to(with_axes(ctx, gradient), ctx.inputs[0].shape).copy(),))


@kernel("prod", workspace=outputs_times(1))
def product(call: Call, x: Array) -> Array:
    """Return the product over the axes.

    Source: torch.prod.
    """
    return with_or_without_axes(call, x.prod(axis=axes_of(call, x), keepdims=True))


@backward("prod")
def product_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient times the product of the other elements along the axes, without division: one may be 0."""
    (x,) = ctx.inputs
    if x.dtype.kind in INTEGERS:
        return NOTHING
    axes = axes_of(ctx.call, x)
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    rows = x.transpose(*rest, *axes)
    flat = rows.reshape(*(x.shape[axis] for axis in rest), -1)
    first = np.full((*flat.shape[:-1], 1), constant(x, 1), dtype=x.dtype)
    before = np.concatenate([first, np.multiply.accumulate(flat[..., :-1], axis=-1)], axis=-1)
    after = np.concatenate([first, np.multiply.accumulate(flat[..., :0:-1], axis=-1)], axis=-1)[..., ::-1]
    others = (before * after).reshape(rows.shape).transpose(np.argsort([*rest, *axes]))
    return Gradients((with_axes(ctx, gradient) * others,))


@kernel("logsumexp", workspace=inputs_times(2))
def logsumexp(call: Call, x: Array) -> Array:
    """Return the maximum plus the logarithm of the sum of exp(x − maximum).

    Source: torch.logsumexp.
    """
    axes = axes_of(call, x)
    greatest = largest(x, axes, keepdims=True)
    return with_or_without_axes(call, greatest + np.log(np.exp(x - greatest).sum(axis=axes, keepdims=True)))


@backward("logsumexp")
def logsumexp_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return exp(x − y) · dY."""
    return Gradients((with_axes(ctx, gradient) * np.exp(ctx.inputs[0] - with_axes(ctx, ctx.outputs[0])),))


@kernel("var", workspace=inputs_times(2))
def variance(call: Call, x: Array) -> Array:
    """Return the sum of squared differences from the mean, divided by the number of elements less `correction`.

    Source: torch.var.
    """
    return with_or_without_axes(call, squared_deviation(call, x))


@kernel("std", workspace=inputs_times(2))
def standard_deviation(call: Call, x: Array) -> Array:
    """Return the root of the variance.

    Source: torch.std.
    """
    return with_or_without_axes(call, np.sqrt(squared_deviation(call, x)))


def squared_deviation(call: Call, x: Array) -> Array:
    """Return the variance with axes of length 1."""
    axes = axes_of(call, x)
    centred = x - x.mean(axis=axes, keepdims=True)
    result: Array = (centred * centred).sum(axis=axes, keepdims=True) / degrees_of_freedom(call, x)
    return result


def degrees_of_freedom(call: Call, x: Array) -> float:
    """Return the number of elements less `correction`, an int if that is one."""
    degrees: float = count_along(call, x) - call.fields["correction"]
    return int(degrees) if degrees == int(degrees) else degrees


@backward("var")
def variance_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return 2 · (x − mean) / (n − correction) · dY."""
    return Gradients((deviation_gradient(ctx, with_axes(ctx, gradient)),))


@backward("std")
def standard_deviation_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient of the variance times 1/(2y), 0 if y is 0."""
    y, arriving = with_axes(ctx, ctx.outputs[0]), with_axes(ctx, gradient)
    halved = np.where(y == 0, constant(y, 0), arriving / np.where(y == 0, constant(y, 1), y + y))
    return Gradients((deviation_gradient(ctx, halved),))


def deviation_gradient(ctx: Context, gradient: Array) -> Array:
    """Return the gradient of a variance with respect to its elements."""
    (x,), call = ctx.inputs, ctx.call
    centred = x - x.mean(axis=axes_of(call, x), keepdims=True)
    result: Array = (centred + centred) * (gradient / degrees_of_freedom(call, x))
    return result


def axes_of(call: Call, x: Array) -> tuple[int, ...]:
    """Return the axes that are reduced, counted from the front; all without `dim`."""
    dim = call.fields["dim"]
    if dim is None:
        return tuple(range(x.ndim))
    return tuple(axis % x.ndim for axis in (dim if isinstance(dim, tuple) else (dim,)))


def count_along(call: Call, x: Array) -> int:
    """Return the number of elements along the axes."""
    return prod(x.shape[axis] for axis in axes_of(call, x))


def with_or_without_axes(call: Call, reduced: Array) -> Array:
    """Return the reduced array as it is with `keepdim`, else without its axes of length 1."""
    return reduced if call.fields["keepdim"] else reduced.squeeze(axes_of(call, reduced))


def with_axes(ctx: Context, reduced: Array) -> Array:
    """Return the reduced array with axes of length 1, which `keepdim` has left."""
    (x,) = ctx.inputs
    return reduced if ctx.call.fields["keepdim"] else np.expand_dims(reduced, axes_of(ctx.call, x))
