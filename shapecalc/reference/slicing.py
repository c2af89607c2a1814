"""Layers that select a range of an axis, move elements along it, or join and separate tensors along a new one."""

from __future__ import annotations

from typing import Any

import numpy as np

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


def selected(call: Call, x: Array) -> Array:
    """Return the range of one axis of an array, as a view.

    Raises `IndexError` if an end is beyond the axis, where Python would stop silently, or nothing is selected.
    """
    start, end, step = (call.fields[name] for name in ("start", "end", "step"))
    along = np.moveaxis(x, call.fields["dim"], 0)
    if any(index is not None and not -len(along) <= index <= len(along) for index in (start, end)):
        raise IndexError(f"a range from {start} to {end} of {len(along)} elements")
    part = along[start:end:step]
    if not len(part):
        raise IndexError(f"no element from {start} to {end} of {len(along)}")
    return np.moveaxis(part, 0, call.fields["dim"])


@kernel("slice", workspace=outputs_times(0))
def slice_(call: Call, x: Array) -> Array:
    """Return the range of one axis, as a copy, so that the rest can be freed.

    Source: indexing in PyTorch.
    """
    return selected(call, x).copy()


@backward("slice")
def slice_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient in the range, 0 elsewhere."""
    to_input = np.zeros_like(ctx.inputs[0], dtype=gradient.dtype)
    selected(ctx.call, to_input)[...] = gradient
    return Gradients((to_input,))


@kernel("roll", workspace=outputs_times(1))
def roll(call: Call, x: Array) -> Array:
    """Return the elements moved along axes, those beyond the end at the start.

    Source: torch.roll.
    """
    return np.roll(x, call.fields["shifts"], call.fields["dims"])


@backward("roll")
def roll_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient moved back."""
    shifts: Any = np.negative(ctx.call.fields["shifts"])
    return Gradients((np.roll(gradient, shifts, ctx.call.fields["dims"]),))


@kernel("flip", workspace=outputs_times(0))
def flip(call: Call, x: Array) -> Array:
    """Return the elements of axes in reverse order.

    Raises `ValueError` if an axis is named twice.
    Source: torch.flip.
    """
    return np.flip(x, call.fields["dims"]).copy()


@backward("flip")
def flip_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient in reverse order."""
    return Gradients((np.flip(gradient, ctx.call.fields["dims"]),))


@kernel("stack", workspace=outputs_times(0))
def stack(call: Call, *inputs: Array) -> Array:
    """Return the inputs along a new axis.

    Raises `ValueError` if their shapes differ.
    Source: torch.stack.
    """
    return np.stack(inputs, call.fields["dim"])


@backward("stack")
def stack_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the part of the gradient that comes from each input."""
    return Gradients(tuple(np.moveaxis(gradient, ctx.call.fields["dim"], 0)))


@kernel("unbind", workspace=outputs_times(0))
def unbind(call: Call, x: Array) -> tuple[Array, ...]:
    """Return the entry at each index of an axis, as copies, so that each can be freed.

    Source: torch.unbind.
    """
    return tuple(part.copy() for part in np.moveaxis(x, call.fields["dim"], 0))


@backward("unbind")
def unbind_backward(ctx: Context, *gradients: Array | None) -> Gradients:
    """Return the gradients of all entries along the axis, 0 for one that nothing reads."""
    to_input = np.zeros_like(ctx.inputs[0])
    for part, gradient in zip(np.moveaxis(to_input, ctx.call.fields["dim"], 0), gradients, strict=True):
        if gradient is not None:
            part[...] = gradient
    return Gradients((to_input,))
