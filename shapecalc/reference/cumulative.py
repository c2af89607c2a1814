"""Cumulative sums."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("cumsum", workspace=outputs_times(0))
def cumsum(call: Call, x: Array) -> Array:
    """Return for each element the sum of those up to it along an axis; of true and false, the number of true ones.

    Source: torch.cumsum.
    """
    return np.cumsum(x, axis=call.fields["dim"], dtype=np.int64 if x.dtype == bool else x.dtype)


@backward("cumsum")
def cumsum_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each element the sum of the gradients of those from it on; none of integers."""
    if ctx.inputs[0].dtype.kind in "iub":
        return Gradients((None,))
    dim = ctx.call.fields["dim"]
    return Gradients((np.flip(np.cumsum(np.flip(gradient, dim), axis=dim), dim).copy(),))
