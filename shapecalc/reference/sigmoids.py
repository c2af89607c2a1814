"""Softsign and the logarithm of the sigmoid, and their derivatives."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.activation import logistic
from shapecalc.reference.base import Array, Call, constant, kernel, minimum, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("softsign", workspace=outputs_times(1))
def softsign(_call: Call, x: Array) -> Array:
    """Return x / (1 + |x|).

    Source: torch.nn.Softsign.
    """
    result: Array = x / (abs(x) + 1)
    return result


@backward("softsign")
def softsign_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dY / (1 + |x|)²."""
    divisor = abs(ctx.inputs[0]) + 1
    return Gradients((gradient / (divisor * divisor),))


@kernel("logsigmoid", workspace=outputs_times(2))
def logsigmoid(_call: Call, x: Array) -> Array:
    """Return min(x, 0) − log(1 + exp(−|x|)).

    Source: torch.nn.LogSigmoid.
    """
    result: Array = minimum(x, constant(x, 0)) - np.log1p(np.exp(-abs(x)))
    return result


@backward("logsigmoid")
def logsigmoid_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return sigmoid(−x) · dY."""
    return Gradients((gradient * logistic(-ctx.inputs[0]),))
