"""Regularization: nothing happens in a forward run; in training a mask is handed in, and decides what passes."""

from __future__ import annotations

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Gradients, Past, backward


@kernel("dropout", workspace=outputs_times(0))
@kernel("stochastic_depth", workspace=outputs_times(0))
def masked(call: Call, x: Array) -> Array:
    """The input itself, as in evaluation mode; times the mask, 0 or 1/(1 − p), where one is handed in.

    Source: torch.nn.Dropout; torchvision.ops.StochasticDepth.
    """
    mask = call.parameters.get("mask")
    return x if mask is None else x * mask


@backward("dropout")
@backward("stochastic_depth")
def masked_backward(past: Past, gradient: Array) -> Gradients:
    """The gradient of what has passed, as it has passed."""
    return Gradients((masked(past.call, gradient),))
