"""Functions of `keras.ops` that move, join or pick elements along axes."""

from __future__ import annotations

from typing import Any

from shapecalc.importers.keras.calls import INTEGER, LayerCall, Result, flat, operation
from shapecalc.importers.keras.layers.merging import aligned, concatenated
from shapecalc.importers.keras.layers.operations import argument, operand, pair, tensor_of
from shapecalc.importers.keras.layers.reshaping import padded, reshaped
from shapecalc.importers.keras.settings import Ints, is_int, is_ints, is_number
from shapecalc.importers.keras.values import KerasValue, in_order
from shapecalc.importers.unreadable import Unreadable


@operation("Reshape")
def _reshape(call: LayerCall, *, newshape: Any = None, shape: Any = None) -> KerasValue:
    sizes = argument(call, "newshape", newshape if newshape is not None else shape)
    sizes = call.take("shape", sizes) if "shape" in call.keywords else sizes
    sizes = sizes if isinstance(sizes, list) else [sizes]
    sizes = [-1 if size is None else size for size in sizes]
    return reshaped(call, tensor_of(call), sizes)


@operation("Transpose", "Permute")
def _transpose(call: LayerCall, *, axes: Ints | None = None) -> KerasValue:
    x = call.ordered(tensor_of(call))
    given_axes = argument(call, "axes", axes)
    dims = list(range(x.rank))[::-1] if given_axes is None else call.axes(x, given_axes)
    if len(dims) != x.rank:
        raise Unreadable(f"`{call.name}` has {len(dims)} axes, and its tensor {x.rank}")
    return in_order(call.step("permute", x.value, dims=dims))


@operation("Swapaxes")
def _swapaxes(call: LayerCall, *, axis1: int, axis2: int) -> KerasValue:
    x = call.ordered(tensor_of(call))
    dims = list(range(x.rank))
    first, second = call.axis(x, axis1), call.axis(x, axis2)
    dims[first], dims[second] = second, first
    return in_order(call.step("permute", x.value, dims=dims))


@operation("Concatenate")
def _concatenate(call: LayerCall, *, axis: int = 0) -> KerasValue:
    tensors = flat(call.values[:1])
    if not tensors or not all(isinstance(each, KerasValue) for each in tensors):
        raise Unreadable(f"`{call.name}` is of other values than tensors")
    return concatenated(call, tensors, argument(call, "axis", axis))


@operation("Stack")
def _stack(call: LayerCall, *, axis: int = 0) -> KerasValue:
    tensors = flat(call.values[:1])
    if not tensors or not all(isinstance(each, KerasValue) for each in tensors):
        raise Unreadable(f"`{call.name}` is of other values than tensors")
    values = [call.ordered(each).value for each in tensors]
    return in_order(call.step("stack", *values, dim=argument(call, "axis", axis)))


@operation("Squeeze")
def _squeeze(call: LayerCall, *, axis: Ints | None = None) -> KerasValue:
    x = call.ordered(tensor_of(call))
    axis = argument(call, "axis", axis)
    axes = [at for at, size in enumerate(x.shape) if size == 1] if axis is None else call.axes(x, axis)
    return in_order(call.step("squeeze", x.value, dim=axes[0] if len(axes) == 1 else axes))


@operation("ExpandDims")
def _expand_dims(call: LayerCall, *, axis: Ints) -> KerasValue:
    x = call.ordered(tensor_of(call))
    axis = argument(call, "axis", axis)
    value = x.value
    for each in sorted(axis) if isinstance(axis, list) else [axis]:
        value = call.step("unsqueeze", value, dim=each)
    return in_order(value)


@operation("Matmul", "Dot")
def _matmul(call: LayerCall) -> KerasValue:
    first, second = pair(call)
    if not isinstance(first, KerasValue) or not isinstance(second, KerasValue):
        raise Unreadable(f"`{call.name}` is of a number")
    first, second = (call.ordered(call.floats(each)) for each in (first, second))
    if call.name == "Dot" and second.rank > 2:  # noqa: PLR2004 - a matrix
        raise Unreadable("`Dot` is of more than two axes")
    return in_order(call.step("matmul", first.value, second.value))


