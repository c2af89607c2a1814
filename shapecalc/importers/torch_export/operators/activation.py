"""Activations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shapecalc.importers.graph import Value
from shapecalc.importers.torch_export.operands import Derived
from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.importers.torch_export.steps import Steps

SAME_NAME = (
    "relu", "relu6", "silu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "selu", "mish", "exp", "expm1", "log",
    "log1p", "sqrt", "rsqrt", "reciprocal", "erf", "sin", "cos",
)  # fmt: skip
"""Functions of floats that the format has by the same name."""
OTHER_NAME = {"log_sigmoid": "logsigmoid", "special_erf": "erf", "special_expm1": "expm1", "special_log1p": "log1p"}


def _function(type_: str) -> Callable[..., Value]:
    def activation(to: Steps, x: Value) -> Value:
        return to.step(type_, to.floating(x))

    return activation


for _name in SAME_NAME:
    operator(_name)(_function(_name))
for _name, _type in OTHER_NAME.items():
    operator(_name)(_function(_type))


def _of_any(type_: str) -> Callable[..., Value]:
    def function(to: Steps, x: Value) -> Value:
        return to.step(type_, to.numeric(x))

    return function


for _name, _type in {"abs": "abs", "neg": "negative", "negative": "negative", "sign": "sign", "sgn": "sign",
                     "square": "square"}.items():  # fmt: skip
    operator(_name)(_of_any(_type))


def _rounding(type_: str) -> Callable[..., Value]:
    def function(to: Steps, x: Value, decimals: int = 0) -> Value:
        if decimals:
            raise Unreadable("rounding to decimals")
        return x if x.dtype == "int64" else to.step(type_, x)

    return function


for _name in ("floor", "ceil", "round"):
    operator(_name)(_rounding(_name))


@operator("trunc", "fix")
def trunc(to: Steps, x: Value) -> Value:
    """A fraction that is cut off."""
    return to.step("cast", to.step("cast", x, dtype="int64"), dtype="float32")


@operator("gelu")
def gelu(to: Steps, x: Value, approximate: str = "none") -> Value:
    """GELU."""
    return to.step("gelu", x, approximate=approximate)


@operator("leaky_relu")
def leaky_relu(to: Steps, x: Value, negative_slope: float = 0.01) -> Value:
    """A rectified linear unit with a slope."""
    return to.step("leaky_relu", x, negative_slope=float(negative_slope))


@operator("rrelu")
def rrelu(to: Steps, x: Value, lower: float = 1 / 8, upper: float = 1 / 3, **_: Any) -> Value:
    """A rectified linear unit whose slope is random in training, and the mean of its bounds in evaluation."""
    return to.step("leaky_relu", x, negative_slope=(float(lower) + float(upper)) / 2)


@operator("elu")
def elu(to: Steps, x: Value, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Value:
    """An exponential linear unit."""
    if (scale, input_scale) != (1, 1):
        raise Unreadable("an `elu` with scales")
    return to.step("elu", x, alpha=float(alpha))


@operator("celu")
def celu(to: Steps, x: Value, alpha: float = 1.0) -> Value:
    """A continuously differentiable exponential linear unit."""
    return to.step("celu", x, alpha=float(alpha))


@operator("softplus")
def softplus(to: Steps, x: Value, beta: float = 1, threshold: float = 20) -> Value:
    """A smooth rectified linear unit."""
    return to.step("softplus", x, beta=float(beta), threshold=float(threshold))


@operator("hardtanh")
def hardtanh(to: Steps, x: Value, min_val: float = -1, max_val: float = 1) -> Value:
    """Bounds; those of 0 and 6 have a name."""
    if (min_val, max_val) == (0, 6):
        return to.step("relu6", x)
    return to.step("hardtanh", x, min_val=float(min_val), max_val=float(max_val))


@operator("threshold")
def threshold(to: Steps, x: Value, threshold: float, value: float) -> Value:
    """A constant below a threshold."""
    return to.step("threshold", x, threshold=float(threshold), value=float(value))


def _shrink(type_: str) -> Callable[..., Value]:
    def function(to: Steps, x: Value, lambd: float = 0.5) -> Value:
        return to.step(type_, x, lambd=float(lambd))

    return function


operator("hardshrink")(_shrink("hard_shrink"))
operator("softshrink")(_shrink("soft_shrink"))


@operator("prelu", "_prelu_kernel", raw=("weight",))
def prelu(to: Steps, x: Value, weight: Any) -> Value:
    """A rectified linear unit with trainable slopes, or with slopes that are computed, of channels."""
    if isinstance(weight, (Value, Derived)):
        slopes = to.reshape(to.value(weight), (*weight.shape, *(1,) * (x.rank - 2)))
        return to.step("where", to.step("greater", x, other=0), x, to.step("multiply", x, slopes))
    stored = to.weight(weight)
    shape = (math.prod(int(str(size)) for size in stored.shape),)
    if shape != stored.shape:
        stored = stored._replace(shape=shape, convert=lambda array: array.reshape(shape))
    return to.step("prelu", x, num_parameters=shape[0], tensors={"weight": stored})


def _softmax(type_: str) -> Callable[..., Value]:
    def function(to: Steps, x: Value, dim: int, dtype: Any = None, half_to_float: bool = False) -> Value:
        del dtype, half_to_float
        return to.step(type_, to.floating(x), dim=dim)

    return function


operator("softmax", "_softmax", "special_softmax")(_softmax("softmax"))
operator("log_softmax", "_log_softmax", "special_log_softmax")(_softmax("log_softmax"))


@operator("glu")
def glu(to: Steps, x: Value, dim: int = -1) -> Value:
    """A gated linear unit."""
    return to.step("glu", x, dim=dim)


@operator("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
def dropout(to: Steps, x: Value, p: float, train: bool = False) -> Value:
    """A dropout; one that drops nothing is left out."""
    del train
    return to.step("dropout", x, p=float(p)) if p else x


@operator("native_dropout")
def native_dropout(to: Steps, x: Value, p: float, train: Any = None) -> Any:
    """A dropout with the flags of what it drops, which are not needed."""
    del train
    return dropout(to, x, p), None
