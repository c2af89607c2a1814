"""Resize, Upsample, and sampling at positions."""

from __future__ import annotations

from math import ceil, floor
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.dims import Expr, floor_div
from shapecalc.importers.onnx.node import operator, python_number
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.dims import Dim
    from shapecalc.importers.graph import Value
    from shapecalc.importers.onnx.node import OnnxNode
    from shapecalc.importers.onnx.tensors import Array

ROUND: dict[str, Callable[[float], int]] = {
    "round_prefer_floor": lambda x: ceil(x - 0.5),
    "round_prefer_ceil": lambda x: floor(x + 0.5),
    "floor": floor,
    "ceil": ceil,
}
LINEAR = {3: "linear", 4: "bilinear", 5: "trilinear"}


class ResizeRule(NamedTuple):
    """How an element of the output is made of the input: the attributes of `Resize`, and the region that is cropped."""

    mode: str = "nearest"
    coordinates: str = "half_pixel"
    nearest: str = "round_prefer_floor"
    cubic_a: float = -0.75
    exclude_outside: bool = False
    antialias: bool = False
    extrapolation: float = 0.0
    region: dict[int, tuple[float, float]] = {}  # noqa: RUF012 - never changed

    def place(self, axis: int, x: int, n: int, size: int, scale: float) -> float:
        """Return the place in an axis of n elements of element x of the output, which has `size`."""
        length = scale * n
        if self.coordinates == "align_corners":
            return 0.0 if length == 1 else x * (n - 1) / (length - 1)
        if self.coordinates == "asymmetric":
            return x / scale
        if self.coordinates == "tf_crop_and_resize":
            start, end = self.region.get(axis, (0.0, 1.0))
            if length == 1:
                return (start + end) * (n - 1) / 2
            return start * (n - 1) + x * (end - start) * (n - 1) / (length - 1)
        if self.coordinates == "pytorch_half_pixel" and length == 1:
            return -0.5
        moved = n / 2 * (1 - size / length) if self.coordinates == "half_pixel_symmetric" else 0.0
        return moved + (x + 0.5) / scale - 0.5

    def weights(self, distance: Array, scale: float) -> Array:
        """Return the weight of neighbours at these distances: a triangle, or Keys' cubic function."""
        d = np.abs(distance) * (min(scale, 1.0) if self.antialias else 1.0)
        if self.mode == "linear":
            return np.clip(1 - d, 0, 1)
        a = self.cubic_a
        near = ((a + 2) * d - (a + 3)) * d * d + 1
        far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
        return np.where(d <= 1, near, np.where(d < 2, far, 0.0))  # noqa: PLR2004

    def matrix(self, axis: int, n: int, size: int, scale: float) -> Array:
        """Return the weight of each element of an axis of the input for each of the output."""
        table = np.zeros((size, n))
        for x in range(size):
            place = self.place(axis, x, n, size, scale)
            reach = ceil(2 / min(scale, 1.0)) + 1 if self.antialias else 2
            near = np.arange(floor(place) - reach, floor(place) + reach + 2)
            weights = self.weights(near - place, scale)
            if self.exclude_outside:
                weights = np.where((near < 0) | (near >= n), 0.0, weights)
            np.add.at(table[x], np.clip(near, 0, n - 1), weights / weights.sum())
        return table


