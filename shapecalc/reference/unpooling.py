"""The inverse of a maximum pool: maxima back to their places."""

from __future__ import annotations

from math import prod

import numpy as np

from shapecalc.reference.base import Array, Call, RunShapes, constant, kernel
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.windows import per_axis


def unpooled_lengths(call: Call, x: Array) -> tuple[int, ...]:
    """Return the stated size, or as far as the windows reach, less the padding."""
    fields, rank = call.fields, x.ndim - 2
    if fields["output_size"] is not None:
        return per_axis(fields["output_size"], rank)
    kernel_size = per_axis(fields["kernel_size"], rank)
    stride = kernel_size if fields["stride"] is None else per_axis(fields["stride"], rank)
    ends = (range(0, n * s, s)[-1] + f for n, s, f in zip(x.shape[2:], stride, kernel_size, strict=True))
    return tuple(end - 2 * pad for end, pad in zip(ends, per_axis(fields["padding"], rank), strict=True))


def unpool_workspace(run: RunShapes) -> int:
    """Return the bytes of the number of the element that is at each place."""
    return 8 * prod(run.outputs[0])


@kernel("max_unpool", workspace=unpool_workspace)
def max_unpool(call: Call, x: Array, places: Array) -> Array:
    """Return each element at its place; of several at one place the last.

    Raises `ValueError` if there is not one place for each element, or if one is outside.
    Source: torch.nn.MaxUnpool2d.
    """
    lengths = unpooled_lengths(call, x)
    if places.shape != x.shape:
        raise ValueError(f"places of {list(places.shape)} for elements of {list(x.shape)}")
    if places.size and not 0 <= places.min() <= places.max() < prod(lengths):
        raise ValueError(f"a place is outside of {list(lengths)}")
    onto = np.full((*x.shape[:2], prod(lengths)), constant(x, 0), dtype=x.dtype)
    np.put_along_axis(onto, places.reshape(*x.shape[:2], -1), x.reshape(*x.shape[:2], -1), 2)
    return onto.reshape(*x.shape[:2], *lengths)


@backward("max_unpool")
def max_unpool_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient at the place of each element; 0 for one that another has replaced there."""
    x, places = ctx.inputs
    flat = places.reshape(*x.shape[:2], -1)
    numbers = np.broadcast_to(np.arange(flat.shape[2]), flat.shape)
    owners = np.zeros((*x.shape[:2], gradient[0, 0].size), dtype=np.int64)
    np.put_along_axis(owners, flat, numbers, 2)
    own = np.take_along_axis(gradient.reshape(owners.shape), flat, 2)
    stays = np.take_along_axis(owners, flat, 2) == numbers
    return Gradients((np.where(stays, own, 0).astype(x.dtype).reshape(x.shape), None))
