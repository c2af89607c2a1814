"""Convolutions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shapecalc.dims import product as product_of
from shapecalc.importers.graph import Stored, Value
from shapecalc.importers.torch_export.operands import Derived, FileTensor
from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.unreadable import Unreadable
from shapecalc.layers.weights import DIRECTION, NORM

if TYPE_CHECKING:
    from shapecalc.importers.torch_export.steps import Steps

RAW = ("weight", "bias")
SHAPES_ALONE = frozenset({"view", "reshape", "unsqueeze", "squeeze", "alias", "detach", "contiguous", "clone", "to"})
"""Operators that leave the elements of a tensor as they are, in their order."""


@operator("conv1d", "conv2d", "conv3d", raw=RAW)
def conv(
    to: Steps, x: Value, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Value:  # fmt: skip
    """A convolution; one of a single map, without the axis of the batch, gets that axis."""
    spatial = len(weight.shape) - 2
    alone = x.rank == spatial + 1
    if alone:
        x = to.step("unsqueeze", x, dim=0)
    fields, tensors = weights_of(to, weight, bias)
    fields |= {"stride": each(stride, spatial), "padding": padding_of(padding, spatial)}
    fields |= {"dilation": each(dilation, spatial), "groups": groups, "bias": "bias" in tensors}
    kernel = tuple(weight.shape[2:])
    result = to.step("conv", x, out_channels=weight.shape[0], kernel_size=kernel, tensors=tensors, **fields)
    return to.step("squeeze", result, dim=0) if alone else with_bias(to, result, bias, tensors)


@operator("conv_transpose1d", "conv_transpose2d", "conv_transpose3d", raw=RAW)
def conv_transpose(
    to: Steps, x: Value, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Value:  # fmt: skip
    """A transposed convolution."""
    spatial = len(weight.shape) - 2
    fields, tensors = weights_of(to, weight, bias)
    extra = each(output_padding, spatial)
    result = to.step(
        "conv_transpose", x, tensors=tensors, out_channels=weight.shape[1] * groups,
        kernel_size=tuple(weight.shape[2:]), stride=each(stride, spatial), padding=padding_of(padding, spatial),
        output_padding=extra if any(extra) else None, groups=groups, dilation=each(dilation, spatial),
        bias="bias" in tensors, **fields,
    )  # fmt: skip
    return with_bias(to, result, bias, tensors)


@operator("convolution", "_convolution", raw=RAW)
def convolution(
    to: Steps, x: Value, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int, **_: Any,
) -> Value:  # fmt: skip
    """A convolution of either kind, as the core operators have it."""
    if transposed:
        return conv_transpose(to, x, weight, bias, stride, padding, output_padding, groups, dilation)
    return conv(to, x, weight, bias, stride, padding, dilation, groups)


@operator("torchvision.deform_conv2d.default", "deform_conv2d", raw=("weight", "bias"))
def deform_conv(
    to: Steps, x: Value, weight: Any, offset: Value, mask: Value, bias: Any, stride_h: int, stride_w: int,
    pad_h: int, pad_w: int, dilation_h: int, dilation_w: int, groups: int, offset_groups: int, use_mask: bool,
) -> Value:  # fmt: skip
    """A deformable convolution."""
    del offset_groups
    _, tensors = weights_of(to, weight, bias)
    reads = (x, offset, mask) if use_mask else (x, offset)
    return to.step(
        "deform_conv", *reads, tensors=tensors, out_channels=weight.shape[0], kernel_size=tuple(weight.shape[2:]),
        stride=(stride_h, stride_w), padding=(pad_h, pad_w), dilation=(dilation_h, dilation_w), groups=groups,
        bias="bias" in tensors,
    )  # fmt: skip


def each(value: Any, count: int) -> tuple[int, ...]:
    """Return one size for each axis."""
    sizes = value if isinstance(value, (list, tuple)) else [value]
    return tuple(sizes) * (count if len(sizes) == 1 else 1)


def padding_of(padding: Any, count: int) -> Any:
    """Return the padding of all axes, of each axis, or the word for it."""
    if isinstance(padding, str):
        return padding
    sizes = each(padding, count)
    return sizes[0] if len(set(sizes)) == 1 else sizes


def with_bias(to: Steps, x: Value, bias: Any, tensors: dict[str, Stored]) -> Value:
    """Return a map with the bias added that its layer does not have, because it is computed."""
    if bias is None or "bias" in tensors:
        return x
    shape = (1, -1, *(1 for _ in x.shape[2:]))
    return to.step("add", x, to.step("reshape", to.value(bias), shape=shape))


def weights_of(to: Steps, weight: Any, bias: Any) -> tuple[dict[str, Any], dict[str, Stored]]:
    """Return the fields by which a layer computes its weight, and the tensors that it has.

    Raises `Unreadable` if its weight is computed otherwise.
    """
    tensors = {}
    if bias is not None and not isinstance(bias, (Value, Derived)):
        tensors["bias"] = to.weight(bias)
    if isinstance(weight, Derived):
        plain = same_elements(to, weight)
        if plain is not None:
            return {}, {"weight": plain, **tensors}
        fields, own = computed_weight(to, weight)
        return fields, own | tensors
    if isinstance(weight, Value):
        raise Unreadable("a weight that is computed from data")
    return {}, {"weight": to.weight(weight), **tensors}


def same_elements(to: Steps, weight: Derived) -> Stored | None:
    """Return the parameter whose elements a computed tensor has in their order, in the shape of that tensor."""
    operand: Any = weight
    while isinstance(operand, Derived) and operand.operator.removeprefix("aten.") in SHAPES_ALONE:
        operand = operand["x"]
    if not isinstance(operand, FileTensor):
        return None
    shape = tuple(map(int, map(str, weight.shape)))
    if shape == operand.shape or not operand.stored.trainable:
        return to.weight(operand) if shape == operand.shape else None
    stored = operand.stored._replace(shape=shape, convert=lambda array: array.reshape(shape))
    try:
        to.own(stored)
    except Unreadable:
        return None
    return stored


def filters_of(to: Steps, rows: Derived) -> Stored | None:
    """Return the parameter of which a tensor is a view."""
    operand: Any = rows
    while isinstance(operand, Derived) and operand.operator.removeprefix("aten.") in SHAPES_ALONE:
        operand = operand["x"]
    return to.weight(operand) if isinstance(operand, FileTensor) else None


def computed_weight(to: Steps, weight: Derived) -> tuple[dict[str, Any], dict[str, Stored]]:
    """Return the fields and the tensors of a weight that is normalized or standardized."""
    if weight.operator in {"aten._weight_norm", "aten._weight_norm_interface"}:
        direction, lengths = weight["v"], weight["g"]
        dim = weight["dim"] or 0
        fields: dict[str, Any] = {"weight_norm": True, "weight_norm_dim": dim}
        return fields, {NORM: to.weight(lengths), DIRECTION: to.weight(direction)}
    return standardized_weight(to, weight)


def standardized_weight(to: Steps, weight: Derived) -> tuple[dict[str, Any], dict[str, Stored]]:
    """Return the fields and the tensors of a weight that a batch norm of its filters standardizes."""
    source: Any = weight["x"]
    standardized = weight.operator in {"aten.reshape_as", "aten.view", "aten.reshape", "aten.view_as"}
    by_norm = isinstance(source, Derived) and source.operator == "aten.batch_norm"
    if not standardized or not by_norm:
        raise Unreadable(f"a weight that `{weight.operator}` computes")
    if not source["training"] or source["bias"] is not None:
        raise Unreadable("a weight that is normalized by given statistics")
    filters: Any = source["x"]
    own = filters_of(to, filters) if isinstance(filters, Derived) else None
    if own is None:
        raise Unreadable("a weight that is standardized otherwise than by filters")
    if own.shape != weight.shape:
        raise Unreadable("a weight that is standardized in another shape")
    fields: dict[str, Any] = {"standardize": True, "eps": source["eps"]}
    if source["weight"] is None:
        return fields, {"weight": own}
    gamma, gain = gain_of(to, source["weight"], own)
    return fields | {"gain": True, "gamma": gamma}, {"weight": own, "gain": gain}


def gain_of(to: Steps, factor: Any, own: Stored) -> tuple[float, Stored]:
    """Return gamma and the gain of standardized filters: their product, divided by the root of the fan-in."""
    product: Any = factor
    while isinstance(product, Derived) and product.operator.removeprefix("aten.") in SHAPES_ALONE:
        product = product["x"]
    is_product = isinstance(product, Derived) and product.operator == "aten.mul"
    if not is_product or not isinstance(product["x"], FileTensor):
        raise Unreadable("a gain that is computed otherwise than by a product")
    number = to.number(product["other"])
    if number is None:
        raise Unreadable("a gain that is a product with a tensor")
    gamma = number * math.sqrt(int(str(product_of(own.shape[1:]))))
    gamma = 1.0 if math.isclose(gamma, 1, rel_tol=1e-6) else gamma
    wanted = (own.shape[0], *(1 for _ in own.shape[1:]))
    gain = product["x"].stored
    if gain.shape != wanted:
        gain = gain._replace(shape=wanted, convert=lambda array: array.reshape(-1, *wanted[1:]))
    to.own(gain)
    return gamma, gain
