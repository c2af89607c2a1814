"""Tensors as steps: the stored array, or the listed numbers."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("parameter", workspace=outputs_times(0))
@kernel("buffer", workspace=outputs_times(0))
def stored(call: Call) -> Array:
    """Return the stored array itself.

    Source: torch.nn.Parameter; torch.nn.Module.register_buffer.
    """
    return call.parameters[""]


@kernel("constant", workspace=outputs_times(0))
def constant(call: Call) -> Array:
    """Return the listed numbers, or the stored array of a constant that has a shape alone.

    Source: torch.tensor.
    """
    if call.fields["values"] is None:
        return call.parameters[""]
    return np.array(call.fields["values"], dtype=call.fields["dtype"])


@backward("parameter")
def parameter_backward(_ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient, which is that of the parameter."""
    return Gradients((), {"": gradient})


@backward("buffer")
@backward("constant")
def untrained_backward(_ctx: Context, _gradient: Array) -> Gradients:
    """Return no gradient: the tensor is not trained."""
    return Gradients(())
