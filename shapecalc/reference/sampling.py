"""Sampling of a map at positions that another tensor states, and the positions of an affine map."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.base import Array, Call, RunShapes, constant, kernel, masked, maximum, minimum
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from collections.abc import Iterator


def sampling_workspace(run: RunShapes) -> int:
    """Return the bytes of positions and weights, and of three arrays of the size of the output."""
    return run.itemsize * (3 * prod(run.outputs[0]) + 6 * prod(run.inputs[1]) + 4 * prod(run.inputs[1][:-1]))


def positions(call: Call, grid: Array, lengths: tuple[int, ...]) -> list[Array]:
    """Return the position along each spatial axis, in elements: the last entry of the grid is of the first axis.

    Raises `ValueError` if the grid does not have an entry for each axis.
    """
    if grid.shape[-1] != len(lengths):
        raise ValueError(f"a grid of {grid.shape[-1]} entries for {len(lengths)} axes")
    entries = [grid[..., len(lengths) - 1 - place] + 1 for place in range(len(lengths))]
    if call.fields["align_corners"]:
        return [entry / 2 * (length - 1) for entry, length in zip(entries, lengths, strict=True)]
    return [(entry * length - 1) / 2 for entry, length in zip(entries, lengths, strict=True)]


def positions_on_map(call: Call, axes: list[Array], lengths: tuple[int, ...]) -> list[Array]:
    """Return positions on the map in place of those outside; as they are for zeros."""
    if call.fields["padding_mode"] == "zeros":
        return axes
    if call.fields["padding_mode"] == "reflection":
        axes = [reflected(call, at, length) for at, length in zip(axes, lengths, strict=True)]
    limits = [(constant(at, 0), constant(at, length - 1)) for at, length in zip(axes, lengths, strict=True)]
    return [minimum(maximum(at, first), last) for at, (first, last) in zip(axes, limits, strict=True)]


def mirrors(call: Call, length: int) -> tuple[float, int]:
    """Return the first of the two positions that an axis is mirrored at, and the distance to the other."""
    return (0.0, max(length - 1, 1)) if call.fields["align_corners"] else (-0.5, length)


def reflected(call: Call, at: Array, length: int) -> Array:
    """Return positions on the axis in place of those in its mirror images: a wave of triangles."""
    first, span = mirrors(call, length)
    passed = at - first
    within = passed - np.floor(passed / (2 * span)) * (2 * span)
    result: Array = span - abs(within - span) + first
    return result


def reflected_slope(call: Call, at: Array, length: int) -> Array:
    """Return 1 for each position that is not mirrored, or an even number of times, else −1."""
    first, span = mirrors(call, length)
    images = np.floor(((at - first) / span).astype(float))
    return np.where(images % 2 == 0, 1, -1).astype(at.dtype)


def bounded(call: Call, index: Array, length: int) -> Array:
    """Return indices on the axis in place of those outside; as they are for zeros."""
    mode = call.fields["padding_mode"]
    if mode == "border":
        return np.clip(index, 0, length - 1)
    if mode == "reflection":
        aligned = call.fields["align_corners"]
        period = max(2 * (length - 1) if aligned else 2 * length, 1)
        within = index % period
        return np.asarray(np.where(within < length, within, period - within - (not aligned)))
    return index


def cubic_weights(share: Array) -> list[Array]:
    """Return the weights of the four elements around each position; Keys 1981 with A = −0.75."""

    def near(distance: Array) -> Array:
        result: Array = (1.25 * distance - 2.25) * distance * distance + 1
        return result

    def far(distance: Array) -> Array:
        result: Array = ((-0.75 * distance - -3.75) * distance + -6.0) * distance - -3.0
        return result

    return [far(share + 1), near(share), near(1 - share), far(2 - share)]


def cubic_slopes(share: Array) -> list[Array]:
    """Return the derivatives of `cubic_weights` with respect to the share."""

    def near(distance: Array) -> Array:
        result: Array = (3.75 * distance - 4.5) * distance
        return result

    def far(distance: Array) -> Array:
        result: Array = (-2.25 * distance + 7.5) * distance - 6.0
        return result

    return [far(share + 1), near(share), -near(1 - share), -far(2 - share)]


def squares_around(call: Call, axes: list[Array], lengths: tuple[int, ...]) -> tuple[list[list[Array]], list[Array]]:
    """Return the indices of the four elements around each position along each of two axes, and its shares."""
    lows = [index_before(position) for position in axes]
    indices = [
        [bounded(call, low + offset, length) for offset in (-1, 0, 1, 2)]
        for low, length in zip(lows, lengths, strict=True)
    ]
    return indices, [position - low for position, low in zip(axes, lows, strict=True)]


def cubic_sample(call: Call, x: Array, axes: list[Array]) -> Array:
    """Return the cubic interpolation along the rows, then between them."""
    indices, shares = squares_around(call, axes, x.shape[2:])
    of_rows, of_columns = map(cubic_weights, shares)
    total: Array | None = None
    for row, row_weight in zip(indices[0], of_rows, strict=True):
        along: Array | None = None
        for column, weight in zip(indices[1], of_columns, strict=True):
            term = read(x, [row, column]) * weight[:, None]
            along = term if along is None else along + term
        assert along is not None
        term = along * row_weight[:, None]
        total = term if total is None else total + term
    assert total is not None
    return total


def cubic_backward(call: Call, x: Array, axes: list[Array], gradient: Array) -> tuple[Array, list[Array]]:
    """Return the gradients of the map, and of the positions along each axis."""
    indices, shares = squares_around(call, axes, x.shape[2:])
    weights, slopes = list(map(cubic_weights, shares)), list(map(cubic_slopes, shares))
    of_x, of_axes = np.zeros_like(x), [np.zeros_like(position) for position in axes]
    for i, row in enumerate(indices[0]):
        for j, column in enumerate(indices[1]):
            spread_onto(of_x, [row, column], gradient * (weights[0][i] * weights[1][j])[:, None])
            along = (read(x, [row, column]) * gradient).sum(axis=1)
            of_axes[0] += along * slopes[0][i] * weights[1][j]
            of_axes[1] += along * weights[0][i] * slopes[1][j]
    return of_x, of_axes


def corners(lows: list[Array]) -> Iterator[tuple[tuple[int, ...], list[Array]]]:
    """Yield each corner of the cell around a position: 0 or 1 for each axis, and its indices."""
    for sides in product((0, 1), repeat=len(lows)):
        yield sides, [low + side for low, side in zip(lows, sides, strict=True)]


def read(x: Array, indices: list[Array]) -> Array:
    """Return the elements [N, C, *positions] at indices along each axis, 0 outside."""
    inside = np.ones(indices[0].shape, dtype=bool)
    clipped = []
    for index, length in zip(indices, x.shape[2:], strict=True):
        inside &= (index >= 0) & (index < length)
        clipped.append(np.clip(index, 0, length - 1))
    samples = np.arange(len(x)).reshape(-1, *(1,) * (inside.ndim - 1))
    values = np.moveaxis(x, 1, -1)[(samples, *clipped)]
    result: Array = masked(np.moveaxis(values, -1, 1), inside[:, None])
    return result


def index_before(position: Array) -> Array:
    """Return the index of the element at or before each position."""
    return np.asarray(np.floor(position.astype(float)), dtype=int)


def nearest_indices(axes: list[Array]) -> list[Array]:
    """Return the index nearest to each position; of two, the even one."""
    return [np.rint(position.astype(float)).astype(int) for position in axes]


def weight_of_corner(shares: list[Array], sides: tuple[int, ...], without: int | None = None) -> Array | None:
    """Return the product over the axes of the share of each side; None for the product of none."""
    product_: Array | None = None
    for axis, (share, side) in enumerate(zip(shares, sides, strict=True)):
        if axis != without:
            product_ = share[side] if product_ is None else product_ * share[side]
    return product_


@kernel("grid_sample", workspace=sampling_workspace)
def grid_sample(call: Call, x: Array, grid: Array) -> Array:
    """Return the elements at the positions of the grid.

    Raises `ValueError` if the two do not have as many samples.
    Source: torch.nn.functional.grid_sample.
    """
    if len(x) != len(grid):
        raise ValueError(f"{len(x)} maps and {len(grid)} grids")
    axes = positions(call, grid, x.shape[2:])
    if call.fields["mode"] == "bicubic":
        return np.asarray(cubic_sample(call, x, axes), dtype=np.result_type(x, grid))
    axes = positions_on_map(call, axes, x.shape[2:])
    if call.fields["mode"] == "nearest":
        return read(x, nearest_indices(axes))
    lows = [index_before(position) for position in axes]
    return np.asarray(interpolated(x, lows, shares_of(axes, lows)), dtype=np.result_type(x, grid))


def interpolated(x: Array, lows: list[Array], shares: list[Array]) -> Array:
    """Return the linear interpolation [N, C, *positions] of the elements at each corner around a position."""
    total: Array | None = None
    for sides, indices in corners(lows):
        weight = weight_of_corner(shares, sides)
        assert weight is not None
        term = read(x, indices) * weight[:, None]
        total = term if total is None else total + term
    assert total is not None
    return total


def shares_of(axes: list[Array], lows: list[Array]) -> list[Array]:
    """Return the shares of the elements before and after each position, along each axis."""
    shares = []
    for position, low in zip(axes, lows, strict=True):
        share = position - low
        shares.append(np.stack([1 - share, share]))
    return shares


@backward("grid_sample")
def grid_sample_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each element the weighted gradients that were computed from it; for each position its slope."""
    (x, grid), fields = ctx.inputs, ctx.call.fields
    lengths = x.shape[2:]
    unbounded = positions(ctx.call, grid, lengths)
    of_x, of_grid = np.zeros_like(x), np.zeros_like(grid)
    if fields["mode"] == "bicubic":
        of_x, of_axes = cubic_backward(ctx.call, x, unbounded, gradient)
        for axis, (length, slope) in enumerate(zip(lengths, of_axes, strict=True)):
            of_grid[..., 1 - axis] = slope * ((length - 1) / 2 if fields["align_corners"] else length / 2)
        return Gradients((of_x, of_grid))
    axes = positions_on_map(ctx.call, unbounded, lengths)
    if fields["mode"] == "nearest":
        spread_onto(of_x, nearest_indices(axes), gradient)
        return Gradients((of_x, of_grid))
    lows = [index_before(position) for position in axes]
    shares = shares_of(axes, lows)
    for sides, indices in corners(lows):
        weight = weight_of_corner(shares, sides)
        assert weight is not None
        spread_onto(of_x, indices, gradient * weight[:, None])
        along = (read(x, indices) * gradient).sum(axis=1)
        for axis, side in enumerate(sides):
            others = weight_of_corner(shares, sides, without=axis)
            slope = along if others is None else along * others
            of_grid[..., len(lengths) - 1 - axis] += slope if side else -slope
    for axis, length in enumerate(lengths):
        entry = len(lengths) - 1 - axis
        of_grid[..., entry] *= (length - 1) / 2 if fields["align_corners"] else length / 2
        if fields["padding_mode"] == "reflection":
            of_grid[..., entry] *= reflected_slope(ctx.call, unbounded[axis], length)
        if fields["padding_mode"] != "zeros":
            inside = (axes[axis] > 0) & (axes[axis] < length - 1)
            of_grid[..., entry] = masked(of_grid[..., entry], inside)
    return Gradients((of_x, of_grid))