@operator("Resize", "Upsample")
def resize(
    node: OnnxNode,
    *,
    antialias: int = 0,
    axes: Sequence[int] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
    scales: Sequence[float] = (),
    height_scale: float = 0.0,
    width_scale: float = 0.0,
) -> Value:
    """Return `upsample` where its rule is ONNX's; else indices for `nearest`, or a matrix for each axis."""
    if height_scale or width_scale:
        scales = [1.0, 1.0, height_scale, width_scale]
    if node.op == "Upsample" or node.version < 11:  # noqa: PLR2004 - before it the places were those of Upsample
        coordinate_transformation_mode, nearest_mode = "asymmetric", "floor"
    if nearest_mode not in ROUND:
        raise Unreadable(f"`{node.op}` rounds by `{nearest_mode[:40]}`, which is not known")
    rank = node.rank()
    along = [node.axis(axis) for axis in (range(rank) if axes is None else axes)]
    region = {}
    if coordinate_transformation_mode == "tf_crop_and_resize":
        bounds = node.known(1, "region").reshape(2, -1)
        region = {axis: (float(bounds[0, place]), float(bounds[1, place])) for place, axis in enumerate(along)}
    rule = ResizeRule(
        "linear" if mode == "bilinear" else mode,
        coordinate_transformation_mode,
        nearest_mode,
        cubic_coeff_a,
        bool(exclude_outside),
        bool(antialias),
        extrapolation_value,
        region,
    )
    sizes, factors = _sizes_and_scales(node, along, keep_aspect_ratio_policy, scales)
    if not region and all(size == given for size, given in zip(sizes, node.shape(), strict=True)):
        return node.read()
    fields = _upsample_fields(node, rule, sizes, factors)
    if fields is not None:
        return node.step("upsample", **fields)
    return _by_axes(node, rule, node.ints(sizes, "size"), [float(factor) for factor in factors if factor is not None])


def _sizes_and_scales(
    node: OnnxNode, along: Sequence[int], policy: str, given: Sequence[float]
) -> tuple[list[Dim], list[float | None]]:
    """Return the size of each axis of the output, and its scale, None if it depends on symbols."""
    shape = node.shape()
    sizes: list[Dim] = list(shape)
    scales: list[float | None] = [1.0] * len(shape)
    if node.op == "Resize" and node.has(3) and 0 not in node.shape(3):
        wanted = node.dims(3)
        if policy != "stretch":
            return _in_proportion(node, along, policy, node.integers(3))
        for axis, size in zip(along, wanted, strict=True):
            given_size = shape[axis]
            is_known = isinstance(size, int) and isinstance(given_size, int)
            same = size == given_size
            sizes[axis] = size
            scales[axis] = 1.0 if same else int(str(size)) / int(str(given_size)) if is_known else None
        return sizes, scales
    place = 1 if node.op == "Upsample" or len(node.entries) == 2 else 2  # noqa: PLR2004
    factors = [python_number(each) for each in node.known(place, "scales").ravel()] if node.has(place) else list(given)
    if len(factors) != len(along):
        raise Unreadable(f"`{node.op}` has {len(factors)} scales for {len(along)} axes")
    for axis, factor in zip(along, factors, strict=True):
        sizes[axis], scales[axis] = _times(node, shape[axis], float(factor)), float(factor)
    return sizes, scales


def _times(node: OnnxNode, size: Dim, factor: float) -> Dim:
    """Return ⌊size · factor⌋."""
    if isinstance(size, int):
        return floor(size * float(np.float32(factor)) if factor != round(factor) else size * factor)
    numerator, denominator = float(factor).as_integer_ratio()
    if denominator > 1 << 12:
        raise Unreadable(f"`{node.op}` has the scale {factor} of an axis of size {size}")
    return floor_div(size * numerator, denominator)


def _in_proportion(
    node: OnnxNode, along: Sequence[int], policy: str, wanted: Sequence[int]
) -> tuple[list[Dim], list[float | None]]:
    shape = node.ints(node.shape())
    choose = min if policy == "not_larger" else max
    scale = choose(size / shape[axis] for axis, size in zip(along, wanted, strict=True))
    sizes: list[Dim] = list(shape)
    scales: list[float | None] = [1.0] * len(shape)
    for axis in along:
        sizes[axis], scales[axis] = floor(scale * shape[axis] + 0.5), scale
    return sizes, scales


