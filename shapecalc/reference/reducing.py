"""Layers that leave one axis out: by picking an index, or by mean, maximum or sum over it."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Gradients, Past, backward


@kernel("select", workspace=outputs_times(0))
def select(call: Call, x: Array) -> Array:
    """What stands at one index of an axis; a copy, so that the rest can be let go.

    Raises `IndexError` where the axis is not that long.
    Source: torch.select.
    """
    return np.moveaxis(x, call.fields["dim"], 0)[call.fields["index"], ...].copy()


@backward("select")
def select_backward(past: Past, gradient: Array) -> Gradients:
    """The gradient at that index, 0 elsewhere."""
    to_input = np.zeros_like(past.inputs[0], dtype=gradient.dtype)
    np.moveaxis(to_input, past.call.fields["dim"], 0)[past.call.fields["index"], ...] = gradient
    return Gradients((to_input,))


@kernel("mean", workspace=outputs_times(1))
def mean(call: Call, x: Array) -> Array:
    """The sum over one axis, divided by how many numbers stand there.

    Source: torch.mean.
    """
    return with_or_without_axis(call, x.mean(axis=call.fields["dim"], keepdims=True))


@backward("mean")
def mean_backward(past: Past, gradient: Array) -> Gradients:
    """An equal part for each number along the axis."""
    part = with_axis(past.call, gradient) / past.inputs[0].shape[past.call.fields["dim"]]
    return Gradients((np.broadcast_to(part, past.inputs[0].shape).copy(),))


@kernel("max", workspace=outputs_times(1))
def maximum(call: Call, x: Array) -> Array:
    """The largest number over one axis.

    Source: torch.amax.
    """
    return with_or_without_axis(call, x.max(axis=call.fields["dim"], keepdims=True))


@backward("max")
def maximum_backward(past: Past, gradient: Array) -> Gradients:
    """The gradient where the largest number stands, in equal parts where it stands several times, as torch.amax."""
    (x,), (y,) = past.inputs, past.outputs
    largest = x == with_axis(past.call, y)
    times = largest.sum(axis=past.call.fields["dim"], keepdims=True, dtype=gradient.dtype)
    return Gradients((largest * (with_axis(past.call, gradient) / times),))


@kernel("sum", workspace=outputs_times(1))
def total(call: Call, x: Array) -> Array:
    """The sum over one axis.

    Source: torch.sum.
    """
    return with_or_without_axis(call, x.sum(axis=call.fields["dim"], keepdims=True))


@backward("sum")
def total_backward(past: Past, gradient: Array) -> Gradients:
    """The gradient for each number along the axis."""
    return Gradients((np.broadcast_to(with_axis(past.call, gradient), past.inputs[0].shape).copy(),))


def with_or_without_axis(call: Call, reduced: Array) -> Array:
    """The reduced array as it is for `keepdim`, else without its axis of 1."""
    return reduced if call.fields["keepdim"] else reduced.squeeze(call.fields["dim"])


def with_axis(call: Call, reduced: Array) -> Array:
    """The reduced array with its axis of 1, which `keepdim` left there."""
    return reduced if call.fields["keepdim"] else np.expand_dims(reduced, call.fields["dim"])
