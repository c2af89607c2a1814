"""Convolutions, each with its activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.keras.calls import LayerCall, layer
from shapecalc.importers.keras.layers.activation import activated
from shapecalc.importers.keras.settings import Ints, shown
from shapecalc.importers.keras.weights import depthwise_kernel, kernel
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.importers.graph import Stored
    from shapecalc.importers.keras.values import KerasValue


def number_of_axes(kind: str) -> int:
    """Return the number of spatial axes, which the name of a class states.

    >>> number_of_axes("Conv2DTranspose")
    2
    """
    return next(axes for axes in (1, 2, 3) if f"{axes}D" in kind)


def padding_of(call: LayerCall, padding: str, *more: str) -> str | int:
    """Return the field `padding`: 0 for `valid`."""
    padding = padding.lower()
    if padding not in ("valid", "same", *more):
        raise Unreadable(f"`padding` of `{call.name}` is {shown(padding)}")
    return 0 if padding == "valid" else padding


def bias(call: LayerCall, filters: int, variable: int, *, use_bias: bool, key: str = "bias") -> dict[str, Stored]:
    """Return the bias, if there is one."""
    return {key: call.stored(key, (filters,), (f"vars/{variable}", (filters,)))} if use_bias else {}


@layer("Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D")
def _conv(
    call: LayerCall,
    *,
    filters: int,
    kernel_size: Ints,
    strides: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
    groups: int = 1,
    activation: Any = None,
    use_bias: bool = True,
) -> KerasValue:
    axes = number_of_axes(call.name)
    x = call.as_map(call.x, data_format, axes)
    window = call.per_axis(kernel_size, axes, "kernel_size")
    inside = call.known(x.value.shape[1], "channels") // max(groups, 1)
    weight = call.stored("weight", (filters, inside, *window), ("vars/0", (*window, inside, filters)), make=kernel)
    value = call.step(
        "conv",
        x.value,
        tensors={"weight": weight, **bias(call, filters, 1, use_bias=use_bias)},
        out_channels=filters,
        kernel_size=window,
        stride=call.per_axis(strides, axes, "strides"),
        padding=padding_of(call, padding, *(("causal",) if axes == 1 else ())),
        dilation=call.per_axis(dilation_rate, axes, "dilation_rate"),
        groups=groups,
        bias=use_bias,
    )
    return activated(call, x._replace(value=value), activation)


@layer("DepthwiseConv1D", "DepthwiseConv2D")
def _depthwise(
    call: LayerCall,
    *,
    kernel_size: Ints,
    strides: Ints = 1,
    padding: str = "valid",
    depth_multiplier: int = 1,
    data_format: str | None = None,
    dilation_rate: Ints = 1,
    activation: Any = None,
    use_bias: bool = True,
    filters: int | None = None,
    groups: int | None = None,
) -> KerasValue:
    """Return the layer; Keras 2 writes `filters` and `groups` of the class that it is made of."""
    del filters, groups
    axes = number_of_axes(call.name)
    x = call.as_map(call.x, data_format, axes)
    window = call.per_axis(kernel_size, axes, "kernel_size")
    channels = call.known(x.value.shape[1], "channels")
    out = channels * depth_multiplier
    variable = ("vars/0", (*window, channels, depth_multiplier))
    weight = call.stored("weight", (out, 1, *window), variable, make=depthwise_kernel)
    value = call.step(
        "conv",
        x.value,
        tensors={"weight": weight, **bias(call, out, 1, use_bias=use_bias)},
        out_channels=out,
        kernel_size=window,
        stride=call.per_axis(strides, axes, "strides"),
        padding=padding_of(call, padding),
        dilation=call.per_axis(dilation_rate, axes, "dilation_rate"),
        groups=channels,
        bias=use_bias,
    )
    return activated(call, x._replace(value=value), activation)


@layer("SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D")
def _separable(
    call: LayerCall,
    *,
    filters: int,
    kernel_size: Ints,
    strides: Ints = 1,
    padding: str = "valid",
    depth_multiplier: int = 1,
    data_format: str | None = None,
    dilation_rate: Ints = 1,
    activation: Any = None,
    use_bias: bool = True,
    groups: int = 1,
) -> KerasValue:
    if groups != 1:
        raise Unreadable(f"`{call.name}` has {groups} groups")
    axes = number_of_axes(call.name)
    x = call.as_map(call.x, data_format, axes)
    window = call.per_axis(kernel_size, axes, "kernel_size")
    channels = call.known(x.value.shape[1], "channels")
    between, ones = channels * depth_multiplier, (1,) * axes
    tensors = {
        "depthwise.weight": call.stored(
            "depthwise.weight",
            (between, 1, *window),
            ("vars/0", (*window, channels, depth_multiplier)),
            make=depthwise_kernel,
        ),
        "pointwise.weight": call.stored(
            "pointwise.weight", (filters, between, *ones), ("vars/1", (*ones, between, filters)), make=kernel
        ),
        **bias(call, filters, 2, use_bias=use_bias, key="pointwise.bias"),
    }
    value = call.step(
        "separable_conv",
        x.value,
        tensors=tensors,
        out_channels=filters,
        kernel_size=window,
        stride=call.per_axis(strides, axes, "strides"),
        padding=padding_of(call, padding),
        dilation=call.per_axis(dilation_rate, axes, "dilation_rate"),
        depth_multiplier=depth_multiplier,
        bias=use_bias,
    )
    return activated(call, x._replace(value=value), activation)


@layer(*(f"{name}{axes}DTranspose" for name in ("Conv", "Convolution") for axes in (1, 2, 3)))
def _transpose(
    call: LayerCall,
    *,
    filters: int,
    kernel_size: Ints,
    strides: Ints = 1,
    padding: str = "valid",
    output_padding: Ints | None = None,
    data_format: str | None = None,
    dilation_rate: Ints = 1,
    activation: Any = None,
    use_bias: bool = True,
    groups: int = 1,
) -> KerasValue:
    """Return the layer; `valid` is written only if a window is shorter than its stride, and is 0 otherwise."""
    if groups != 1:
        raise Unreadable(f"`{call.name}` has {groups} groups")
    axes = number_of_axes(call.name)
    x = call.as_map(call.x, data_format, axes)
    window = call.per_axis(kernel_size, axes, "kernel_size")
    stride, dilation = call.per_axis(strides, axes, "strides"), call.per_axis(dilation_rate, axes, "dilation_rate")
    pads: str | int = padding_of(call, padding)
    if not pads and (output_padding is not None or _shorter(window, stride, dilation)):
        pads = "valid"
    inside = call.known(x.value.shape[1], "channels")
    weight = call.stored("weight", (inside, filters, *window), ("vars/0", (*window, filters, inside)), make=kernel)
    value = call.step(
        "conv_transpose",
        x.value,
        tensors={"weight": weight, **bias(call, filters, 1, use_bias=use_bias)},
        out_channels=filters,
        kernel_size=window,
        stride=stride,
        padding=pads,
        output_padding=None if output_padding is None else call.per_axis(output_padding, axes, "output_padding"),
        dilation=dilation,
        bias=use_bias,
    )
    return activated(call, x._replace(value=value), activation)


def _shorter(window: Iterable[int], stride: Iterable[int], dilation: Iterable[int]) -> bool:
    return any(d * (k - 1) + 1 < s for k, s, d in zip(window, stride, dilation, strict=True))
