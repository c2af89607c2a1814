"""Activation functions and other elementwise functions of one input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.importers.onnx.node import operator
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.dims import Shape
    from shapecalc.importers.graph import Value
    from shapecalc.importers.onnx.node import OnnxNode

WORDS = {
    "Abs": "abs",
    "Ceil": "ceil",
    "Cos": "cos",
    "Erf": "erf",
    "Exp": "exp",
    "Floor": "floor",
    "HardSwish": "hardswish",
    "Log": "log",
    "Mish": "mish",
    "Neg": "negative",
    "Not": "logical_not",
    "Reciprocal": "reciprocal",
    "Relu": "relu",
    "Round": "round",
    "Sigmoid": "sigmoid",
    "Sign": "sign",
    "Sin": "sin",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Sqrt": "sqrt",
    "Tanh": "tanh",
}
"""Operators that are one layer without fields."""


@operator(*WORDS)
def word(node: OnnxNode) -> Value:
    """Return one layer without fields."""
    return node.step(WORDS[node.op])


@operator("Identity")
def identity(node: OnnxNode) -> Value:
    """Return the input itself."""
    return node.read()


@operator("Celu")
def celu(node: OnnxNode, *, alpha: float = 1.0) -> Value:
    """Return the layer of that name."""
    return node.step("celu", alpha=alpha)


@operator("Clip")
def clip(node: OnnxNode, *, min: float | None = None, max: float | None = None) -> Value:  # noqa: A002 - ONNX's names
    """Return `clamp` with the bounds as numbers, which are inputs from version 11 on."""
    low = node.number(1, "lower bound") if node.has(1) else min
    high = node.number(2, "upper bound") if node.has(2) else max
    if low == 0 and high == 6:  # noqa: PLR2004 - the bounds of ReLU6
        return node.step("relu6")
    low, high = (_finite(bound) for bound in (low, high))
    if low is None and high is None:
        return node.read()
    return node.step("clamp", min=low, max=high)


def _finite(bound: float | None) -> float | None:
    """Return a bound, None if every float32 is within it."""
    largest = float(np.finfo(np.float32).max) * (1 - 1e-6)
    return None if bound is None or abs(bound) >= largest else bound


@operator("Dropout")
def dropout(node: OnnxNode, *, ratio: float = 0.5, seed: int = 0, is_test: int = 1) -> Sequence[Value | None]:
    """Return `dropout` as in evaluation, and a mask that is true everywhere: each element equals itself."""
    del seed, is_test
    if node.has(1):
        ratio = float(node.number(1, "ratio"))
    if node.has(2) and bool(node.number(2, "training mode")) and ratio:
        raise Unreadable("`Dropout` in training gives random numbers")
    result = node.step("dropout", p=ratio)
    wants_mask = len(node.outputs) > 1 and node.outputs[1]
    return result, node.step("equal", node.read(), node.read()) if wants_mask else None


@operator("Elu")
def elu(node: OnnxNode, *, alpha: float = 1.0) -> Value:
    """Return the layer of that name."""
    return node.step("elu", alpha=alpha)


@operator("Gelu")
def gelu(node: OnnxNode, *, approximate: str = "none") -> Value:
    """Return the layer of that name."""
    return node.step("gelu", approximate=approximate)


@operator("HardSigmoid")
def hard_sigmoid(node: OnnxNode, *, alpha: float = 0.2, beta: float = 0.5) -> Value:
    """Return the layer of that name; PyTorch's slope is 1/6."""
    is_sixth = np.float32(alpha) == np.float32(1 / 6) and beta == 0.5  # noqa: PLR2004
    return node.step("hardsigmoid") if is_sixth else node.step("hardsigmoid", alpha=alpha, beta=beta)


@operator("Hardmax")
def hardmax(node: OnnxNode, *, axis: int | None = None) -> Value:
    """Return the index of the first maximum as a row of zeros and a one, moved to the axis."""
    if node.version < 13:  # noqa: PLR2004 - before it the axes from `axis` on were one
        return by_matrix(node, 1 if axis is None else axis, lambda value: _hardmax(node, value, value.rank - 1))
    return _hardmax(node, node.read(), node.axis(-1 if axis is None else axis))


def _hardmax(node: OnnxNode, value: Value, axis: int) -> Value:
    rank = value.rank
    (size,) = node.ints([value.shape[axis]], "axis")
    rows = node.chain(value, ("argmax", {"dim": axis}), ("one_hot", {"num_classes": size}))
    return node.permuted(rows, [*range(axis), rank - 1, *range(axis, rank - 1)])