@operation("Einsum")
def _einsum(call: LayerCall, *, subscripts: str) -> KerasValue:
    tensors = [each for each in flat(call.values) if not isinstance(each, str)]
    if not all(isinstance(each, KerasValue) for each in tensors):
        raise Unreadable("`Einsum` is of other values than tensors")
    return in_order(call.step("einsum", *(call.ordered(call.floats(x)).value for x in tensors), equation=subscripts))


@operation("Split")
def _split(call: LayerCall, *, indices_or_sections: Any, axis: int = 0) -> Result:
    x = call.ordered(tensor_of(call))
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
    x = call.ordered(tensor_of(call))
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
    condition, *others = (operand(call, each) for each in call.values)
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
    x = tensor_of(call)
    return x._replace(value=call.step("repeat_interleave", x.value, repeats=repeats, dim=x.at(call.axis(x, axis))))


@operation("Tile")
def _tile(call: LayerCall, *, repeats: Ints) -> KerasValue:
    x = call.ordered(tensor_of(call))
    return in_order(call.step("tile", x.value, dims=[repeats] if isinstance(repeats, int) else repeats))


@operation("Flip")
def _flip(call: LayerCall, *, axis: Ints | None = None) -> KerasValue:
    x = tensor_of(call)
    return x._replace(value=call.step("flip", x.value, dims=[x.at(each) for each in call.axes(x, axis)]))


@operation("Roll")
def _roll(call: LayerCall, *, shift: int, axis: int) -> KerasValue:
    x = tensor_of(call)
    return x._replace(value=call.step("roll", x.value, shifts=shift, dims=x.at(call.axis(x, axis))))


@operation("BroadcastTo")
def _broadcast(call: LayerCall, *, shape: Any) -> KerasValue:
    x = call.ordered(tensor_of(call))
    sizes = [-1 if size is None else size for size in (shape if isinstance(shape, list) else [shape])]
    return in_order(call.step("expand", x.value, size=sizes))


@operation("Pad")
def _pad(call: LayerCall, *, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> KerasValue:
    x = call.floats(tensor_of(call))
    value = argument(call, "constant_values", constant_values)
    pairs = [pad_width] * x.rank if is_int(pad_width) else pad_width
    pairs = [[each, each] if is_int(each) else each for each in pairs] if isinstance(pairs, list) else []
    if len(pairs) != x.rank or mode != "constant" or not all(is_ints(each) and len(each) == 2 for each in pairs):  # noqa: PLR2004 - before and after
        raise Unreadable("`Pad` has other widths than a pair for each axis, or another mode than `constant`")
    if any(min(each) < 0 for each in pairs) or not (value is None or is_number(value)):
        raise Unreadable("`Pad` has widths below 0, or a value that is no number")
    return padded(call, x, {axis: tuple(each) for axis, each in enumerate(pairs)}, value=float(value or 0))


@operation("Normalize")
def _normalize(call: LayerCall, *, axis: Ints = -1, order: float = 2, epsilon: float | None = None) -> KerasValue:
    x = call.floats(tensor_of(call))
    axes = [x.at(each) for each in call.axes(x, axis)]
    dim = axes[0] if len(axes) == 1 else sorted(axes)
    return x._replace(value=call.step("normalize", x.value, dim=dim, p=float(order), eps=epsilon or 1e-7))


@operation("Argmax", "Cumsum")
def _along(call: LayerCall, *, axis: int, keepdims: bool = False, dtype: Any = None) -> KerasValue:
    del dtype
    x = call.ordered(tensor_of(call))
    if call.name == "Cumsum":
        return x._replace(value=call.step("cumsum", x.value, dim=call.axis(x, axis)))
    return in_order(call.step("argmax", x.value, dim=call.axis(x, axis), keepdim=keepdims))


@operation("Take")
def _take(call: LayerCall, *, axis: int) -> KerasValue:
    x, axis = call.ordered(tensor_of(call)), argument(call, "axis", axis, 2)
    index = call.values[1] if len(call.values) > 1 else call.take("indices")
    at = call.axis(x, axis)
    if isinstance(index, KerasValue) and index.value.dtype == INTEGER:
        return in_order(call.step("take", x.value, call.ordered(index).value, dim=at))
    if is_int(index):
        return in_order(call.step("select", x.value, dim=at, index=index))
    if not is_ints(index):
        raise Unreadable("`Take` has indices that are no numbers")
    return in_order(call.step("take", x.value, index=index, dim=at))
