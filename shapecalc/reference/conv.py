"""Convolution, as matrix products over gathered windows; its transpose, by adding what every element contributes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.base import Array, Call, Fields, RunShapes, Shape, constant, kernel
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.weights import weight_gradients, weight_of, weight_workspace
from shapecalc.reference.windows import Margins, Window, at, crop, margins, pad, per_axis, slide, unpad

if TYPE_CHECKING:
    from collections.abc import Iterator

# Windows are gathered and multiplied in tiles of at most this size. Measured over VGG-16 on two cores: from 3 to 6 MiB
# a tile stays in the last-level cache, which takes 0.8 of the time of whole maps. The upper end, because every product
# synchronizes the threads, which is slow on a busy machine; below 2 MiB products get too narrow.
TILE_BYTES = 6 * 2**20


def conv_workspace(run: RunShapes) -> int:
    """Return the bytes of the padded input and of one tile of gathered windows, at least one row of the output."""
    (samples, channels, *lengths), output = run.inputs[0], run.outputs[0]
    window = Window.of(run.fields, len(lengths))
    sides = margins(run.fields["padding"], tuple(lengths), window)
    padded = samples * channels * prod(sum(pair) + length for pair, length in zip(sides, lengths, strict=True))
    one_row = channels * prod(window.size) * prod(output[3:])
    gathered = run.itemsize * (padded if any(map(any, sides)) else 0) + max(TILE_BYTES, run.itemsize * one_row)
    return gathered + weight_workspace(run)


def columns(windows: Array, rank: int) -> Iterator[tuple[int, slice, Array]]:
    """Gather windows, [N, C, *spatial, *window], into columns, a tile of rows of the first spatial axis at a time.

    Yields the sample, the slice of its flattened output that the tile is for, and an array [C * window, elements],
    which the next tile overwrites.
    """
    windows = np.moveaxis(windows, range(2, 2 + rank), range(-rank, 0))
    height, width = windows.shape[-rank], prod(windows.shape[windows.ndim - rank + 1 :])
    depth = windows[0].size // (height * width)
    if windows.flags.c_contiguous:  # a window of one element, or one window over everything: nothing to gather
        for sample, gathered in enumerate(windows):
            yield sample, slice(None), gathered.reshape(depth, -1)
        return
    rows = min(height, max(1, TILE_BYTES // (depth * width * windows.itemsize)))
    rows = -(-height // -(-height // rows))  # tiles of equal size: the product of a narrow last one would be slow
    buffer = np.empty(depth * rows * width, dtype=windows.dtype)
    for sample in range(len(windows)):
        for first in range(0, height, rows):
            tile = at(windows[sample], (slice(first, first + rows), *(slice(None),) * (rank - 1)))
            gathered = buffer[: tile.size].reshape(tile.shape)
            gathered[...] = tile
            yield sample, slice(first * width, (first + rows) * width), gathered.reshape(depth, -1)


def checked_weight(call: Call, window: Window) -> Array:
    """Return the weight as [groups, first axis / groups, second axis, *window].

    Raises `ValueError` if its window is not that of the layer, or the groups do not divide its first axis.
    """
    weight, fields = weight_of(call), call.fields
    groups = len(weight) // fields["depth_multiplier"] if fields.get("depthwise") else fields["groups"]
    if weight.shape[2:] != window.size:
        raise ValueError(f"a weight of {weight.shape} does not hold windows of {window.size}")
    return weight.reshape(groups, len(weight) // groups, *weight.shape[1:])


@kernel("conv", workspace=conv_workspace)
def conv(call: Call, x: Array) -> Array:
    """Return the convolution of [N, C, *spatial] over any number of spatial axes.

    Source: torch.nn.Conv2d (a cross-correlation: the window is not flipped).
    """
    fields, rank = call.fields, x.ndim - 2
    window = Window.of(fields, rank)
    weight = checked_weight(call, window)
    weight = weight.reshape(*weight.shape[:2], -1)
    sides = margins(fields["padding"], x.shape[2:], window)
    windows = slide(pad(x, sides, constant(x, 0), fields["padding_mode"]), window)

    spatial = windows.shape[2 : 2 + rank]
    output = np.empty((len(x), *weight.shape[:2], prod(spatial)), dtype=np.result_type(x, weight))
    for sample, positions, gathered in columns(windows, rank):
        into = output[sample, :, :, positions]
        call.work.matmul(weight, gathered.reshape(len(weight), -1, gathered.shape[-1]), out=into)
        if fields["bias"]:
            into += call.parameters["bias"].reshape(len(weight), -1, 1)
    return output.reshape(len(x), -1, *spatial)


@backward("conv")
def conv_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dW = dY · X̂ᵀ for the gathered windows X̂, and dX, for each element the sum of dX̂ = Wᵀ · dY."""
    (x,), fields, rank = ctx.inputs, ctx.call.fields, ctx.inputs[0].ndim - 2
    window = Window.of(fields, rank)
    weight = checked_weight(ctx.call, window)
    weight = weight.reshape(*weight.shape[:2], -1)
    sides = margins(fields["padding"], x.shape[2:], window)
    padded = pad(x, sides, constant(x, 0), fields["padding_mode"])

    rows = gradient.reshape(len(x), *weight.shape[:2], -1)
    grad_padded, grad_weight = np.zeros_like(padded), RunningSum()
    onto = np.moveaxis(slide(grad_padded, window, writeable=True), range(2, 2 + rank), range(-rank, 0))
    for sample, positions, gathered in columns(slide(padded, window), rank):
        given = rows[sample, :, :, positions]
        read = gathered.reshape(len(weight), -1, gathered.shape[-1])
        grad_weight.add(ctx.to_parameters.matmul(given, read.swapaxes(1, 2)))
        if gathered.flags.writeable:  # a tile, not needed any more: its gradients overwrite it
            ctx.to_inputs.matmul(weight.swapaxes(1, 2), given, out=read)
            spread(read, onto[sample], positions, rank)
        else:  # the input itself, every element once
            ctx.to_inputs.matmul(weight.swapaxes(1, 2), given, out=onto[sample].reshape(read.shape))
    shape = (weight.shape[0] * weight.shape[1], -1, *window.size)
    parameters = weight_gradients(ctx.call, grad_weight.total.reshape(shape))
    if fields["bias"]:
        parameters["bias"] = rows.sum(axis=(0, 3)).ravel()
    return Gradients((unpad(grad_padded, sides, fields["padding_mode"]),), parameters)


