"""Resize, Upsample, and sampling at positions."""

from __future__ import annotations

from math import ceil, floor
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.oracle.onnx_nodes.network import Array, Network, Node, Operator, Slots

ROUND: dict[str, Callable[[float], int]] = {
    "round_prefer_floor": lambda x: ceil(x - 0.5),
    "round_prefer_ceil": lambda x: floor(x + 0.5),
    "floor": floor,
    "ceil": ceil,
}
LINEAR = {3: "linear", 4: "bilinear", 5: "trilinear"}


def sizes_and_scales(node: Node) -> tuple[list[int], list[float]]:
    """Return the size of each axis of the output, and its scale."""
    shape = node.shape()
    axes = [axis % node.rank() for axis in node.get("axes", range(node.rank()))]
    sizes, scales = list(shape), [1.0] * node.rank()
    if node.has(3):
        asked = node.integers(3)
        policy = node.get("keep_aspect_ratio_policy", "stretch")
        if policy != "stretch":
            choose = min if policy == "not_larger" else max
            scale = choose(size / shape[axis] for axis, size in zip(axes, asked, strict=True))
            asked = [floor(scale * shape[axis] + 0.5) for axis in axes]
        for axis, size in zip(axes, asked, strict=True):
            sizes[axis], scales[axis] = size, size / shape[axis]
            if policy != "stretch":
                scales[axis] = scale
        return sizes, scales
    for axis, each in zip(axes, node.array(2 if node.op == "Resize" else 1).tolist(), strict=True):
        sizes[axis], scales[axis] = floor(shape[axis] * each), each
    return sizes, scales


def place_of(node: Node, axis: int, x: int, size: int, scale: float) -> float:
    """Return the place in the input of element x of the output."""
    rule, n = node.get("coordinate_transformation_mode", "half_pixel"), node.shape()[axis]
    length = scale * n
    if rule == "align_corners":
        return 0.0 if length == 1 else x * (n - 1) / (length - 1)
    if rule == "asymmetric":
        return x / scale
    if rule == "tf_crop_and_resize":
        region = node.array(1).reshape(2, -1)
        axes = [each % node.rank() for each in node.get("axes", range(node.rank()))]
        start, end = region[:, axes.index(axis)] if axis in axes else (0.0, 1.0)
        if length == 1:
            return float((start + end) * (n - 1) / 2)
        return float(start * (n - 1) + x * (end - start) * (n - 1) / (length - 1))
    if rule == "pytorch_half_pixel" and length == 1:
        return -0.5
    moved = n / 2 * (1 - size / length) if rule == "half_pixel_symmetric" else 0.0
    return moved + (x + 0.5) / scale - 0.5


def weights_of(node: Node, distance: Array, scale: float) -> Array:
    """Return the weight of neighbours at these distances: a triangle, or Keys' cubic function."""
    stretch = min(scale, 1.0) if node.get("antialias") else 1.0
    d = np.abs(distance) * stretch
    if node.get("mode") == "linear":
        return np.clip(1 - d, 0, 1)
    a = node.get("cubic_coeff_a", -0.75)
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


def matrix(node: Node, axis: int, size: int, scale: float) -> Array:
    """Return the weight of each element of an axis of the input for each of the output."""
    n = node.shape()[axis]
    table = np.zeros((size, n))
    for x in range(size):
        place = place_of(node, axis, x, size, scale)
        reach = ceil(2 / min(scale, 1.0)) + 1 if node.get("antialias") else 2
        near = np.arange(floor(place) - reach, floor(place) + reach + 2)
        weights = weights_of(node, near - place, scale)
        if node.get("exclude_outside"):
            weights = np.where((near < 0) | (near >= n), 0.0, weights)
        np.add.at(table[x], np.clip(near, 0, n - 1), weights / weights.sum())
    return table


def resize(node: Node, net: Network) -> Slots:
    """`upsample` where its rule is ONNX's; else indices for `nearest`, or a matrix for each axis."""
    sizes, scales = sizes_and_scales(node)
    word = word_of(node, sizes, scales)
    if word is not None:
        return net.step("upsample", word)
    first = net.read()
    changed = [axis for axis in range(node.rank()) if sizes[axis] != node.shape()[axis] or node.has(1)]
    outside = np.zeros((), dtype=bool)
    for axis in changed:
        places = [place_of(node, axis, x, sizes[axis], scales[axis]) for x in range(sizes[axis])]
        last = node.shape()[axis] - 1
        beyond = np.array([not 0 <= place <= last for place in places])
        outside = outside | beyond.reshape([-1] + [1] * (node.rank() - 1 - axis))
        if node.get("mode", "nearest") == "nearest":
            rounded = ROUND[node.get("nearest_mode", "round_prefer_floor")]
            index = [min(max(rounded(place), 0), last) for place in places]
            first = net.step("take", {"index": index, "dim": axis}, first)
        else:
            letters = ascii_lowercase[: node.rank()]
            equation = f"{letters},z{letters[axis]}->{letters.replace(letters[axis], 'z')}"
            table = net.tensor(matrix(node, axis, sizes[axis], scales[axis]).astype(np.float32))
            first = net.step("einsum", equation, [first, table])
    if node.get("coordinate_transformation_mode") == "tf_crop_and_resize" and outside.any():
        flags = net.tensor(~np.broadcast_to(outside, sizes))
        first = net.step("where", {"y": node.get("extrapolation_value", 0.0)}, [flags, first])
    return first


def word_of(node: Node, sizes: list[int], scales: list[float]) -> dict[str, Any] | None:
    """Return the fields of `upsample` if it has the rule of the node, else None."""
    rank, rule = node.rank(), node.get("coordinate_transformation_mode", "half_pixel")
    if rank not in LINEAR or scales[:2] != [1.0, 1.0]:
        return None
    whole = [size == scale * n for size, scale, n in zip(sizes, scales, node.shape(), strict=True)]
    fields: dict[str, Any] = {"size": sizes[2:]} if node.has(3) or all(whole) else {"scale_factor": scales[2:]}
    if node.op == "Upsample" or (rule, node.get("nearest_mode")) == ("asymmetric", "floor"):
        return {**fields, "mode": "nearest"} if node.get("mode") == "nearest" else None
    names = {"linear": LINEAR[rank], "cubic": "bicubic"}
    mode = names.get(node.get("mode", "nearest"))
    if mode is None or (mode == "bicubic" and rank != 4) or (not all(whole) and "size" in fields):
        return None
    if node.get("exclude_outside") or node.get("cubic_coeff_a", -0.75) != -0.75 or node.get("antialias"):
        return None
    if rule == "align_corners" and all(whole):
        return {**fields, "mode": mode, "align_corners": True}
    is_half = rule == "half_pixel" or (rule == "pytorch_half_pixel" and 1 not in sizes[2:])
    return {**fields, "mode": mode} if is_half else None


def grid_sample(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    mode = {"linear": "bilinear", "cubic": "bicubic"}.get(node.get("mode", "linear"), node.get("mode", "linear"))
    fields = {"mode": mode, "padding_mode": node.get("padding_mode", "zeros")}
    return net.step(
        "grid_sample", {**fields, "align_corners": bool(node.get("align_corners"))}, [net.read(), net.read(1)]
    )


def affine_grid(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    return net.step("affine_grid", {"size": node.integers(1)[2:], "align_corners": bool(node.get("align_corners"))})


OPERATORS: dict[str, Operator] = {
    "AffineGrid": affine_grid,
    "GridSample": grid_sample,
    "Resize": resize,
    "Upsample": resize,
}
