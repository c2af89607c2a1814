"""Layers that move elements: flattening, reshaping, padding, cropping, repeating."""

from __future__ import annotations

from typing import Any

from shapecalc.importers.keras.calls import LayerCall, layer
from shapecalc.importers.keras.layers.convolution import number_of_axes
from shapecalc.importers.keras.settings import Ints, is_int, is_ints, shown
from shapecalc.importers.keras.values import KerasValue, channels_first, in_order
from shapecalc.importers.unreadable import Unreadable


def flat_in_order(call: LayerCall, x: KerasValue) -> KerasValue:
    """Return a tensor whose elements are in the order of Keras; axes of size 1 may be anywhere."""
    longer = [axis for axis in x.order if x.size(axis) != 1 or axis == 0]
    return x if longer == sorted(longer) else call.ordered(x)


@layer("Flatten")
def _flatten(call: LayerCall, *, data_format: str | None = None) -> KerasValue:
    """Return the layer; with `channels_first` Keras moves the channels to the end before it."""
    x = call.x
    if x.rank == 1:
        return in_order(call.step("unsqueeze", x.value, dim=1))
    if data_format == "channels_first" and x.rank > 2:  # noqa: PLR2004 - it has space
        order = (0, *range(2, x.rank), 1)
        x = in_order(call.arranged(x, order).value)
    x = flat_in_order(call, x)
    return in_order(call.step("flatten", x.value, start_dim=1))


@layer("Reshape")
def _reshape(call: LayerCall, *, target_shape: Any) -> KerasValue:
    sizes = target_shape if isinstance(target_shape, list) else [target_shape]
    sizes = [-1 if size is None else size for size in sizes]
    return reshaped(call, call.x, [0, *sizes])


def reshaped(call: LayerCall, x: KerasValue, sizes: list[Any]) -> KerasValue:
    """Return a tensor in another shape; a vector that becomes a map of one position has its channels on axis 1."""
    if not all(is_int(size) and size >= -1 for size in sizes) or 0 in sizes[1:] or sizes.count(-1) > 1:
        raise Unreadable(f"`{call.name}` has sizes {shown(str(sizes))}")
    x = flat_in_order(call, x)
    *rest, last = sizes[1:] or [0]
    if len(rest) in (1, 2, 3) and set(rest) == {1} and sizes[0] in (0, x.value.shape[0]):
        order = channels_first(len(sizes))
        return KerasValue(call.step("reshape", x.value, shape=(sizes[0], last, *rest)), order)
    return in_order(call.step("reshape", x.value, shape=tuple(sizes)))


@layer("Permute")
def _permute(call: LayerCall, *, dims: Ints) -> KerasValue:
    """Return the layer: only the order of Keras is another one, and no element moves."""
    dims = dims if isinstance(dims, list) else [dims]
    if sorted(dims) != list(range(1, call.x.rank)):
        raise Unreadable(f"`{call.name}` has `dims` that are not each axis once")
    x = call.ordered(call.x)
    return in_order(call.step("permute", x.value, dims=(0, *dims)), masked=x.masked)


@layer("RepeatVector")
def _repeat(call: LayerCall, *, n: int) -> KerasValue:
    x = call.ordered(call.x)
    if x.rank != 2:  # noqa: PLR2004 - samples and features
        raise Unreadable(f"`{call.name}` reads a tensor of rank {x.rank}, expects [N, features]")
    return in_order(call.step("expand", call.step("unsqueeze", x.value, dim=1), size=(-1, n, -1)))


def pairs(call: LayerCall, value: Any, axes: int, key: str) -> list[tuple[int, int]]:
    """Return what is before and after each axis: of an integer, one integer for each axis, or a pair for each."""
    if is_int(value):
        pairs = [(value, value)] * axes
    elif axes == 1 and is_ints(value) and len(value) == 2:  # noqa: PLR2004 - before and after
        pairs = [(value[0], value[1])]
    elif isinstance(value, list) and len(value) == axes:
        pairs = [(each, each) if is_int(each) else tuple(each) if is_ints(each) else () for each in value]
    else:
        pairs = []
    if not pairs or any(len(each) != 2 or min(each) < 0 for each in pairs):  # noqa: PLR2004 - before and after
        raise Unreadable(f"`{key}` of `{call.name}` expects an integer, or a pair for each axis")
    return pairs


@layer(*(f"ZeroPadding{axes}D" for axes in (1, 2, 3)))
def _zero_padding(call: LayerCall, *, padding: Any = 1, data_format: str | None = None) -> KerasValue:
    axes = number_of_axes(call.name)
    x = _spatial(call, data_format, axes)
    by_axis = dict(zip(_spatial_axes(x, data_format), pairs(call, padding, axes, "padding"), strict=True))
    return padded(call, x, by_axis)


def _spatial(call: LayerCall, data_format: str | None, axes: int) -> KerasValue:
    """Return a map as it is arranged, if it has the rank."""
    x = call.floats(call.x)
    return call.as_map(x, data_format, axes) if x.rank != axes + 2 or axes > 1 else x


def _spatial_axes(x: KerasValue, data_format: str | None) -> range:
    return range(2, x.rank) if data_format == "channels_first" else range(1, x.rank - 1)


def padded(call: LayerCall, x: KerasValue, by_axis: dict[int, tuple[int, int]], **fields: Any) -> KerasValue:
    """Return a tensor with elements before and after axes of Keras."""
    ours = {x.at(axis): pair for axis, pair in by_axis.items() if pair != (0, 0)}
    if not ours:
        return x._replace(value=call.step("identity", x.value))
    first = min(ours)
    spatial = x.rank > 2 and set(ours) == set(range(2, x.rank))  # noqa: PLR2004 - batch and channels
    if spatial and len({side for pair in ours.values() for side in pair}) == 1:
        return x._replace(value=call.step("pad", x.value, padding=next(iter(ours.values()))[0], **fields))
    sides = [side for axis in range(x.rank - 1, first - 1, -1) for side in ours.get(axis, (0, 0))]
    return x._replace(value=call.step("pad", x.value, padding=sides, **fields))


@layer(*(f"Cropping{axes}D" for axes in (1, 2, 3)))
def _cropping(call: LayerCall, *, cropping: Any = 1, data_format: str | None = None) -> KerasValue:
    axes = number_of_axes(call.name)
    x = _spatial(call, data_format, axes)
    value = x.value
    for axis, (before, after) in zip(
        _spatial_axes(x, data_format), pairs(call, cropping, axes, "cropping"), strict=True
    ):
        if before or after:
            value = call.step("slice", value, dim=x.at(axis), start=before or None, end=-after or None)
    return x._replace(value=value if value is not x.value else call.step("identity", value))


@layer("UpSampling1D", "UpSampling2D", "UpSampling3D")
def _upsampling(
    call: LayerCall, *, size: Ints = 2, data_format: str | None = None, interpolation: str = "nearest"
) -> KerasValue:
    axes = number_of_axes(call.name)
    if interpolation not in ("nearest", "bilinear"):
        raise Unreadable(f"`{call.name}` has the interpolation {shown(interpolation)}")
    factor = call.per_axis(size, axes, "size")
    x = call.as_map(call.x, data_format, axes)
    return x._replace(value=call.step("upsample", x.value, scale_factor=factor, mode=interpolation))
