"""Functions of `keras.ops` in functional models."""

from __future__ import annotations

from typing import Any

from shapecalc.importers.keras.calls import FLAG, INTEGER, LayerCall, Result, flat, operation
from shapecalc.importers.keras.history import Constant
from shapecalc.importers.keras.layers.activation import FUNCTIONS, rectified, softmax
from shapecalc.importers.keras.layers.merging import aligned, concatenated
from shapecalc.importers.keras.layers.reshaping import padded, reshaped
from shapecalc.importers.keras.settings import Ints, is_int, is_ints, is_number, shown
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


def _operand(call: LayerCall, value: Any) -> KerasValue | float:
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


def _pair(call: LayerCall) -> list[KerasValue | float]:
    values = [*call.values, *(call.take(name) for name in ("x1", "x2") if name in call.keywords)]
    if len(values) != 2:  # noqa: PLR2004 - of a binary operation
        raise Unreadable(f"`{call.name}` is called with {len(values)} operands")
    return [_operand(call, value) for value in values]


def _x(call: LayerCall) -> KerasValue:
    x = call.take("x") if not call.values else call.values[0]
    if not isinstance(x, KerasValue):
        raise Unreadable(f"`{call.name}` is called with {shown(x)}, expects a tensor")
    return x


def _argument(call: LayerCall, name: str, setting: Any, at: int = 1) -> Any:
    """Return an argument: by name or by place in the call, or else the setting."""
    if name in call.keywords:
        return call.take(name)
    return call.values[at] if len(call.values) > at else setting


@operation(*ARITHMETIC)
def _arithmetic(call: LayerCall) -> KerasValue:
    type_ = ARITHMETIC[call.name]
    first, second = _pair(call)
    if isinstance(first, KerasValue) and isinstance(second, KerasValue):
        return _together(call, type_, [first, second])
    if isinstance(first, KerasValue):
        return first._replace(value=call.step(type_, call.floats(first).value, other=second))
    if not isinstance(second, KerasValue):
        raise Unreadable(f"`{call.name}` is of two numbers")
    reverse: dict[str, Any] = {"reverse": True} if type_ in ("subtract", "divide", "power") else {}
    return second._replace(value=call.step(type_, call.floats(second).value, other=first, **reverse))


def _together(call: LayerCall, type_: str, tensors: list[KerasValue], *, floats: bool = True) -> KerasValue:
    tensors = aligned(call, [call.floats(each) if floats else each for each in tensors])
    longest = max(tensors, key=lambda each: each.rank)
    return longest._replace(value=call.step(type_, *(each.value for each in tensors)))


@operation(*COMPARISONS)
def _comparison(call: LayerCall) -> KerasValue:
    type_ = COMPARISONS[call.name]
    first, second = _pair(call)
    if not isinstance(first, KerasValue):
        raise Unreadable(f"`{call.name}` compares a number with a tensor")
    if isinstance(second, KerasValue):
        return _together(call, type_, [first, second], floats=first.value.dtype != second.value.dtype)
    return first._replace(value=call.step(type_, first.value, other=second))


@operation(*LOGIC)
def _logic(call: LayerCall) -> KerasValue:
    tensors = [each for each in _pair(call) if isinstance(each, KerasValue) and each.value.dtype == FLAG]
    if len(tensors) != 2:  # noqa: PLR2004 - of a binary operation
        raise Unreadable(f"`{call.name}` is of other values than flags")
    return _together(call, LOGIC[call.name], tensors, floats=False)


@operation("Any", "All")
def _any(call: LayerCall, *, axis: Ints | None = None, keepdims: bool = False) -> KerasValue:
    """Return whether one or all of the flags along axes are true: the greatest or the least of 0 and 1."""
    x = call.ordered(call.floats(_x(call)))
    axes = call.axes(x, _argument(call, "axis", axis))
    type_ = "max" if call.name == "Any" else "min"
    value = call.step(type_, x.value, dim=axes[0] if len(axes) == 1 else axes, keepdim=keepdims)
    return in_order(call.step("cast", value, dtype=FLAG))


@operation("LogicalNot")
def _not(call: LayerCall) -> KerasValue:
    return _x(call)._replace(value=call.step("logical_not", _x(call).value))


@operation(*ELEMENTWISE)
def _elementwise(call: LayerCall) -> KerasValue:
    return call.each(ELEMENTWISE[call.name], _x(call))


@operation("Relu")
def _relu(call: LayerCall) -> KerasValue:
    return rectified(call, _x(call), None, 0, 0)


@operation("LeakyRelu")
def _leaky_relu(call: LayerCall, *, negative_slope: float = 0.2) -> KerasValue:
    return call.each("leaky_relu", _x(call), negative_slope=negative_slope)


