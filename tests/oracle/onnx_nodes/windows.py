"""Convolutions and pools, whose padding may be longer in ONNX than half a window."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.oracle.onnx_nodes.shaping import pad_by

if TYPE_CHECKING:
    from tests.oracle.onnx_nodes.network import Network, Node, Operator, Slots


def pairs_of(node: Node, kernel: list[int]) -> list[list[int]]:
    """Return the padding of each spatial axis, worked out where `auto_pad` asks for ⌈n/s⌉ positions."""
    count = len(kernel)
    if not str(node.get("auto_pad", "")).startswith("SAME"):
        pads = node.get("pads", [0] * 2 * count)
        return [[pads[axis], pads[axis + count]] for axis in range(count)]
    pairs = []
    for axis, size in enumerate(node.shape()[2:]):
        stride, dilation = (list(node.get(key, [1] * count))[axis] for key in ("strides", "dilations"))
        total = max(0, (-(-size // stride) - 1) * stride + dilation * (kernel[axis] - 1) + 1 - size)
        before = total // 2 if node.get("auto_pad") == "SAME_UPPER" else total - total // 2
        pairs.append([before, total - before])
    return pairs


def window_fields(node: Node, kernel: list[int]) -> dict[str, Any]:
    """Return the fields that convolutions and pools have in common."""
    fields: dict[str, Any] = {"kernel_size": kernel, "stride": list(node.get("strides", [1] * len(kernel)))}
    if any(size > 1 for size in node.get("dilations", ())):
        fields["dilation"] = list(node.get("dilations"))
    return fields


def conv(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    weight = node.array(1)
    kernel = list(weight.shape[2:])
    fields = {"out_channels": weight.shape[0], **window_fields(node, kernel), "padding": pairs_of(node, kernel)}
    fields |= {"groups": node.get("group", 1), "bias": node.has(2)}
    return net.step("conv", fields, weight=weight, **({"bias": node.array(2)} if node.has(2) else {}))


def deform_conv(node: Node, net: Network) -> Slots:
    """The layer of that name; the number of groups of offsets follows from these."""
    weight = node.array(1)
    kernel = list(weight.shape[2:])
    fields = {"out_channels": weight.shape[0], **window_fields(node, kernel), "padding": pairs_of(node, kernel)}
    fields |= {"groups": node.get("group", 1), "bias": node.has(3)}
    reads = [net.read(place) for place in (0, 2, 4) if node.has(place)]
    return net.step("deform_conv", fields, reads, weight=weight, **({"bias": node.array(3)} if node.has(3) else {}))


def conv_transpose(node: Node, net: Network) -> Slots:
    """The layer of that name; from a size that is asked for the padding follows."""
    weight, groups = node.array(1), node.get("group", 1)
    kernel = list(weight.shape[2:])
    count = len(kernel)
    fields = {"out_channels": weight.shape[1] * groups, **window_fields(node, kernel), "groups": groups}
    strides = fields["stride"]
    dilations = fields.get("dilation", [1] * count)
    more = list(node.get("output_padding", [0] * count))
    whole = [
        (size - 1) * stride + dilation * (window - 1) + 1 + extra
        for size, stride, dilation, window, extra in zip(
            node.shape()[2:], strides, dilations, kernel, more, strict=True
        )
    ]
    asked = list(node.get("output_shape", ()))[-count:]
    if not asked and str(node.get("auto_pad", "")).startswith("SAME"):
        asked = [size * stride for size, stride in zip(node.shape()[2:], strides, strict=True)]
    pairs = pairs_of(node, kernel) if not asked else []
    for axis, size in enumerate(asked):
        total = whole[axis] - size
        if total < 0:
            more[axis], total = more[axis] - total, 0
        less = total // 2
        pairs.append([less, total - less] if node.get("auto_pad") == "SAME_UPPER" else [total - less, less])
    fields |= {"padding": pairs, "output_padding": more, "bias": node.has(2)}
    return net.step("conv_transpose", fields, weight=weight, **({"bias": node.array(2)} if node.has(2) else {}))


def padded(node: Node, net: Network, value: float) -> tuple[str, dict[str, Any]]:
    """Return the input and the fields of a pool: padding of more than half a window becomes a step before it."""
    kernel = list(node.get("kernel_shape"))
    fields, pairs = window_fields(node, kernel), pairs_of(node, kernel)
    if node.get("ceil_mode"):
        fields["ceil_mode"] = True
    if all(2 * max(pair) <= size for pair, size in zip(pairs, kernel, strict=True)):
        return net.read(), {**fields, **({"padding": pairs} if any(map(any, pairs)) else {})}
    return pad_by(net, net.read(), pairs, "constant", {"value": value}), fields


def max_pool(node: Node, net: Network) -> Slots:
    """The layer of that name. Its indices count over all axes in ONNX, in each channel in PyTorch."""
    first, fields = padded(node, net, -np.inf)
    if node.array(0).dtype.kind in "iu":
        return net.chain(first, ("cast", "float32"), ("max_pool", fields), ("cast", "int64"))
    if len(node.outputs) == 1:
        return net.step("max_pool", fields, first)
    step = net.step("max_pool", {**fields, "return_indices": True}, first)
    n, c, *spatial = node.shape()
    index = f"{step}.indices"
    if node.get("storage_order"):  # columns first, of two axes
        row = net.chain(index, ("divide", spatial[1]), ("cast", "int64"))
        column = net.step("subtract", None, [index, net.step("multiply", spatial[1], row)])
        index = net.step("add", None, [net.step("multiply", spatial[0], column), row])
    start = np.arange(n * c).reshape([n, c] + [1] * len(spatial)) * prod(spatial)
    return step, net.step("add", None, [index, net.numbers(start)])


def avg_pool(node: Node, net: Network) -> Slots:
    """The layer of that name, in which zeros of the padding do not count by default."""
    first, fields = padded(node, net, 0.0)
    counted = bool(node.get("count_include_pad", 0))
    pairs = pairs_of(node, list(node.get("kernel_shape")))
    if first == net.read() or counted:
        return net.step("avg_pool", {**fields, "count_include_pad": counted}, first)
    ones = pad_by(net, net.numbers(np.ones([1, 1, *node.shape()[2:]])), pairs, "constant", {"value": 0.0})
    sums = [net.step("avg_pool", {**fields, "divisor_override": 1}, each) for each in (first, ones)]
    return net.step("divide", None, sums)


def lp_pool(node: Node, net: Network) -> Slots:
    """The layer of that name, with the powers of absolute values."""
    kernel = list(node.get("kernel_shape"))
    fields = {**window_fields(node, kernel), "padding": pairs_of(node, kernel), "norm_type": node.get("p", 2)}
    return net.step("lp_pool", {**fields, "absolute": True, "scale_overhang": False})


def global_pool(node: Node, net: Network) -> Slots:
    """The layers of those names."""
    return net.step("global_avg_pool" if node.op == "GlobalAveragePool" else "global_max_pool")


def max_unpool(node: Node, net: Network) -> Slots:
    """The layer of that name; the indices of ONNX count over all axes."""
    kernel = list(node.get("kernel_shape"))
    n, c, *spatial = node.shape()
    strides = list(node.get("strides", [1] * len(kernel)))
    least = [(size - 1) * stride + window for size, stride, window in zip(spatial, strides, kernel, strict=True)]
    start = np.arange(n * c).reshape([n, c] + [1] * len(spatial)) * prod(least)
    places = net.step("subtract", None, [net.read(1), net.numbers(start)])
    step = net.step("max_unpool", {"kernel_size": kernel, "stride": strides}, [net.read(), places])
    size = node.integers(2) if node.has(2) else [n, c, *least]
    pairs = [[0, asked - each] for asked, each in zip(size, [n, c, *least], strict=True)]
    return pad_by(net, step, pairs, "constant", {}) if any(map(any, pairs)) else step


def col2im(node: Node, net: Network) -> Slots:
    """`fold`."""
    size, kernel = node.integers(1), node.integers(2)
    count = len(kernel)
    fields = {"output_size": size, "kernel_size": kernel, "stride": list(node.get("strides", [1] * count))}
    fields |= {
        "dilation": list(node.get("dilations", [1] * count)),
        "padding": list(node.get("pads", [0] * count))[:count],
    }
    return net.step("fold", fields)


def causal_conv(node: Node, net: Network) -> Slots:
    """A depthwise convolution over the state and the input; its last elements are the next state."""
    weight = node.array(1)
    state = node.has(3)
    keep = weight.shape[-1] - 1
    first = net.step("concat", {"dim": 2}, [net.read(3), net.read()]) if state else net.step("pad", [keep, 0])
    bias = {"bias": node.array(2)} if node.has(2) else {}
    fields = {"kernel_size": weight.shape[-1], "depthwise": True, "bias": bool(bias)}
    result = net.step("conv", fields, first, weight=weight, **bias)
    if node.get("activation", "none") in ("silu", "swish"):
        result = net.step("silu", None, result)
    length = node.shape()[2] + keep
    return result, net.step("slice", {"dim": 2, "start": length - keep, "end": length}, first)


OPERATORS: dict[str, Operator] = {
    "AveragePool": avg_pool,
    "CausalConvWithState": causal_conv,
    "Col2Im": col2im,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "DeformConv": deform_conv,
    "GlobalAveragePool": global_pool,
    "GlobalMaxPool": global_pool,
    "LpPool": lp_pool,
    "MaxPool": max_pool,
    "MaxUnpool": max_unpool,
}
