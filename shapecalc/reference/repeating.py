"""Layers that repeat elements: along axes of length 1, of a whole tensor, or one by one."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("expand", workspace=outputs_times(0))
def expand(call: Call, x: Array) -> Array:
    """Return the input with its axes of length 1 repeated, as a copy; −1 is the length of its own axis.

    Raises `ValueError` if another axis has another length.
    Source: torch.Tensor.expand.
    """
    size = call.fields["size"]
    own = (1,) * (len(size) - x.ndim) + x.shape
    lengths = [length if given == -1 else given for given, length in zip(size, own, strict=True)]
    return np.broadcast_to(x, lengths).copy()


@backward("expand")
def expand_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each element the sum of the gradients of its copies."""
    (x,) = ctx.inputs
    new = gradient.ndim - x.ndim
    total = gradient.sum(axis=tuple(range(new)))
    repeated = tuple(axis for axis, length in enumerate(x.shape) if length == 1 != gradient.shape[new + axis])
    return Gradients((total.sum(axis=repeated, keepdims=True),))


@kernel("tile", workspace=outputs_times(1))
def tile(call: Call, x: Array) -> Array:
    """Return copies of the whole input one after another along each axis.

    Source: torch.tile.
    """
    return np.tile(x, call.fields["dims"])


@backward("tile")
def tile_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the sum of the gradients of all copies."""
    (x,) = ctx.inputs
    rank = gradient.ndim
    shape = (1,) * (rank - x.ndim) + x.shape
    blocks = gradient.reshape(
        [part for axis in range(rank) for part in (gradient.shape[axis] // shape[axis], shape[axis])]
    )
    return Gradients((blocks.sum(axis=tuple(range(0, 2 * rank, 2))).reshape(x.shape),))


@kernel("repeat_interleave", workspace=outputs_times(1))
def repeat_interleave(call: Call, x: Array) -> Array:
    """Return each element along one axis several times.

    Source: torch.repeat_interleave.
    """
    return np.repeat(x, call.fields["repeats"], call.fields["dim"])


@backward("repeat_interleave")
def repeat_interleave_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each element the sum of the gradients of its copies."""
    axis = range(gradient.ndim)[ctx.call.fields["dim"]]
    shape = ctx.inputs[0].shape
    parts = gradient.reshape(*shape[: axis + 1], -1, *shape[axis + 1 :])
    return Gradients((parts.sum(axis=axis + 1),))
