"""Convolutions, whose padding and gaps the attributes of ONNX state for each end of each axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.dims import Expr, ceil_div
from shapecalc.importers.onnx.node import operator
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.importers.graph import Value
    from shapecalc.importers.onnx.node import OnnxNode

Pairs = list[list[int]]


def pairs_of(
    node: OnnxNode,
    kernel: Sequence[int],
    auto_pad: str,
    pads: Sequence[int],
    strides: Sequence[int] = (),
    dilations: Sequence[int] = (),
) -> Pairs | str:
    """Return the padding of each spatial axis; `auto_pad` asks for ⌈n/s⌉ positions, of symbols with the word `same`."""
    count = len(kernel)
    if auto_pad == "VALID":
        return [[0, 0]] * count
    if not auto_pad.startswith("SAME"):
        pads = pads or [0] * 2 * count
        if len(pads) != 2 * count:
            raise Unreadable(f"`{node.op}` has {len(pads)} pads for {count} axes")
        return [[pads[axis], pads[axis + count]] for axis in range(count)]
    pairs = []
    for axis, size in enumerate(node.shape()[2:]):
        stride = strides[axis] if strides else 1
        window = (dilations[axis] if dilations else 1) * (kernel[axis] - 1) + 1
        if isinstance(size, Expr):
            if stride != 1 and auto_pad == "SAME_UPPER":
                return "same"
            if stride != 1:
                raise Unreadable(f"`{node.op}` has the padding SAME_LOWER of an axis of size {size}")
            total = window - 1
        else:
            needed = (int(str(ceil_div(size, stride))) - 1) * stride + window - size
            total = max(0, needed)
        before = total // 2 if auto_pad == "SAME_UPPER" else total - total // 2
        pairs.append([before, total - before])
    return pairs


def padding_field(pairs: Pairs | str) -> Any:
    """Return the padding as one number for each axis if both ends have it, as one for all if they are equal."""
    if isinstance(pairs, str):
        return pairs
    if pairs and all(size == pairs[0][0] for pair in pairs for size in pair):
        return pairs[0][0]
    return [pair[0] for pair in pairs] if all(before == after for before, after in pairs) else pairs


def channels_of(node: OnnxNode, weight_shape: Sequence[int], kernel_shape: Sequence[int]) -> list[int]:
    """Return the window of a weight, and refuse one whose number of axes is not that of the input."""
    if len(weight_shape) != node.rank() or len(weight_shape) < 3:  # noqa: PLR2004 - batch, channels, one spatial axis
        raise Unreadable(f"`{node.op}` has a weight with {len(weight_shape)} axes, its input {node.rank()}")
    kernel = list(weight_shape[2:])
    if kernel_shape and list(kernel_shape) != kernel:
        raise Unreadable(f"`{node.op}` states the window {list(kernel_shape)}, its weight has {kernel}")
    return kernel


def tensors_of(node: OnnxNode, bias: int) -> dict[str, Any]:
    """Return the weight and, if there is one, the bias."""
    tensors = {"weight": node.weight(1).stored()}
    return {**tensors, "bias": node.weight(bias, "bias").stored()} if node.has(bias) else tensors


@operator("Conv")
def conv(
    node: OnnxNode,
    *,
    auto_pad: str = "NOTSET",
    dilations: Sequence[int] = (),
    group: int = 1,
    kernel_shape: Sequence[int] = (),
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Value:
    """Return the layer of that name."""
    weight = node.weight(1)
    kernel = channels_of(node, weight.shape, kernel_shape)
    return node.step(
        "conv",
        tensors=tensors_of(node, 2),
        out_channels=weight.shape[0],
        kernel_size=kernel,
        stride=strides or [1] * len(kernel),
        padding=padding_field(pairs_of(node, kernel, auto_pad, pads, strides, dilations)),
        dilation=dilations or [1] * len(kernel),
        groups=group,
        bias=node.has(2),
    )


@operator("DeformConv")
def deform_conv(
    node: OnnxNode,
    *,
    dilations: Sequence[int] = (),
    group: int = 1,
    kernel_shape: Sequence[int] = (),
    offset_group: int = 1,
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Value:
    """Return the layer of that name; the number of groups of offsets follows from these."""
    del offset_group
    weight = node.weight(1)
    kernel = channels_of(node, weight.shape, kernel_shape)
    reads = [node.read(place) for place in (0, 2, 4) if node.has(place)]
    return node.step(
        "deform_conv",
        *reads,
        tensors=tensors_of(node, 3),
        out_channels=weight.shape[0],
        kernel_size=kernel,
        stride=strides or [1] * len(kernel),
        padding=padding_field(pairs_of(node, kernel, "NOTSET", pads)),
        dilation=dilations or [1] * len(kernel),
        groups=group,
        bias=node.has(3),
    )


@operator("ConvTranspose")
def conv_transpose(
    node: OnnxNode,
    *,
    auto_pad: str = "NOTSET",
    dilations: Sequence[int] = (),
    group: int = 1,
    kernel_shape: Sequence[int] = (),
    output_padding: Sequence[int] = (),
    output_shape: Sequence[int] = (),
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Value:
    """Return the layer of that name; from a size that is asked for the padding follows."""
    weight = node.weight(1)
    kernel = channels_of(node, weight.shape, kernel_shape)
    count = len(kernel)
    strides, dilations = strides or [1] * count, dilations or [1] * count
    more = list(output_padding or [0] * count)
    same = auto_pad.startswith("SAME")
    if output_shape or same:
        sizes = node.ints(node.shape()[2:], "size")
        asked = list(output_shape)[-count:] or [size * stride for size, stride in zip(sizes, strides, strict=True)]
        pairs = []
        for axis, size in enumerate(sizes):
            whole = (size - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1 + more[axis]
            total = whole - asked[axis]
            if total < 0:
                more[axis], total = more[axis] - total, 0
            less = total // 2
            pairs.append([less, total - less] if auto_pad == "SAME_UPPER" else [total - less, less])
    else:
        given = pairs_of(node, kernel, auto_pad, pads)
        assert not isinstance(given, str)  # without `SAME` there are numbers
        pairs = given
    return node.step(
        "conv_transpose",
        tensors=tensors_of(node, 2),
        out_channels=weight.shape[1] * group,
        kernel_size=kernel,
        stride=strides,
        padding=padding_field(pairs),
        output_padding=more,
        groups=group,
        bias=node.has(2),
        dilation=dilations,
    )


@operator("CausalConvWithState")
def causal_conv(node: OnnxNode, *, activation: str = "none") -> Sequence[Value]:
    """Return a depthwise convolution over the state and the input; its last elements are the next state."""
    weight = node.weight(1)
    keep = weight.shape[-1] - 1
    first = (
        node.step("concat", node.read(3), node.read(), dim=2) if node.has(3) else node.step("pad", padding=[keep, 0])
    )
    fields = {"out_channels": weight.shape[0], "groups": weight.shape[0], "kernel_size": list(weight.shape[2:])}
    result = node.step("conv", first, tensors=tensors_of(node, 2), bias=node.has(2), **fields)
    if activation in ("silu", "swish"):
        result = node.step("silu", result)
    elif activation != "none":
        raise Unreadable(f"the activation `{activation}` is not known")
    return result, node.step("slice", first, dim=2, start=-keep)
