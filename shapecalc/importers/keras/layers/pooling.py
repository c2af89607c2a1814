"""Pooling layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.keras.calls import LayerCall, layer
from shapecalc.importers.keras.layers.convolution import number_of_axes, padding_of
from shapecalc.importers.keras.values import KerasValue, in_order
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.importers.keras.settings import Ints


def _names(*prefixes: str) -> Iterator[str]:
    return (f"{prefix}{axes}D" for prefix in prefixes for axes in (1, 2, 3))


@layer(*_names("MaxPooling", "MaxPool", "AveragePooling", "AvgPool"))
def _pool(
    call: LayerCall,
    *,
    pool_size: Ints = 2,
    strides: Ints | None = None,
    padding: str = "valid",
    data_format: Any = None,
) -> KerasValue:
    """Return the layer; a mean is over the elements that exist: Keras does not count padding."""
    type_ = "max_pool" if call.name.startswith("Max") else "avg_pool"
    axes = number_of_axes(call.name)
    x = call.as_map(call.x, data_format, axes)
    window = call.per_axis(pool_size, axes, "pool_size")
    stride = window if strides is None else call.per_axis(strides, axes, "strides")
    pads = padding_of(call, padding)
    fields: dict[str, Any] = {"kernel_size": window, "stride": None if stride == window else stride, "padding": pads}
    if type_ == "avg_pool" and pads:
        fields["count_include_pad"] = False
    return x._replace(value=call.step(type_, x.value, **fields))


@layer(*_names("GlobalAveragePooling", "GlobalAvgPool"))
def _global_average(call: LayerCall, *, data_format: str | None = None, keepdims: bool = False) -> KerasValue:
    mask = call.take("mask")
    if isinstance(mask, KerasValue):
        return _masked_average(call, mask, data_format, keepdims=keepdims)
    if call.x.masked:
        call.note(f"`{call.path}` is over all positions here, and only over those that are not padding in Keras")
    return _global(call, "global_avg_pool", "mean", data_format, keepdims=keepdims)


def _masked_average(call: LayerCall, mask: KerasValue, data_format: str | None, *, keepdims: bool) -> KerasValue:
    """Return the mean over the steps that a mask lets through, Σ mask · x / Σ mask."""
    x, mask = call.ordered(call.floats(call.x)), call.ordered(mask)
    if x.rank != 3 or mask.rank != 2 or data_format == "channels_first":  # noqa: PLR2004 - sequences and steps
        raise Unreadable(f"`{call.name}` is called with a mask of rank {mask.rank}")
    weights = call.step("unsqueeze", call.floats(mask).value, dim=2)
    total = call.step("sum", call.step("multiply", x.value, weights), dim=1, keepdim=keepdims)
    return in_order(call.step("divide", total, call.step("sum", weights, dim=1, keepdim=keepdims)))


@layer(*_names("GlobalMaxPooling", "GlobalMaxPool"))
def _global_max(call: LayerCall, *, data_format: str | None = None, keepdims: bool = False) -> KerasValue:
    return _global(call, "global_max_pool", "max", data_format, keepdims=keepdims)


def _global(call: LayerCall, pool: str, reduction: str, data_format: str | None, *, keepdims: bool) -> KerasValue:
    """Return the layer: a pool over a map, a reduction of the spatial axes if the channels are last."""
    axes = number_of_axes(call.name)
    x = call.floats(call.x)
    if x.rank == axes + 2 and x.in_order and data_format != "channels_first":
        dims = tuple(range(1, axes + 1))
        return in_order(call.step(reduction, x.value, dim=dims if axes > 1 else 1, keepdim=keepdims))
    x = call.as_map(x, data_format, axes)
    value = call.step(pool, x.value, keepdim=keepdims)
    return KerasValue(value, x.order) if keepdims else in_order(value)


def _adaptive(call: LayerCall, type_: str, output_size: Ints, data_format: str | None) -> KerasValue:
    axes = number_of_axes(call.name)
    x = call.as_map(call.x, data_format, axes)
    return x._replace(value=call.step(type_, x.value, output_size=call.per_axis(output_size, axes, "output_size")))


@layer(*_names("AdaptiveAveragePooling"))
def _adaptive_average(call: LayerCall, *, output_size: Ints, data_format: str | None = None) -> KerasValue:
    return _adaptive(call, "adaptive_avg_pool", output_size, data_format)


@layer(*_names("AdaptiveMaxPooling"))
def _adaptive_max(call: LayerCall, *, output_size: Ints, data_format: str | None = None) -> KerasValue:
    return _adaptive(call, "adaptive_max_pool", output_size, data_format)
