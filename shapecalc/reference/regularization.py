"""Regularization: the identity in evaluation, multiplication by a given mask in training."""

from __future__ import annotations

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("dropout", workspace=outputs_times(0))
@kernel("stochastic_depth", workspace=outputs_times(0))
def masked(call: Call, x: Array) -> Array:
    """Return the input, as in evaluation mode; times the mask, 0 or 1/(1 − p), if one is given.

    Source: torch.nn.Dropout; torchvision.ops.StochasticDepth.
    """
    mask = call.parameters.get("mask")
    return x if mask is None else x * mask


@backward("dropout")
@backward("stochastic_depth")
def masked_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient, times the mask if one is given."""
    return Gradients((masked(ctx.call, gradient),))
