"""Norms of vectors along one axis, several or all, and vectors that are divided by their norm."""

from __future__ import annotations

from math import inf

import numpy as np

from shapecalc.reference.base import Array, Call, constant, kernel, largest, masked, maximum, sign, smallest
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.reducing import axes_of, inputs_times, with_axes, with_or_without_axes


@kernel("norm", workspace=inputs_times(2))
def norm(call: Call, x: Array) -> Array:
    """Return the norm of order `p` of the elements along the axes.

    Source: torch.linalg.vector_norm.
    """
    return with_or_without_axes(call, vector_norm(x, call.fields["p"], axes_of(call, x)))


@backward("norm")
def norm_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the slope of the norm times the gradient: see `norm_gradient`."""
    (x,), (y,), p = ctx.inputs, ctx.outputs, ctx.call.fields["p"]
    return Gradients((norm_gradient(x, with_axes(ctx, y), with_axes(ctx, gradient), p, axes_of(ctx.call, x)),))


def vector_norm(x: Array, p: float, axes: tuple[int, ...]) -> Array:
    """Return the norm of order `p` along axes, which remain with length 1."""
    if p in (inf, -inf):
        return (largest if p > 0 else smallest)(abs(x), axes, keepdims=True)
    if p == 0:
        is_counted = np.asarray(x != constant(x, 0), dtype=bool)
        terms: Array = np.where(is_counted, constant(x, 1), constant(x, 0))
    elif p == 2:  # noqa: PLR2004 - the Euclidean norm
        terms = x * x
    else:
        terms = abs(x) if p == 1 else abs(x) ** p
    total: Array = terms.sum(axis=axes, keepdims=True)
    if p in (0, 1):
        return total
    root: Array = np.sqrt(total) if p == 2 else total ** (1 / p)  # noqa: PLR2004
    return root


def norm_gradient(x: Array, y: Array, gradient: Array, p: float, axes: tuple[int, ...]) -> Array:
    """Return sign(x) · |x|^(p − 1) · y^(1 − p) · dY, 0 if x or y is 0; for ±∞ an equal part for each extreme element.

    The norm of order 0 is constant around almost every x.
    """
    zero = constant(x, 0)
    if p in (inf, -inf):
        chosen = abs(x) == y
        count = chosen.sum(axis=axes, keepdims=True).astype(gradient.dtype)
        return masked(sign(x) * (gradient / count), chosen)
    if p == 0:
        nothing: Array = gradient * (x * 0)
        return nothing
    if p == 1:
        result: Array = sign(x) * gradient
        return result
    one = constant(x, 1)
    safe_y, safe_x = np.where(y == zero, one, y), np.where(x == zero, one, x)
    slope = safe_x / safe_y if p == 2 else sign(safe_x) * (abs(safe_x) / safe_y) ** (p - 1)  # noqa: PLR2004
    to_input: Array = gradient * np.where((x == zero) | (y == zero), zero, slope)
    return to_input


@kernel("normalize", workspace=inputs_times(2))
def normalize(call: Call, x: Array) -> Array:
    """Return x / max(norm, `eps`).

    Source: torch.nn.functional.normalize.
    """
    norms = vector_norm(x, call.fields["p"], axes_of(call, x))
    return x / maximum(norms, constant(x, call.fields["eps"]))


@backward("normalize")
def normalize_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dY / d − s · sum of dY · x / d², where d is the divisor and s the slope of the norm: 0 below `eps`."""
    (x,), call = ctx.inputs, ctx.call
    axes, eps = axes_of(call, x), constant(x, call.fields["eps"])
    norms = vector_norm(x, call.fields["p"], axes)
    divisor = maximum(norms, eps)
    to_divisor = -(gradient * x / divisor / divisor).sum(axis=axes, keepdims=True)
    to_norm = np.where(norms < eps, constant(x, 0), to_divisor)
    return Gradients((gradient / divisor + norm_gradient(x, norms, to_norm, call.fields["p"], axes),))
