"""Functions of `keras.ops` that compute elements: arithmetic, comparisons, activations, reductions."""

from __future__ import annotations

from typing import Any

from shapecalc.importers.keras.calls import FLAG, LayerCall, operation
from shapecalc.importers.keras.history import Constant
from shapecalc.importers.keras.layers.activation import FUNCTIONS, rectified, softmax
from shapecalc.importers.keras.layers.merging import aligned
from shapecalc.importers.keras.settings import Ints, is_number, shown
from shapecalc.importers.keras.values import KerasValue, in_order
from shapecalc.importers.unreadable import Unreadable

ARITHMETIC = {
    "Add": "add",
    "Subtract": "subtract",
    "Multiply": "multiply",
    "Divide": "divide",
    "TrueDivide": "divide",
    "Power": "power",
    "Maximum": "maximum",
    "Minimum": "minimum",
}
COMPARISONS = {
    "Equal": "equal",
    "NotEqual": "not_equal",
    "Less": "less",
    "LessEqual": "less_equal",
    "Greater": "greater",
    "GreaterEqual": "greater_equal",
}
LOGIC = {"LogicalAnd": "logical_and", "LogicalOr": "logical_or"}
ELEMENTWISE = {
    "Absolute": "abs",
    "Abs": "abs",
    "Negative": "negative",
    "Sqrt": "sqrt",
    "Rsqrt": "rsqrt",
    "Square": "square",
    "Exp": "exp",
    "Expm1": "expm1",
    "Log": "log",
    "Log1p": "log1p",
    "Sin": "sin",
    "Cos": "cos",
    "Tanh": "tanh",
    "Sign": "sign",
    "Floor": "floor",
    "Ceil": "ceil",
    "Round": "round",
    "Reciprocal": "reciprocal",
    "Erf": "erf",
    "Sigmoid": "sigmoid",
    "Silu": "silu",
    "Relu6": "relu6",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "HardSigmoid": "hardsigmoid",
    "HardSilu": "hardswish",
    "LogSigmoid": "logsigmoid",
    "Mish": "mish",
    "Selu": "selu",
    "HardTanh": "hardtanh",
    "TanhShrink": "tanhshrink",
    "Identity": "identity",
    "StopGradient": "identity",
}
REDUCTIONS = {
    "Mean": "mean",
    "Sum": "sum",
    "Max": "max",
    "Min": "min",
    "Amax": "max",
    "Amin": "min",
    "Prod": "prod",
    "Var": "var",
    "Std": "std",
    "Logsumexp": "logsumexp",
    "LogSumExp": "logsumexp",
}
_DTYPES = {"float": "float32", "bfloat": "float32", "int": "int64", "uint": "int64", "bool": "bool"}
MOST_NUMBERS = 512


def operand(call: LayerCall, value: Any) -> KerasValue | float:
    """Return an operand: a tensor, a number, or the numbers of a list as a constant."""
    if isinstance(value, Constant):
        value = value.values
    if isinstance(value, KerasValue):
        return value
    if is_number(value) and abs(value) < float("inf"):
        return float(value) if isinstance(value, float) else int(value)
    if isinstance(value, list) and _count(value) <= MOST_NUMBERS:
        return in_order(call.step("constant", values=value))
    raise Unreadable(f"`{call.name}` has {shown(value)} as an operand")


def _count(value: Any) -> int:
    """Return how many numbers nested lists have, too many for other entries."""
    if isinstance(value, list) and value:
        return sum(map(_count, value))
    return 1 if is_number(value) and abs(value) < float("inf") else MOST_NUMBERS + 1


def pair(call: LayerCall) -> list[KerasValue | float]:
    """Return the two operands of a binary operation."""
    values = [*call.values, *(call.take(name) for name in ("x1", "x2") if name in call.keywords)]
    if len(values) != 2:  # noqa: PLR2004 - of a binary operation
        raise Unreadable(f"`{call.name}` is called with {len(values)} operands")
    return [operand(call, value) for value in values]


def tensor_of(call: LayerCall) -> KerasValue:
    """Return the tensor that an operation is of."""
    x = call.take("x") if not call.values else call.values[0]
    if not isinstance(x, KerasValue):
        raise Unreadable(f"`{call.name}` is called with {shown(x)}, expects a tensor")
    return x


def argument(call: LayerCall, name: str, setting: Any, at: int = 1) -> Any:
    """Return an argument: by name or by place in the call, or else the setting."""
    if name in call.keywords:
        return call.take(name)
    return call.values[at] if len(call.values) > at else setting


@operation(*ARITHMETIC)
def _arithmetic(call: LayerCall) -> KerasValue:
    type_ = ARITHMETIC[call.name]
    first, second = pair(call)
    if isinstance(first, KerasValue) and isinstance(second, KerasValue):
        return together(call, type_, [first, second])
    if isinstance(first, KerasValue):
        return first._replace(value=call.step(type_, call.floats(first).value, other=second))
    if not isinstance(second, KerasValue):
        raise Unreadable(f"`{call.name}` is of two numbers")
    reverse: dict[str, Any] = {"reverse": True} if type_ in ("subtract", "divide", "power") else {}
    return second._replace(value=call.step(type_, call.floats(second).value, other=first, **reverse))