@operator("Softmax", "LogSoftmax")
def softmax(node: OnnxNode, *, axis: int | None = None) -> Value:
    """Return the layer of that name; before version 13 over all axes from `axis` on."""
    type_ = "softmax" if node.op == "Softmax" else "log_softmax"
    if node.version >= 13:  # noqa: PLR2004
        return node.step(type_, dim=node.axis(-1 if axis is None else axis))
    return by_matrix(node, 1 if axis is None else axis, lambda value: node.chain(value, (type_, {"dim": -1})))


def by_matrix(node: OnnxNode, axis: int, function: Callable[[Value], Value]) -> Value:
    """Return what a function gives of the input with the axes from `axis` on as one, in the shape of the input."""
    first, axis = node.read(), axis % node.rank()
    if axis == node.rank() - 1:
        return function(first)
    joined = node.step("flatten", start_dim=axis, end_dim=-1)
    return node.reshaped(function(joined), first.shape)


@operator("LeakyRelu")
def leaky_relu(node: OnnxNode, *, alpha: float = 0.01) -> Value:
    """Return the layer of that name."""
    return node.step("leaky_relu", negative_slope=alpha)


@operator("PRelu")
def prelu(node: OnnxNode) -> Value:
    """Return `prelu` if there is one slope for each channel, else max(x, 0) + slope · min(x, 0), which broadcasts."""
    from shapecalc.importers.onnx.tensors import Weight  # noqa: PLC0415

    slope, shape = node.entry(1), node.shape()
    if isinstance(slope, Weight) and len(shape) > 1:
        per_channel = (shape[1], *[1] * (len(shape) - 2))
        sizes: Shape = tuple(slope.shape)
        while sizes and sizes[0] == 1 and len(sizes) > len(per_channel):
            sizes = sizes[1:]
        if node.reader.is_converted and sizes == (shape[1],):
            sizes = per_channel  # before operator set 7 a vector was one slope for each channel
        if sizes == per_channel and isinstance(shape[1], int):
            weight = slope.reshaped((shape[1],))
            return node.step("prelu", num_parameters=shape[1], tensors={"weight": weight.stored()})
    negative = node.step("multiply", node.step("clamp", max=0.0), node.read(1))
    return node.step("add", node.step("relu"), negative)


@operator("Selu")
def selu(node: OnnxNode, *, alpha: float | None = None, gamma: float | None = None) -> Value:
    """Return `selu` with PyTorch's numbers; with others `elu` and a factor."""
    usual = (None, np.float32(1.6732632423543772)), (None, np.float32(1.0507009873554805))
    if all(each is None or np.float32(each) == known[1] for each, known in zip((alpha, gamma), usual, strict=True)):
        return node.step("selu")
    first = node.step("elu", alpha=1.6732632 if alpha is None else alpha)
    return node.step("multiply", first, other=1.050701 if gamma is None else gamma)


@operator("Shrink")
def shrink(node: OnnxNode, *, lambd: float = 0.5, bias: float = 0.0) -> Value:
    """Return what `hard_shrink` leaves, less `bias` with its sign."""
    left = node.step("hard_shrink", lambd=lambd)
    if not bias:
        return left
    return node.step("subtract", left, node.chain(left, "sign", ("multiply", {"other": bias})))


@operator("Swish")
def swish(node: OnnxNode, *, alpha: float = 1.0) -> Value:
    """Return `silu`, or with a factor x · σ(αx)."""
    if alpha == 1:
        return node.step("silu")
    return node.step("multiply", node.read(), node.chain(node.read(), ("multiply", {"other": alpha}), "sigmoid"))


@operator("SwiGLU")
def swiglu(node: OnnxNode, *, alpha: float = 1.0) -> Value:
    """Return `silu` of the gate, times the second input."""
    if alpha == 1:
        return node.step("multiply", node.step("silu"), node.read(1))
    gate = node.chain(node.read(), ("multiply", {"other": alpha}), "sigmoid")
    return node.step("multiply", node.step("multiply", node.read(), gate), node.read(1))


@operator("ThresholdedRelu")
def thresholded_relu(node: OnnxNode, *, alpha: float = 1.0) -> Value:
    """Return `threshold` with the value 0."""
    return node.step("threshold", threshold=alpha, value=0.0)
