"""Normalisation of each channel by its neighbours."""

from __future__ import annotations

from math import prod

import numpy as np

from shapecalc.reference.base import Array, Call, RunShapes, constant, kernel, quotient
from shapecalc.reference.gradients import Context, Gradients, backward


def local_response_norm_workspace(run: RunShapes) -> int:
    """Return the bytes of the squares, of a copy padded with zeros, and of their sums."""
    (samples, channels, *lengths), size = run.inputs[0], int(run.fields["size"])
    return run.itemsize * (2 * prod(run.outputs[0]) + samples * (channels + size - 1) * prod(lengths))


@kernel("local_response_norm", workspace=local_response_norm_workspace)
def local_response_norm(call: Call, x: Array) -> Array:
    """Return x / (k + alpha/size · sum of squares over `size` channels)^beta; channels are padded with zeros.

    An even size includes one channel more before than after.
    Source: torch.nn.LocalResponseNorm.
    """
    total = local_sums(call, x)
    total **= call.fields["beta"]
    result: Array = x / call.work.named("denominator", total)
    return result


@backward("local_response_norm")
def local_response_norm_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dX = dY/tᵝ − 2β · alpha/size · X · sum of dY ⊙ Y/t over the channels whose t reads this one.

    t is k + alpha/size · sum of squares. For these channels `before` and `after` are swapped.
    """
    (x,), (y,), fields = ctx.inputs, ctx.outputs, ctx.call.fields
    size, total = fields["size"], local_sums(ctx.call, x)
    readers = neighbour_sums(gradient * y / total, (size - 1) // 2, size // 2)
    readers = ctx.call.work.named("sum of ∂L/∂y·y/t", readers)
    grad_input = gradient / ctx.call.work.named("denominator", total ** fields["beta"])
    grad_input -= x * readers * quotient(x, 2 * fields["beta"] * fields["alpha"], size)
    return Gradients((grad_input,))


def local_sums(call: Call, x: Array) -> Array:
    """Return k + alpha/size · sum of squares over `size` channels."""
    size = call.fields["size"]
    total = call.work.named("sum of squares", neighbour_sums(x * x, size // 2, (size - 1) // 2))
    total *= quotient(x, call.fields["alpha"], size)
    total += call.fields["k"]
    return call.work.named("t", total)


def neighbour_sums(x: Array, before: int, after: int) -> Array:
    """Return the sum of every channel and its neighbours, with zeros before the first and after the last."""
    padded = np.pad(x, ((0, 0), (before, after), *((0, 0),) * (x.ndim - 2)), constant_values=constant(x, 0))
    channels = [padded[:, first : first + x.shape[1]] for first in range(before + 1 + after)]
    total = channels[0].copy()
    for neighbours in channels[1:]:
        total += neighbours
    return total