class RunningSum:
    """RunningSum of arrays that nothing else reads: it is stored in the first of them."""

    total: Array

    def add(self, product: Array) -> None:
        """Add an array; the first is not added to zeros, which for a large weight would take as long as its product."""
        if hasattr(self, "total"):
            self.total += product
        else:
            self.total = product


def spread(values: Array, onto: Array, positions: slice, rank: int) -> None:
    """Add columns to the elements that `columns` gathered them from, in windows [C, *window, *spatial]."""
    width = prod(onto.shape[onto.ndim - rank + 1 :])
    tile = at(onto, (slice(positions.start // width, positions.stop // width), *(slice(None),) * (rank - 1)))
    values = values.reshape(tile.shape)
    for element in np.ndindex(*tile.shape[1:-rank]):
        tap = tile[:, *element]
        np.add(tap, values[:, *element], out=tap)


def conv_transpose_workspace(run: RunShapes) -> int:
    """Return the bytes of the canvas, twice what one element of the window contributes, and the reordered weight."""
    (samples, _, *lengths), window = run.inputs[0], Window.of(run.fields, len(run.inputs[0]) - 2)
    channels, ends = run.outputs[0][1], []
    beyond = transposed_margins(run.fields, tuple(lengths), window)[1]
    for axis, (length, more) in enumerate(zip(lengths, beyond, strict=True)):
        ends.append((length - 1) * window.stride[axis] + window.span(axis) + more)
    canvas, contributions = samples * channels * prod(ends), samples * channels * prod(lengths)
    weights = sum(map(prod, run.parameters.values()))
    return run.itemsize * (2 * contributions + weights + canvas + prod(run.outputs[0])) + weight_workspace(run)


def transposed_margins(fields: Fields, lengths: Shape, window: Window) -> tuple[Margins, tuple[int, ...]]:
    """Return the elements to remove at both ends of each axis, and those to add first after the last written window.

    `same` and `valid` are those of the convolution that it transposes, which reads the output. By default that has an
    element for each stride and element of the input; `valid` shows whole windows too.
    """
    padding, given = fields["padding"], per_axis(fields["output_padding"], len(lengths))
    if not isinstance(padding, str):
        return margins(padding, lengths, window), tuple(extra or 0 for extra in given)
    removed, beyond = [], []
    for axis, (length, extra) in enumerate(zip(lengths, given, strict=True)):
        steps, span = range(0, length * window.stride[axis], window.stride[axis]), window.span(axis)
        written = steps[-1] + span
        if padding == "valid":
            reads = max(written, steps.stop) if extra is None else written + extra
        else:
            reads = steps.stop if extra is None else steps[-1] + span % 2 + extra
        cut = max(written - reads, 0) if padding == "same" else 0
        removed.append((cut // 2, cut - cut // 2))
        beyond.append(max(reads - written, 0))
    return tuple(removed), tuple(beyond)


@kernel("conv_transpose", workspace=conv_transpose_workspace)
def conv_transpose(call: Call, x: Array) -> Array:
    """Return the transposed convolution: every input element adds a weighted window, `stride` after the previous one.

    The canvas ends with the last window and some elements that none writes; then elements are removed at both ends.
    Source: torch.nn.ConvTranspose2d; `same` and `valid` as in keras.layers.Conv2DTranspose.
    """
    fields, rank = call.fields, x.ndim - 2
    window = Window.of(fields, rank)
    # [*window, groups, out, in], contiguous: one matrix for each element of the window.
    weight = np.ascontiguousarray(np.moveaxis(checked_weight(call, window), (0, 2, 1), (-3, -2, -1)))
    starts = [range(0, length * step, step) for length, step in zip(x.shape[2:], window.stride, strict=True)]
    removed, beyond = transposed_margins(fields, x.shape[2:], window)
    ends = [starts[axis][-1] + window.span(axis) + beyond[axis] for axis in range(rank)]

    canvas = np.zeros((len(x), *weight.shape[-3:-1], *ends), dtype=np.result_type(x, weight))
    channels = x.reshape(len(x), canvas.shape[1], x.shape[1] // canvas.shape[1], -1)
    for element in np.ndindex(*window.size):
        offsets = [window.offsets(axis)[at] for axis, at in enumerate(element)]
        index = [slice(at, at + run[-1] + 1, run.step) for at, run in zip(offsets, starts, strict=True)]
        target = at(canvas, index)
        sums = target.reshape(*canvas.shape[:3], -1)
        call.work.accumulate(sums, weight[element], channels)
        target[...] = sums.reshape(target.shape)
    output = crop(canvas, removed)
    output = output.reshape(len(x), -1, *output.shape[3:])
    if fields["bias"]:
        output += call.parameters["bias"].reshape(-1, *(1,) * rank)
    return output


@backward("conv_transpose")
def conv_transpose_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dX = W · dŶ, a convolution over the windows dŶ to which input elements were added, and dW = X · dŶᵀ."""
    (x,), fields, rank = ctx.inputs, ctx.call.fields, ctx.inputs[0].ndim - 2
    window = Window.of(fields, rank)
    weight = checked_weight(ctx.call, window)
    weight = weight.reshape(*weight.shape[:2], -1)
    canvas = pad(gradient, transposed_margins(fields, x.shape[2:], window)[0], constant(gradient, 0))
    # Output padding may leave room for one more window, to which no input element was added.
    written = at(slide(canvas, window), (*map(slice, x.shape[2:]), *(slice(None),) * rank))

    channels = x.reshape(len(x), *weight.shape[:2], -1)
    grad_input, grad_weight = np.empty_like(channels), RunningSum()
    for sample, positions, gathered in columns(written, rank):
        given = gathered.reshape(len(weight), -1, gathered.shape[-1])
        ctx.to_inputs.matmul(weight, given, out=grad_input[sample, :, :, positions])
        grad_weight.add(ctx.to_parameters.matmul(channels[sample, :, :, positions], given.swapaxes(1, 2)))
    shape = (weight.shape[0] * weight.shape[1], -1, *window.size)
    parameters = weight_gradients(ctx.call, grad_weight.total.reshape(shape))
    if fields["bias"]:
        parameters["bias"] = gradient.sum(axis=(0, *range(2, gradient.ndim)))
    return Gradients((grad_input.reshape(x.shape),), parameters)