def spread_onto(onto: Array, indices: list[Array], values: Array) -> None:
    """Add values [N, C, *positions] to the elements at indices along each axis, without those outside."""
    inside = np.ones(indices[0].shape, dtype=bool)
    for index, length in zip(indices, onto.shape[2:], strict=True):
        inside &= (index >= 0) & (index < length)
    samples = np.broadcast_to(np.arange(len(onto)).reshape(-1, *(1,) * (inside.ndim - 1)), inside.shape)
    where = (samples[inside], *(index[inside] for index in indices))
    np.add.at(np.moveaxis(onto, 1, -1), where, np.moveaxis(values, 1, -1)[inside])


@kernel("affine_grid")
def affine_grid(call: Call, a: Array) -> Array:
    """Return A · (x, y, 1) for every position.

    Source: torch.nn.functional.affine_grid.
    """
    base = base_positions(call, a)
    return call.work.matmul(base, a.swapaxes(1, 2)).reshape(len(a), *call.fields["size"], -1)


def base_positions(call: Call, a: Array) -> Array:
    """Return (x, y, 1) of every position, [positions, axes + 1], in the dtype of an array."""
    sizes = call.fields["size"]
    lines = []
    for size in sizes:
        ends = np.linspace(-1, 1, size) if size > 1 else np.zeros(1)
        lines.append(ends if call.fields["align_corners"] else ends * ((size - 1) / size))
    mesh = np.meshgrid(*lines, indexing="ij")
    base = np.stack([*(axis.ravel() for axis in reversed(mesh)), np.ones(prod(sizes))], axis=1)
    return base.astype(a.dtype)


@backward("affine_grid")
def affine_grid_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dA = dYᵀ · (x, y, 1), summed over the positions."""
    (a,) = ctx.inputs
    rows = gradient.reshape(len(a), -1, gradient.shape[-1])
    return Gradients((ctx.to_inputs.matmul(rows.swapaxes(1, 2), base_positions(ctx.call, a)),))