@operation("Elu", "Celu")
def _elu(call: LayerCall, *, alpha: float = 1.0) -> KerasValue:
    return call.each(FUNCTIONS[call.name.lower()][0], _x(call), alpha=alpha)


@operation("Gelu")
def _gelu(call: LayerCall, *, approximate: bool = True) -> KerasValue:
    approximate = _argument(call, "approximate", approximate)
    return call.each("gelu", _x(call), approximate="tanh" if approximate else "none")


@operation("Softmax", "LogSoftmax")
def _softmax(call: LayerCall, *, axis: Ints = -1) -> KerasValue:
    type_ = "softmax" if call.name == "Softmax" else "log_softmax"
    return softmax(call, call.floats(_x(call)), _argument(call, "axis", axis), type_)


@operation("Clip")
def _clip(call: LayerCall, *, x_min: float | None = None, x_max: float | None = None) -> KerasValue:
    least, most = _argument(call, "x_min", x_min), _argument(call, "x_max", x_max, 2)
    if not all(is_number(each) or each is None for each in (least, most)):
        raise Unreadable(f"`{call.name}` has bounds that are no numbers")
    return call.each("clamp", _x(call), min=least, max=most)


@operation("Cast")
def _cast(call: LayerCall, *, dtype: Any = None) -> KerasValue:
    dtype = _argument(call, "dtype", dtype)
    kind = dtype.rstrip("0123456789") if isinstance(dtype, str) else None
    if kind not in _DTYPES:
        raise Unreadable(f"`{call.name}` is to the dtype {shown(dtype)}")
    x = _x(call)
    same = _DTYPES[kind] == x.value.dtype
    return x._replace(value=call.step("identity", x.value) if same else call.step("cast", x.value, dtype=_DTYPES[kind]))


