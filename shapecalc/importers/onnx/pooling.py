"""Pools, of which the padding may be longer in ONNX than half a window."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.importers.onnx.convolution import Pairs, padding_field, pairs_of
from shapecalc.importers.onnx.node import operator
from shapecalc.importers.onnx.padding import pad_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.importers.graph import Value
    from shapecalc.importers.onnx.node import OnnxNode


def _padded(node: OnnxNode, pairs: Pairs | str, kernel: Sequence[int], value: float) -> tuple[Value, Any]:
    """Return the input and the padding of a pool: that of more than half a window becomes a step before it."""
    if isinstance(pairs, str) or all(2 * max(pair) <= size for pair, size in zip(pairs, kernel, strict=True)):
        return node.read(), padding_field(pairs)
    return pad_by(node, node.read(), [[0, 0], [0, 0], *pairs], "constant", value), [0] * len(kernel)


@operator("MaxPool")
def max_pool(
    node: OnnxNode,
    *,
    kernel_shape: Sequence[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Sequence[int] = (),
    pads: Sequence[int] = (),
    storage_order: int = 0,
    strides: Sequence[int] = (),
) -> Sequence[Value]:
    """Return the layer of that name. Its indices count over all axes in ONNX, in each channel in PyTorch."""
    pairs = pairs_of(node, kernel_shape, auto_pad, pads, strides, dilations)
    first, padding = _padded(node, pairs, kernel_shape, -np.inf) if node.dtype() == "float32" else (node.read(), pairs)
    ones = [1] * len(kernel_shape)
    fields: dict[str, Any] = {"kernel_size": kernel_shape, "stride": strides or ones, "padding": padding}
    fields |= {"dilation": dilations or ones, "ceil_mode": bool(ceil_mode)}
    if node.dtype() == "int64":
        cast = node.cast(first, "float32")
        return [node.cast(node.step("max_pool", cast, **fields), "int64")]
    if len(node.outputs) == 1:
        return [node.step("max_pool", first, **fields)]
    result = node.step("max_pool", first, **fields, return_indices=True)
    index = result.other("indices")
    n, c, *spatial = node.ints(node.shape())
    node.bounded(n * c)
    if storage_order:  # columns first, of two axes
        row = node.cast(node.chain(index, ("divide", {"other": spatial[1]})), "int64")
        column = node.step("subtract", index, node.chain(row, ("multiply", {"other": spatial[1]})))
        index = node.step("add", node.chain(column, ("multiply", {"other": spatial[0]})), row)
    if n * c == 1:
        return result, index
    start = np.arange(n * c).reshape([n, c] + [1] * len(spatial)) * prod(spatial)
    return result, node.step("add", index, node.numbers(start))


@operator("AveragePool")
def avg_pool(
    node: OnnxNode,
    *,
    kernel_shape: Sequence[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Sequence[int] = (),
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Value:
    """Return the layer of that name, in which zeros of the padding do not count by default."""
    pairs = pairs_of(node, kernel_shape, auto_pad, pads, strides, dilations)
    first, padding = _padded(node, pairs, kernel_shape, 0.0)
    ones = [1] * len(kernel_shape)
    fields: dict[str, Any] = {"kernel_size": kernel_shape, "stride": strides or ones, "padding": padding}
    fields |= {"dilation": dilations or ones, "ceil_mode": bool(ceil_mode)}
    is_padded = isinstance(pairs, str) or any(map(any, pairs))
    counted = bool(count_include_pad) or not is_padded
    if first.key == node.read().key or counted:
        return node.step("avg_pool", first, **fields, count_include_pad=counted)
    assert not isinstance(pairs, str)  # a step pads, so that there are numbers
    spatial = node.ints(node.shape()[2:])
    node.bounded(prod(spatial))
    ones_map = node.numbers(np.ones([1, 1, *spatial], np.float32))
    padded = pad_by(node, ones_map, [[0, 0], [0, 0], *pairs], "constant", 0.0)
    sums = [node.step("avg_pool", each, **fields, divisor_override=1) for each in (first, padded)]
    return node.step("divide", *sums)


@operator("LpPool")
def lp_pool(
    node: OnnxNode,
    *,
    kernel_shape: Sequence[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Sequence[int] = (),
    p: int = 2,
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Value:
    """Return the layer of that name, with the powers of absolute values."""
    ones = [1] * len(kernel_shape)
    return node.step(
        "lp_pool",
        kernel_size=kernel_shape,
        stride=strides or ones,
        padding=padding_field(pairs_of(node, kernel_shape, auto_pad, pads, strides, dilations)),
        dilation=dilations or ones,
        ceil_mode=bool(ceil_mode),
        norm_type=p,
        absolute=True,
        scale_overhang=False,
    )


@operator("GlobalAveragePool", "GlobalMaxPool")
def global_pool(node: OnnxNode) -> Value:
    """Return the layer of that name."""
    return node.step("global_avg_pool" if node.op == "GlobalAveragePool" else "global_max_pool")


@operator("GlobalLpPool")
def global_lp_pool(node: OnnxNode, *, p: int = 2) -> Value:
    """Return the norm over the spatial axes."""
    return node.step("norm", dim=list(range(2, node.rank())), keepdim=True, p=float(p))


@operator("MaxUnpool")
def max_unpool(
    node: OnnxNode, *, kernel_shape: Sequence[int], pads: Sequence[int] = (), strides: Sequence[int] = ()
) -> Value:
    """Return the layer of that name; the indices of ONNX count over all axes."""
    del pads  # the output's size is stated, or that without padding
    n, c, *spatial = node.ints(node.shape())
    node.bounded(n * c)
    strides = strides or [1] * len(kernel_shape)
    least = [(size - 1) * stride + window for size, stride, window in zip(spatial, strides, kernel_shape, strict=True)]
    start = np.arange(n * c).reshape([n, c] + [1] * len(spatial)) * prod(least)
    places = node.step("subtract", node.read(1), node.numbers(start)) if n * c > 1 else node.read(1)
    result = node.step("max_unpool", node.read(), places, kernel_size=kernel_shape, stride=strides)
    size = node.integers(2) if node.has(2) else [n, c, *least]
    return pad_by(node, result, [[0, asked - each] for asked, each in zip(size, [n, c, *least], strict=True)])


@operator("Col2Im")
def col2im(
    node: OnnxNode, *, dilations: Sequence[int] = (), pads: Sequence[int] = (), strides: Sequence[int] = ()
) -> Value:
    """Return `fold`."""
    size, kernel = node.integers(1), node.integers(2)
    ones = [1] * len(kernel)
    return node.step(
        "fold",
        output_size=size,
        kernel_size=kernel,
        dilation=dilations or ones,
        padding=list(pads or [0] * len(kernel))[: len(kernel)],
        stride=strides or ones,
    )