def together(call: LayerCall, type_: str, tensors: list[KerasValue], *, floats: bool = True) -> KerasValue:
    """Return a step of tensors that broadcast, with their axes in one order."""
    tensors = aligned(call, [call.floats(each) if floats else each for each in tensors])
    longest = max(tensors, key=lambda each: each.rank)
    return longest._replace(value=call.step(type_, *(each.value for each in tensors)))


@operation(*COMPARISONS)
def _comparison(call: LayerCall) -> KerasValue:
    type_ = COMPARISONS[call.name]
    first, second = pair(call)
    if not isinstance(first, KerasValue):
        raise Unreadable(f"`{call.name}` compares a number with a tensor")
    if isinstance(second, KerasValue):
        return together(call, type_, [first, second], floats=first.value.dtype != second.value.dtype)
    return first._replace(value=call.step(type_, first.value, other=second))


@operation(*LOGIC)
def _logic(call: LayerCall) -> KerasValue:
    tensors = [each for each in pair(call) if isinstance(each, KerasValue) and each.value.dtype == FLAG]
    if len(tensors) != 2:  # noqa: PLR2004 - of a binary operation
        raise Unreadable(f"`{call.name}` is of other values than flags")
    return together(call, LOGIC[call.name], tensors, floats=False)


@operation("Any", "All")
def _any(call: LayerCall, *, axis: Ints | None = None, keepdims: bool = False) -> KerasValue:
    """Return whether one or all of the flags along axes are true: the greatest or the least of 0 and 1."""
    x = call.ordered(call.floats(tensor_of(call)))
    axes = call.axes(x, argument(call, "axis", axis))
    type_ = "max" if call.name == "Any" else "min"
    value = call.step(type_, x.value, dim=axes[0] if len(axes) == 1 else axes, keepdim=keepdims)
    return in_order(call.step("cast", value, dtype=FLAG))


@operation("LogicalNot")
def _not(call: LayerCall) -> KerasValue:
    return tensor_of(call)._replace(value=call.step("logical_not", tensor_of(call).value))


@operation(*ELEMENTWISE)
def _elementwise(call: LayerCall) -> KerasValue:
    return call.each(ELEMENTWISE[call.name], tensor_of(call))


@operation("Relu")
def _relu(call: LayerCall) -> KerasValue:
    return rectified(call, tensor_of(call), None, 0, 0)


@operation("LeakyRelu")
def _leaky_relu(call: LayerCall, *, negative_slope: float = 0.2) -> KerasValue:
    return call.each("leaky_relu", tensor_of(call), negative_slope=negative_slope)


@operation("Elu", "Celu")
def _elu(call: LayerCall, *, alpha: float = 1.0) -> KerasValue:
    return call.each(FUNCTIONS[call.name.lower()][0], tensor_of(call), alpha=alpha)


@operation("Gelu")
def _gelu(call: LayerCall, *, approximate: bool = True) -> KerasValue:
    approximate = argument(call, "approximate", approximate)
    return call.each("gelu", tensor_of(call), approximate="tanh" if approximate else "none")


@operation("Softmax", "LogSoftmax")
def _softmax(call: LayerCall, *, axis: Ints = -1) -> KerasValue:
    type_ = "softmax" if call.name == "Softmax" else "log_softmax"
    return softmax(call, call.floats(tensor_of(call)), argument(call, "axis", axis), type_)


@operation("Clip")
def _clip(call: LayerCall, *, x_min: float | None = None, x_max: float | None = None) -> KerasValue:
    least, most = argument(call, "x_min", x_min), argument(call, "x_max", x_max, 2)
    if not all(is_number(each) or each is None for each in (least, most)):
        raise Unreadable(f"`{call.name}` has bounds that are no numbers")
    return call.each("clamp", tensor_of(call), min=least, max=most)


@operation("Cast")
def _cast(call: LayerCall, *, dtype: Any = None) -> KerasValue:
    dtype = argument(call, "dtype", dtype)
    kind = dtype.rstrip("0123456789") if isinstance(dtype, str) else None
    if kind not in _DTYPES:
        raise Unreadable(f"`{call.name}` is to the dtype {shown(dtype)}")
    x = tensor_of(call)
    same = _DTYPES[kind] == x.value.dtype
    return x._replace(value=call.step("identity", x.value) if same else call.step("cast", x.value, dtype=_DTYPES[kind]))


@operation(*REDUCTIONS)
def _reduction(
    call: LayerCall, *, axis: Ints | None = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> KerasValue:
    if initial is not None or where is not None:
        raise Unreadable(f"`{call.name}` has an initial value, or a condition")
    x = call.floats(tensor_of(call))
    keepdims = argument(call, "keepdims", keepdims, 2)
    axes = call.axes(x, argument(call, "axis", axis))
    ours = sorted(x.at(axis) for axis in axes)
    fields: dict[str, Any] = {"dim": ours[0] if len(ours) == 1 else ours, "keepdim": bool(keepdims)}
    if call.name in ("Var", "Std"):
        fields["correction"] = 0
    value = call.step(REDUCTIONS[call.name], x.value, **fields)
    if keepdims:
        return KerasValue(value, x.order)
    left = [axis for axis in x.order if axis not in axes]
    return KerasValue(value, tuple(sorted(left).index(axis) for axis in left))