@operation(*REDUCTIONS)
def _reduction(
    call: LayerCall, *, axis: Ints | None = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> KerasValue:
    if initial is not None or where is not None:
        raise Unreadable(f"`{call.name}` has an initial value, or a condition")
    x = call.floats(_x(call))
    keepdims = _argument(call, "keepdims", keepdims, 2)
    axes = call.axes(x, _argument(call, "axis", axis))
    ours = sorted(x.at(axis) for axis in axes)
    fields: dict[str, Any] = {"dim": ours[0] if len(ours) == 1 else ours, "keepdim": bool(keepdims)}
    if call.name in ("Var", "Std"):
        fields["correction"] = 0
    value = call.step(REDUCTIONS[call.name], x.value, **fields)
    if keepdims:
        return KerasValue(value, x.order)
    left = [axis for axis in x.order if axis not in axes]
    return KerasValue(value, tuple(sorted(left).index(axis) for axis in left))


@operation("Reshape")
def _reshape(call: LayerCall, *, newshape: Any = None, shape: Any = None) -> KerasValue:
    sizes = _argument(call, "newshape", newshape if newshape is not None else shape)
    sizes = call.take("shape", sizes) if "shape" in call.keywords else sizes
    sizes = sizes if isinstance(sizes, list) else [sizes]
    sizes = [-1 if size is None else size for size in sizes]
    return reshaped(call, _x(call), sizes)


@operation("Transpose", "Permute")
def _transpose(call: LayerCall, *, axes: Ints | None = None) -> KerasValue:
    x = call.ordered(_x(call))
    matched = _argument(call, "axes", axes)
    dims = list(range(x.rank))[::-1] if matched is None else call.axes(x, matched)
    if len(dims) != x.rank:
        raise Unreadable(f"`{call.name}` has {len(dims)} axes, and its tensor {x.rank}")
    return in_order(call.step("permute", x.value, dims=dims))


@operation("Swapaxes")
def _swapaxes(call: LayerCall, *, axis1: int, axis2: int) -> KerasValue:
    x = call.ordered(_x(call))
    dims = list(range(x.rank))
    first, second = call.axis(x, axis1), call.axis(x, axis2)
    dims[first], dims[second] = second, first
    return in_order(call.step("permute", x.value, dims=dims))


@operation("Concatenate")
def _concatenate(call: LayerCall, *, axis: int = 0) -> KerasValue:
    matched = flat(call.values[:1])
    if not matched or not all(isinstance(each, KerasValue) for each in matched):
        raise Unreadable(f"`{call.name}` is of other values than tensors")
    return concatenated(call, matched, _argument(call, "axis", axis))


@operation("Stack")
def _stack(call: LayerCall, *, axis: int = 0) -> KerasValue:
    matched = flat(call.values[:1])
    if not matched or not all(isinstance(each, KerasValue) for each in matched):
        raise Unreadable(f"`{call.name}` is of other values than tensors")
    values = [call.ordered(each).value for each in matched]
    return in_order(call.step("stack", *values, dim=_argument(call, "axis", axis)))


@operation("Squeeze")
def _squeeze(call: LayerCall, *, axis: Ints | None = None) -> KerasValue:
    x = call.ordered(_x(call))
    axis = _argument(call, "axis", axis)
    axes = [at for at, size in enumerate(x.shape) if size == 1] if axis is None else call.axes(x, axis)
    return in_order(call.step("squeeze", x.value, dim=axes[0] if len(axes) == 1 else axes))


@operation("ExpandDims")
def _expand_dims(call: LayerCall, *, axis: Ints) -> KerasValue:
    x = call.ordered(_x(call))
    axis = _argument(call, "axis", axis)
    value = x.value
    for each in sorted(axis) if isinstance(axis, list) else [axis]:
        value = call.step("unsqueeze", value, dim=each)
    return in_order(value)


@operation("Matmul", "Dot")
def _matmul(call: LayerCall) -> KerasValue:
    first, second = _pair(call)
    if not isinstance(first, KerasValue) or not isinstance(second, KerasValue):
        raise Unreadable(f"`{call.name}` is of a number")
    first, second = (call.ordered(call.floats(each)) for each in (first, second))
    if call.name == "Dot" and second.rank > 2:  # noqa: PLR2004 - a matrix
        raise Unreadable("`Dot` is of more than two axes")
    return in_order(call.step("matmul", first.value, second.value))


@operation("Einsum")
def _einsum(call: LayerCall, *, subscripts: str) -> KerasValue:
    matched = [each for each in flat(call.values) if not isinstance(each, str)]
    if not all(isinstance(each, KerasValue) for each in matched):
        raise Unreadable("`Einsum` is of other values than tensors")
    return in_order(call.step("einsum", *(call.ordered(call.floats(x)).value for x in matched), equation=subscripts))


@operation("Split")
def _split(call: LayerCall, *, indices_or_sections: Any, axis: int = 0) -> Result:
    x = call.ordered(_x(call))
    at = call.axis(x, axis)
    parts = indices_or_sections
    if is_int(parts):
        value = call.step("chunk", x.value, chunks=parts, dim=at)
        count = parts
    elif is_ints(parts) and parts and isinstance(x.value.shape[at], int):
        ends = [*parts, call.known(x.value.shape[at], "elements")]
        sizes = [end - start for start, end in zip([0, *parts], ends, strict=True)]
        value, count = call.step("split", x.value, split_size=sizes, dim=at), len(sizes)
    else:
        raise Unreadable(f"`{call.name}` has parts that are not known")
    return [in_order(value if index == 0 else value.other(str(index))) for index in range(count)]


@operation("GetItem")
def _get_item(call: LayerCall) -> KerasValue:
    """Return the elements of indices and slices, one for each axis; `None` is a new axis, `...` is all others."""
    x = call.ordered(_x(call))
    key = call.take("key") if "key" in call.keywords else call.values[1] if len(call.values) > 1 else None
    keys = key if isinstance(key, list) else [key]
    if Ellipsis in keys:
        at = keys.index(Ellipsis)
        left = x.rank - sum(each is not None for each in keys) + 1
        keys = [*keys[:at], *[slice(None)] * left, *keys[at + 1 :]]
    value, axis = x.value, 0
    for each in keys:
        if each is None:
            value = call.step("unsqueeze", value, dim=axis)
        elif axis >= value.rank:
            raise Unreadable(f"`{call.name}` has more indices than axes")
        elif is_int(each):
            value = call.step("select", value, dim=axis, index=each)
            continue
        elif isinstance(each, slice):
            value = _sliced(call, value, axis, each)
        else:
            raise Unreadable(f"`{call.name}` has an index that is neither a number nor a slice")
        axis += 1
    return in_order(value if value is not x.value else call.step("identity", value))


def _sliced(call: LayerCall, value: Any, axis: int, each: slice) -> Any:
    step = 1 if each.step is None else each.step
    if step == -1 and each.start is None and each.stop is None:
        return call.step("flip", value, dims=axis)
    if step < 1:
        raise Unreadable(f"`{call.name}` has the step {step}")
    if (each.start, each.stop, step) in ((None, None, 1), (0, None, 1)):
        return value
    end, size = each.stop, value.shape[axis]
    if is_int(end) and isinstance(size, int) and end > size:
        end = None
    return call.step("slice", value, dim=axis, start=each.start, end=end, step=step)


@operation("Where")
def _where(call: LayerCall) -> KerasValue:
    if len(call.values) != 3 or not isinstance(call.values[0], KerasValue):  # noqa: PLR2004 - condition, x, y
        raise Unreadable("`Where` is not of a condition and two values")
    condition, *others = (_operand(call, each) for each in call.values)
    tensors = [call.floats(each) for each in others if isinstance(each, KerasValue)]
    numbers: dict[str, Any] = {
        name: float(each) for name, each in zip("xy", others, strict=True) if not isinstance(each, KerasValue)
    }
    assert isinstance(condition, KerasValue)
    arranged = aligned(call, [condition, *tensors])
    longest = max(arranged, key=lambda each: each.rank)
    return longest._replace(value=call.step("where", *(each.value for each in arranged), **numbers))


@operation("Repeat")
def _repeat(call: LayerCall, *, repeats: int, axis: int) -> KerasValue:
    x = _x(call)
    return x._replace(value=call.step("repeat_interleave", x.value, repeats=repeats, dim=x.at(call.axis(x, axis))))


@operation("Tile")
def _tile(call: LayerCall, *, repeats: Ints) -> KerasValue:
    x = call.ordered(_x(call))
    return in_order(call.step("tile", x.value, dims=[repeats] if isinstance(repeats, int) else repeats))


@operation("Flip")
def _flip(call: LayerCall, *, axis: Ints | None = None) -> KerasValue:
    x = _x(call)
    return x._replace(value=call.step("flip", x.value, dims=[x.at(each) for each in call.axes(x, axis)]))


@operation("Roll")
def _roll(call: LayerCall, *, shift: int, axis: int) -> KerasValue:
    x = _x(call)
    return x._replace(value=call.step("roll", x.value, shifts=shift, dims=x.at(call.axis(x, axis))))


@operation("BroadcastTo")
def _broadcast(call: LayerCall, *, shape: Any) -> KerasValue:
    x = call.ordered(_x(call))
    sizes = [-1 if size is None else size for size in (shape if isinstance(shape, list) else [shape])]
    return in_order(call.step("expand", x.value, size=sizes))


@operation("Pad")
def _pad(call: LayerCall, *, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> KerasValue:
    x = call.floats(_x(call))
    value = _argument(call, "constant_values", constant_values)
    pairs = [pad_width] * x.rank if is_int(pad_width) else pad_width
    pairs = [[each, each] if is_int(each) else each for each in pairs] if isinstance(pairs, list) else []
    if len(pairs) != x.rank or mode != "constant" or not all(is_ints(each) and len(each) == 2 for each in pairs):  # noqa: PLR2004 - before and after
        raise Unreadable("`Pad` has other widths than a pair for each axis, or another mode than `constant`")
    if any(min(each) < 0 for each in pairs) or not (value is None or is_number(value)):
        raise Unreadable("`Pad` has widths below 0, or a value that is no number")
    return padded(call, x, {axis: tuple(each) for axis, each in enumerate(pairs)}, value=float(value or 0))


@operation("Normalize")
def _normalize(call: LayerCall, *, axis: Ints = -1, order: float = 2, epsilon: float | None = None) -> KerasValue:
    x = call.floats(_x(call))
    axes = [x.at(each) for each in call.axes(x, axis)]
    dim = axes[0] if len(axes) == 1 else sorted(axes)
    return x._replace(value=call.step("normalize", x.value, dim=dim, p=float(order), eps=epsilon or 1e-7))


@operation("Argmax", "Cumsum")
def _along(call: LayerCall, *, axis: int, keepdims: bool = False, dtype: Any = None) -> KerasValue:
    del dtype
    x = call.ordered(_x(call))
    if call.name == "Cumsum":
        return x._replace(value=call.step("cumsum", x.value, dim=call.axis(x, axis)))
    return in_order(call.step("argmax", x.value, dim=call.axis(x, axis), keepdim=keepdims))


@operation("Take")
def _take(call: LayerCall, *, axis: int) -> KerasValue:
    x, axis = call.ordered(_x(call)), _argument(call, "axis", axis, 2)
    index = call.values[1] if len(call.values) > 1 else call.take("indices")
    at = call.axis(x, axis)
    if isinstance(index, KerasValue) and index.value.dtype == INTEGER:
        return in_order(call.step("take", x.value, call.ordered(index).value, dim=at))
    if is_int(index):
        return in_order(call.step("select", x.value, dim=at, index=index))
    if not is_ints(index):
        raise Unreadable("`Take` has indices that are no numbers")
    return in_order(call.step("take", x.value, index=index, dim=at))