def _upsample_fields(
    node: OnnxNode, rule: ResizeRule, sizes: Sequence[Dim], scales: Sequence[float | None]
) -> dict[str, Any] | None:
    """Return the fields of `upsample` if it has the rule of the node, else None."""
    rank, shape = node.rank(), node.shape()
    if rank not in LINEAR or list(scales[:2]) != [1.0, 1.0]:
        return None
    wanted = node.op == "Resize" and node.has(3) and 0 not in node.shape(3)
    exact = all(scale is None or _is_exact(size, scale, n) for size, scale, n in zip(sizes, scales, shape, strict=True))
    symbolic = any(isinstance(size, Expr) for size in sizes[2:])
    by_size = wanted or (exact and not symbolic)
    fields: dict[str, Any] = {"size": list(sizes[2:])} if by_size else {"scale_factor": list(scales[2:])}
    if rule.mode == "nearest":
        is_floor = (rule.coordinates, rule.nearest) == ("asymmetric", "floor")
        return {**fields, "mode": "nearest"} if is_floor and (exact or not by_size) else None
    mode = {"linear": LINEAR[rank], "cubic": "bicubic"}.get(rule.mode)
    if mode is None or (mode == "bicubic" and rank != 4) or (not exact and by_size):  # noqa: PLR2004
        return None
    if rule.exclude_outside or rule.cubic_a != -0.75 or rule.antialias:  # noqa: PLR2004
        return None
    if rule.coordinates == "align_corners" and exact:
        return {**fields, "mode": mode, "align_corners": True}
    is_half = rule.coordinates == "half_pixel" or (rule.coordinates == "pytorch_half_pixel" and 1 not in sizes[2:])
    return {**fields, "mode": mode} if is_half else None


def _is_exact(size: Dim, scale: float, n: Dim) -> bool:
    if isinstance(size, Expr) or isinstance(n, Expr):
        return scale == round(scale)
    return size == scale * n or abs(size - scale * n) < 1e-6 * size


def _by_axes(node: OnnxNode, rule: ResizeRule, sizes: Sequence[int], scales: Sequence[float]) -> Value:
    """Return each axis by the indices of its elements, or by a matrix of their weights."""
    shape, rank = node.ints(node.shape()), node.rank()
    if max(size * n for size, n in zip(sizes, shape, strict=True)) > 1 << 24:
        raise Unreadable(f"`{node.op}` of {max(shape)} to {max(sizes)} elements is not supported in this mode")
    first = node.read()
    outside = np.zeros((), dtype=bool)
    for axis in range(rank):
        n, size, scale = shape[axis], sizes[axis], scales[axis]
        if size == n and not rule.region:
            continue
        places = [rule.place(axis, x, n, size, scale) for x in range(size)]
        beyond = np.array([not 0 <= place <= n - 1 for place in places])
        outside = outside | beyond.reshape([-1] + [1] * (rank - 1 - axis))
        if rule.mode == "nearest":
            index = [min(max(ROUND[rule.nearest](place), 0), n - 1) for place in places]
            first = node.step("take", first, index=index, dim=axis)
        else:
            letters = ascii_lowercase[:rank]
            equation = f"{letters},z{letters[axis]}->{letters.replace(letters[axis], 'z')}"
            table = node.numbers(rule.matrix(axis, n, size, scale).astype(np.float32))
            first = node.step("einsum", first, table, equation=equation)
    if rule.coordinates == "tf_crop_and_resize" and outside.any():
        flags = node.numbers(~np.broadcast_to(outside, sizes))
        first = node.step("where", flags, first, y=rule.extrapolation)
    return first


@operator("GridSample")
def grid_sample(node: OnnxNode, *, align_corners: int = 0, mode: str = "linear", padding_mode: str = "zeros") -> Value:
    """Return the layer of that name."""
    word = {"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode)
    fields: dict[str, Any] = {"mode": word, "padding_mode": padding_mode, "align_corners": bool(align_corners)}
    return node.step("grid_sample", node.read(), node.read(1), **fields)


@operator("AffineGrid")
def affine_grid(node: OnnxNode, *, align_corners: int = 0) -> Value:
    """Return the layer of that name."""
    return node.step("affine_grid", size=node.integers(1)[2:], align_corners=bool(align_corners))
