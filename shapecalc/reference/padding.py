"""Padding and cropping as layers."""

from __future__ import annotations

import numpy as np

from shapecalc.reference import windows
from shapecalc.reference.base import Array, Call, constant, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("pad", workspace=outputs_times(0))
def pad(call: Call, x: Array) -> Array:
    """Return the input with elements before and after the last axes; an integer pads every spatial axis at both ends.

    Source: torch.nn.functional.pad (the list names the last axis first).
    """
    return windows.pad(x, pad_margins(call, x), constant(x, call.fields["value"]), call.fields["mode"])


@backward("pad")
def pad_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient without its margins; those of copies are added to the elements that were copied."""
    sides = pad_margins(ctx.call, ctx.inputs[0])
    return Gradients((windows.unpad(gradient, sides, ctx.call.fields["mode"]).copy(),))


def pad_margins(call: Call, x: Array) -> windows.Margins:
    """Return the elements before and after each axis that is padded, in the order of the axes."""
    padding = call.fields["padding"]
    flat = (padding,) * (2 * (x.ndim - 2)) if isinstance(padding, int) else padding
    return tuple(zip(flat[::2], flat[1::2], strict=True))[::-1]


@kernel("center_crop", workspace=outputs_times(0))
def center_crop(call: Call, x: Array, like: Array | None = None) -> Array:
    """Return the centre of the spatial axes in the size of `size` or of the second input, as a copy.

    Raises `ValueError` if the input is smaller.
    Source: Ronneberger et al. 2015.
    """
    sizes = windows.per_axis(call.fields["size"], x.ndim - 2) if like is None else like.shape[2:]
    return windows.at(x, center_slices(x, sizes)).copy()


@backward("center_crop")
def center_crop_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient at the centre, 0 elsewhere; 0 for a second input, of which only the shape is used."""
    grads = tuple(np.zeros_like(x) for x in ctx.inputs)
    windows.at(grads[0], center_slices(grads[0], gradient.shape[2:]))[...] = gradient
    return Gradients(grads)


def center_slices(x: Array, sizes: tuple[int, ...]) -> list[slice]:
    """Return the slices of the centre in those sizes; of an odd number of elements left over one more is after it.

    Raises `ValueError` if the input is smaller.
    """
    slices = []
    for length, size in zip(x.shape[2:], sizes, strict=True):
        if size > length:
            raise ValueError(f"crops {length} cells to {size}")
        before = (length - size) // 2
        slices.append(slice(before, before + size))
    return slices
