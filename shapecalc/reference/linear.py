"""The linear layer: one matrix product."""

from __future__ import annotations

from shapecalc.reference.base import Array, Call, kernel, outputs_times


@kernel("linear", workspace=outputs_times(0))
def linear(call: Call, x: Array) -> Array:
    """Every row along the last axis times the weight, plus the bias.

    Source: torch.nn.Linear.
    """
    output = call.work.matmul(x.reshape(-1, x.shape[-1]), call.parameters["weight"].T)
    if call.fields["bias"]:
        output += call.parameters["bias"]
    return output.reshape(*x.shape[:-1], -1)
