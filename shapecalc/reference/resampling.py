"""Upsampling, and interpolation on another grid."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import reduce
from itertools import product
from math import ceil, floor, prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference import windows
from shapecalc.reference.base import Array, Call, RunShapes, kernel
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.pooling import adaptive_avg_pool, adaptive_avg_pool_backward

if TYPE_CHECKING:
    from collections.abc import Callable


def upsample_workspace(run: RunShapes) -> int:
    """Return the bytes of two arrays of the size of the output, and of the steps between with `antialias`."""
    between = 3 * prod(run.inputs[0][:-1]) * run.outputs[0][-1] if run.fields["antialias"] else 0
    return run.itemsize * (2 * prod(run.outputs[0]) + between)


@kernel("upsample", workspace=upsample_workspace)
def upsample(call: Call, x: Array, like: Array | None = None) -> Array:
    """Return the input on another grid: the nearest element, or a weighted mean of two or four along each axis.

    Source: torch.nn.functional.interpolate. If `scale_factor` is given, positions are computed with it.
    """
    axes = grids(call, x, like)
    if call.fields["mode"] == "area":
        return adaptive_avg_pool(pooling_call(call, axes), x)
    corners = [elements_along(call, *axis) for axis in axes]
    if call.fields["antialias"]:
        return weighted_along_each(x, corners)
    if call.fields["mode"].startswith("nearest"):
        return windows.at(x, np.ix_(*(indices for ((indices, _),) in corners)))
    first, *others = product(*corners)
    total = weighted_elements(x, first)
    for corner in others:
        total += weighted_elements(x, corner)
    return total


def weighted_along_each(x: Array, corners: list[tuple[tuple[Array, Array], ...]]) -> Array:
    """Return the weighted means along one axis after another, from the last on."""
    for axis, elements in reversed(list(enumerate(corners, start=2))):
        total: Array | None = None
        for indices, weights in elements:
            along = in_dtype(x, weights).reshape(-1, *(1,) * (x.ndim - 1 - axis))
            term = x.take(indices, axis=axis) * along
            total = term if total is None else np.add(total, term, out=total)
        assert total is not None
        x = total
    return x


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
    if call.fields["antialias"]:
        reach, weigh = (1, linear_weight) if mode == "bilinear" else (2, cubic_weight)
        return elements_below(
            length, count, scale, align_corners=call.fields["align_corners"], reach=reach, weigh=weigh
        )
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


def elements_below(
    length: int,
    count: int,
    scale: float | None,
    *,
    align_corners: bool,
    reach: int,
    weigh: Callable[[Array], Array],
) -> tuple[tuple[Array, Array], ...]:
    """Return the input elements below each of `count` output elements, each with its weight; the last may weigh 0.

    An output reaches over `reach` of its own elements, or of the input's if those are larger, on either side of its
    centre. Elements outside of the input are left out, and the weights of the others sum to 1.
    If input and output have the same length, PyTorch copies, whatever the scale. Its output of one column and several
    rows repeats the first row (torch 2.13 on the CPU), its gradient is that of the weights here.
    """
    if align_corners:
        step = (length - 1) / (count - 1) if count > 1 else 0.0
    else:
        step = length / count if scale is None or count == length else 1 / scale
    width = max(step, 1.0)
    centre = (np.arange(count) + 0.5) * step
    first = np.maximum(np.trunc(centre - reach * width + 0.5).astype(int), 0)
    end = np.minimum(np.trunc(centre + reach * width + 0.5).astype(int), length)
    indices = first + np.arange(2 * ceil(reach * width) + 1)[:, None]
    weights = np.where(indices < end, weigh(abs(indices - centre + 0.5) / width), 0.0)
    weights /= weights.sum(axis=0)
    return tuple(zip(np.minimum(indices, length - 1), weights, strict=True))


def linear_weight(distance: Array) -> Array:
    """Return the weight of linear interpolation at a distance."""
    return np.maximum(1.0 - distance, 0.0)


def cubic_weight(distance: Array) -> Array:
    """Return the weight of cubic convolution with A = −0.5 at a distance, as in PIL."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = -0.5 * (((distance - 5) * distance + 8) * distance - 4)
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0))  # noqa: PLR2004 - it reaches over two
