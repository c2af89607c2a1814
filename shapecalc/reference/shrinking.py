"""Activations that make small numbers smaller, and their derivatives."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.activation import gradient_where
from shapecalc.reference.base import Array, Call, constant, kernel, maximum, minimum, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("hard_shrink", workspace=outputs_times(1))
def hard_shrink(call: Call, x: Array) -> Array:
    """Return x if |x| > lambd, else 0.

    Source: torch.nn.Hardshrink.
    """
    return np.where(abs(x) > call.fields["lambd"], x, constant(x, 0))


@kernel("soft_shrink", workspace=outputs_times(2))
def soft_shrink(call: Call, x: Array) -> Array:
    """Return x − min(max(x, −lambd), lambd).

    Source: torch.nn.Softshrink.
    """
    bound = call.fields["lambd"]
    result: Array = x - minimum(maximum(x, constant(x, -bound)), constant(x, bound))
    return result


@backward("hard_shrink")
@backward("soft_shrink")
def shrink_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient if |x| > lambd, else 0."""
    return gradient_where(abs(ctx.inputs[0]) > ctx.call.fields["lambd"], gradient)


@kernel("tanhshrink", workspace=outputs_times(1))
def tanhshrink(call: Call, x: Array) -> Array:
    """Return x − tanh(x).

    Source: torch.nn.Tanhshrink.
    """
    result: Array = x - call.work.named("t", np.tanh(x))
    return result


@backward("tanhshrink")
def tanhshrink_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return tanh²(x) · dY."""
    t = ctx.call.work.named("t", np.tanh(ctx.inputs[0]))
    return Gradients((gradient * (t * t),))
