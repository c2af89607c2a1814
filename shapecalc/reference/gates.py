"""Activations that multiply the input, or half of it, by a gate; and their derivatives."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.activation import logistic, overflowing
from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward

SLOPE = 1.702


@kernel("mish", workspace=outputs_times(2))
@overflowing
def mish(call: Call, x: Array) -> Array:
    """Return x · tanh(log(1 + exp(x))).

    Source: torch.nn.Mish.
    """
    return call.work.named("t", np.tanh(np.log1p(np.exp(x)))) * x


@backward("mish")
@overflowing
def mish_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return (t + x · sigmoid(x) · (1 − t²)) · dY, where t = tanh(log(1 + exp(x)))."""
    (x,) = ctx.inputs
    t = ctx.call.work.named("t", np.tanh(np.log1p(np.exp(x))))
    return Gradients((gradient * (t + x * logistic(x) * (1 - t * t)),))


@kernel("quick_gelu", workspace=outputs_times(2))
def quick_gelu(call: Call, x: Array) -> Array:
    """Return x · sigmoid(1.702 · x).

    Source: transformers, QuickGELUActivation.
    """
    return call.work.named("s", logistic(x * SLOPE)) * x


@backward("quick_gelu")
def quick_gelu_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return s · (1 + 1.702 · x · (1 − s)) · dY, where s = sigmoid(1.702 · x)."""
    (x,) = ctx.inputs
    s = ctx.call.work.named("s", logistic(x * SLOPE))
    return Gradients((gradient * (s * (1 + x * SLOPE * (1 - s))),))


@kernel("glu", workspace=outputs_times(1))
def glu(call: Call, x: Array) -> Array:
    """Return the first half of an axis times the sigmoid of the second.

    Raises `ValueError` if the axis has an odd size.
    Source: torch.nn.GLU.
    """
    first, second = halves(call, x)
    return call.work.named("s", logistic(second)) * first


@backward("glu")
def glu_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return s · dY for the first half, a · s · (1 − s) · dY for the second, where s is its sigmoid."""
    first, second = halves(ctx.call, ctx.inputs[0])
    s = ctx.call.work.named("s", logistic(second))
    parts = (gradient * s, gradient * (first * (s * (1 - s))))
    return Gradients((np.concatenate(parts, axis=ctx.call.fields["dim"]),))


def halves(call: Call, x: Array) -> list[Array]:
    """Return the halves of an axis."""
    return np.split(x, 2, axis=call.fields["dim"])
