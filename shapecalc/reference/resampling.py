"""Padding as a layer, cropping and upsampling."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import reduce
from itertools import product
from math import floor

import numpy as np

from shapecalc.reference import windows
from shapecalc.reference.base import Array, Call, constant, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.pooling import adaptive_avg_pool, adaptive_avg_pool_backward


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


@kernel("upsample", workspace=outputs_times(2))
def upsample(call: Call, x: Array, like: Array | None = None) -> Array:
    """Return the input on another grid: the nearest element, or a weighted mean of two or four along each axis.

    Source: torch.nn.functional.interpolate. If `scale_factor` is given, positions are computed with it.
    """
    axes = grids(call, x, like)
    if call.fields["mode"] == "area":
        return adaptive_avg_pool(pooling_call(call, axes), x)
    corners = [elements_along(call, *axis) for axis in axes]
    if call.fields["mode"].startswith("nearest"):
        return windows.at(x, np.ix_(*(indices for ((indices, _),) in corners)))
    first, *others = product(*corners)
    total = weighted_elements(x, first)
    for corner in others:
        total += weighted_elements(x, corner)
    return total


def grids(call: Call, x: Array, like: Array | None = None) -> list[tuple[int, int, float | None]]:
    """Return for each spatial axis the input length, the output length, and the scale for positions if one is given."""
    scales = windows.per_axis(call.fields["scale_factor"], x.ndim - 2)
    sizes = windows.per_axis(call.fields["size"], x.ndim - 2) if like is None else like.shape[2:]
    return [
        (length, floor(length * scale) if size is None else size, scale)
        for length, size, scale in zip(x.shape[2:], sizes, scales, strict=True)
    ]


@backward("upsample")
def upsample_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for every input element the weighted sum of the gradients computed from it, one axis after another."""
    (x, *others), fields = ctx.inputs, ctx.call.fields
    if fields["mode"] == "area":
        call = pooling_call(ctx.call, grids(ctx.call, *ctx.inputs))
        (of_x,) = adaptive_avg_pool_backward(replace(ctx, call=call, inputs=(x,)), gradient).inputs
        return Gradients((of_x, *map(np.zeros_like, others)))
    for axis, grid in enumerate(grids(ctx.call, *ctx.inputs), start=2):
        corners = elements_along(ctx.call, *grid)
        given = np.moveaxis(gradient, axis, 0)
        onto = np.zeros((grid[0], *given.shape[1:]), dtype=given.dtype)
        for indices, weights in corners:
            for values, index, weight in zip(given, indices, in_dtype(x, weights), strict=True):
                onto[index] += weight * values
        gradient = np.moveaxis(onto, 0, axis)
    return Gradients((gradient, *map(np.zeros_like, others)))


def pooling_call(call: Call, axes: list[tuple[int, int, float | None]]) -> Call:
    """Return the call of the pool that `area` is."""
    return replace(call, fields={"output_size": tuple(count for _, count, _ in axes)})


def elements_along(call: Call, length: int, count: int, scale: float | None) -> tuple[tuple[Array, Array], ...]:
    """Return the input elements that each of `count` output elements is computed from, with their weights."""
    mode = call.fields["mode"]
    if mode == "bicubic":
        return nearest_four(length, count, scale, align_corners=call.fields["align_corners"])
    if mode in ("nearest", "nearest-exact"):
        return ((nearest_elements(length, count, scale, 0.5 * (mode != "nearest")), np.ones(count, dtype=int)),)
    return nearest_two(length, count, scale, align_corners=call.fields["align_corners"])


def weighted_elements(x: Array, corner: tuple[tuple[Array, Array], ...]) -> Array:
    """Return one input element per output element, by its indices along each axis, times the product of its weights."""
    elements = windows.at(x, np.ix_(*(indices for indices, _ in corner)))
    elements *= in_dtype(x, reduce(np.multiply.outer, (weights for _, weights in corner)))
    return elements


def in_dtype(x: Array, weights: Array) -> Array:
    """Return weights in the dtype of an array; as fractions for an object array, whose scalars may be exact."""
    if x.dtype != object or weights.dtype.kind == "i":
        return weights.astype(x.dtype)
    exact: Array = np.frompyfunc(lambda weight: Fraction(weight).limit_denominator(), 1, 1)(weights)
    return exact


def nearest_elements(length: int, count: int, scale: float | None, offset: float = 0.0) -> Array:
    """Return the index of the input element for each of `count` output elements: the one that contains its start.

    With an `offset` of 0.5, the one that contains its centre.

    Computed in single precision, as in PyTorch: a position on the edge between elements may fall on either side.
    For a small 2-D map with an output of the same or twice the size, PyTorch assumes a scale of 1 or 2.
    """
    step = np.float32(length / count if scale is None else 1 / scale)
    starts = np.arange(count, dtype=np.float32) + np.float32(offset)
    indices: Array = np.minimum(np.floor(starts * step).astype(int), length - 1)
    return indices


def nearest_two(
    length: int, count: int, scale: float | None, *, align_corners: bool
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return the two input elements between which each of `count` output elements lies, each with its weight.

    Elements are areas whose centres are compared, or with `align_corners` points, the first and last of which coincide.
    """
    if align_corners:
        position = np.arange(count) * ((length - 1) / (count - 1) if count > 1 else 0.0)
    else:
        # If input and output have the same length, PyTorch copies, whatever the scale.
        step = length / count if scale is None or count == length else 1 / scale
        position = np.maximum((np.arange(count) + 0.5) * step - 0.5, 0.0)
    low = np.minimum(np.floor(position).astype(int), length - 1)
    high = np.minimum(low + 1, length - 1)
    share = np.clip(position - low, 0.0, 1.0)
    return (low, 1 - share), (high, share)


def nearest_four(
    length: int, count: int, scale: float | None, *, align_corners: bool
) -> tuple[tuple[Array, Array], ...]:
    """Return the four input elements next to each of `count` output elements, each with its weight; edges repeat.

    Cubic convolution with A = −0.75 (Keys 1981), as in PyTorch.
    """
    if align_corners:
        position = np.arange(count) * ((length - 1) / (count - 1) if count > 1 else 0.0)
    else:
        # Unlike linear interpolation, PyTorch's does not copy if the lengths are equal and the scale is not 1.
        position = (np.arange(count) + 0.5) * (length / count if scale is None else 1 / scale) - 0.5
    low = np.floor(position).astype(int)
    share = position - low
    elements = []
    for offset in (-1, 0, 1, 2):
        distance = abs(share - offset)
        near = (1.25 * distance - 2.25) * distance**2 + 1
        far = -0.75 * (((distance - 5) * distance + 8) * distance - 4)
        elements.append((np.clip(low + offset, 0, length - 1), np.where(distance <= 1, near, far)))
    return tuple(elements)
