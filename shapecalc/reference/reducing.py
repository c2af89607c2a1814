"""Layers that leave one axis out: by picking an index, or by mean, maximum or sum over it."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.base import Array, Call, kernel, outputs_times


@kernel("select", workspace=outputs_times(0))
def select(call: Call, x: Array) -> Array:
    """What stands at one index of an axis; a copy, so that the rest can be let go.

    Raises `IndexError` where the axis is not that long.
    Source: torch.select.
    """
    return np.moveaxis(x, call.fields["dim"], 0)[call.fields["index"], ...].copy()


@kernel("mean", workspace=outputs_times(1))
def mean(call: Call, x: Array) -> Array:
    """The sum over one axis, divided by how many numbers stand there.

    Source: torch.mean.
    """
    return with_or_without_axis(call, x.mean(axis=call.fields["dim"], keepdims=True))


@kernel("max", workspace=outputs_times(1))
def maximum(call: Call, x: Array) -> Array:
    """The largest number over one axis.

    Source: torch.amax.
    """
    return with_or_without_axis(call, x.max(axis=call.fields["dim"], keepdims=True))


@kernel("sum", workspace=outputs_times(1))
def total(call: Call, x: Array) -> Array:
    """The sum over one axis.

    Source: torch.sum.
    """
    return with_or_without_axis(call, x.sum(axis=call.fields["dim"], keepdims=True))


def with_or_without_axis(call: Call, reduced: Array) -> Array:
    """The reduced array as it is for `keepdim`, else without its axis of 1."""
    return reduced if call.fields["keepdim"] else reduced.squeeze(call.fields["dim"])
