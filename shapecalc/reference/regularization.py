"""Regularization: does nothing in a forward run."""

from __future__ import annotations

from shapecalc.reference.base import Array, Call, kernel, outputs_times


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
