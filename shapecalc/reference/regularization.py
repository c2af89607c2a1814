"""Regularization: does nothing in a forward run."""

from __future__ import annotations

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Gradients, Past, backward


@kernel("dropout", workspace=outputs_times(0))
def dropout(_call: Call, x: Array) -> Array:
    """The input itself, as in evaluation mode.

    Source: torch.nn.Dropout.
    """
    return x


@kernel("stochastic_depth", workspace=outputs_times(0))
def stochastic_depth(_call: Call, x: Array) -> Array:
    """The input itself, as in evaluation mode.

    Source: torchvision.ops.StochasticDepth.
    """
    return x


@backward("dropout")
@backward("stochastic_depth")
def identity_backward(_past: Past, gradient: Array) -> Gradients:
    """The gradient itself, as in evaluation mode."""
    return Gradients((gradient,))
