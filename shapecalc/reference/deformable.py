"""Deformable convolution: the elements at moved positions, gathered into columns, times the weight."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.reference.base import Array, Call, RunShapes, kernel
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.sampling import (
    corners,
    index_before,
    interpolated,
    read,
    shares_of,
    spread_onto,
    weight_of_corner,
)
from shapecalc.reference.windows import Window, margins, slide

if TYPE_CHECKING:
    from collections.abc import Sequence


class MovedWindows(NamedTuple):
    """What windows read: groups of channels as samples, the indices before the positions, the shares, the values."""

    x: Array
    lows: list[Array]
    shares: list[Array]
    values: Array


def deform_workspace(run: RunShapes) -> int:
    """Return the bytes of five arrays of the elements that windows read, and of positions, indices and weights."""
    window = Window.of(run.fields, 2)
    elements = prod(run.inputs[0][:2]) * prod(window.size) * prod(run.outputs[0][2:])
    return run.itemsize * (5 * elements + prod(run.outputs[0])) + 12 * max(run.itemsize, 8) * prod(run.inputs[1])


def positions_of(call: Call, x: Array, offset: Array, groups: int) -> list[Array]:
    """Return the row and the column that each element of each window reads, [N · groups, *window, *positions].

    Raises `ValueError` if the offsets are not two for each element of the window.
    """
    window = Window.of(call.fields, 2)
    sides = margins(call.fields["padding"], x.shape[2:], window)
    moves = offset.reshape(len(x) * groups, *window.size, 2, *offset.shape[2:])
    axes = []
    for axis, (length, (before, after)) in enumerate(zip(x.shape[2:], sides, strict=True)):
        line = Window(*((entry[axis],) for entry in (window.size, window.stride, window.dilation)))
        starts = slide(np.arange(-before, length + after), line)  # [positions, window]
        if len(starts) != offset.shape[2 + axis]:
            raise ValueError(f"{len(starts)} positions, offsets for {offset.shape[2 + axis]}")
        shape = [1, 1, 1, 1]
        shape[axis], shape[2 + axis] = window.size[axis], len(starts)
        axes.append(moves[:, :, :, axis] + starts.T.reshape(shape).astype(offset.dtype))
    return axes


def moved_windows(call: Call, x: Array, offset: Array) -> MovedWindows:
    """Return the elements at the moved positions, [N · groups, channels, *window, *positions]."""
    groups = offset.shape[1] // (2 * prod(Window.of(call.fields, 2).size))
    samples = x.reshape(len(x) * groups, -1, *x.shape[2:])
    axes = positions_of(call, x, offset, groups)
    lows = [index_before(position) for position in axes]
    shares = shares_of(axes, [low.astype(offset.dtype) for low in lows])
    return MovedWindows(samples, lows, shares, interpolated(samples, lows, shares))


def as_columns(values: Array, call: Call, samples: int) -> Array:
    """Return elements of windows as [N, groups, channels of a group × window, positions], for the product."""
    return values.reshape(samples, call.fields["groups"], -1, prod(values.shape[-2:]))


def grouped_weight(call: Call) -> Array:
    """Return the weight as [groups, outputs of a group, inputs of a group × window].

    Raises `ValueError` if its window is not that of the layer.
    """
    weight, groups = call.parameters["weight"], call.fields["groups"]
    if weight.shape[2:] != Window.of(call.fields, 2).size:
        raise ValueError(f"a weight of {weight.shape} does not hold windows of {call.fields['kernel_size']}")
    return weight.reshape(groups, len(weight) // groups, -1)


@kernel("deform_conv", workspace=deform_workspace)
def deform_conv(call: Call, x: Array, offset: Array, *mask: Array) -> Array:
    """Return the product of the weight and the elements at the moved positions, each times its mask.

    Source: torchvision.ops.deform_conv2d.
    """
    values = masked_values(moved_windows(call, x, offset).values, mask)
    columns = as_columns(values, call, len(x))
    output = call.work.matmul(grouped_weight(call)[None], columns)
    output = output.reshape(len(x), -1, *offset.shape[2:])
    return output + call.parameters["bias"].reshape(-1, 1, 1) if call.fields["bias"] else output


def masked_values(values: Array, mask: Sequence[Array]) -> Array:
    """Return values times the mask, if there is one."""
    return values * mask[0].reshape(len(values), 1, *values.shape[2:]) if mask else values


@backward("deform_conv")
def deform_conv_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dW = dY · Vᵀ for the values V; of dV = Wᵀ · dY what each element, position and mask has contributed."""
    (x, offset, *mask), call = ctx.inputs, ctx.call
    moved = moved_windows(call, x, offset)
    columns, weight = as_columns(masked_values(moved.values, mask), call, len(x)), grouped_weight(call)
    rows = gradient.reshape(len(x), len(weight), -1, prod(offset.shape[2:]))
    of_weight = ctx.to_parameters.matmul(rows, columns.swapaxes(2, 3)).sum(axis=0)
    parameters = {"weight": of_weight.reshape(call.parameters["weight"].shape)}
    if call.fields["bias"]:
        parameters["bias"] = gradient.sum(axis=(0, 2, 3))
    of_values = ctx.to_inputs.matmul(weight.swapaxes(1, 2)[None], rows).reshape(moved.values.shape)
    of_mask = [(of_values * moved.values).sum(axis=1).reshape(each.shape) for each in mask]
    of_values = masked_values(of_values, mask)
    of_x, of_axes = np.zeros_like(moved.x), [np.zeros_like(share[0]) for share in moved.shares]
    for sides, indices in corners(moved.lows):
        of_corner = weight_of_corner(moved.shares, sides)
        assert of_corner is not None
        spread_onto(of_x, indices, of_values * of_corner[:, None])
        along = (read(moved.x, indices) * of_values).sum(axis=1)
        for axis, side in enumerate(sides):
            slope = along * moved.shares[1 - axis][sides[1 - axis]]
            of_axes[axis] += slope if side else -slope
    of_offset = np.stack(of_axes, axis=3).reshape(offset.shape)
    return Gradients((of_x.reshape(x.shape), of_offset, *of_mask), parameters)
