"""Elementwise arithmetic on arrays that broadcast, and on the number `other`, which is the last operand."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.reference.base import Array, Call, constant, kernel, maximum, minimum, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


@kernel("add", workspace=outputs_times(0))
def add(call: Call, *arrays: Array) -> Array:
    """Return the elementwise sum.

    Raises `ValueError` if the shapes do not broadcast.
    Source: torch.add.
    """
    return combine(np.add, operands(call, arrays))


@backward("add")
def add_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient for each input, summed over its broadcast axes."""
    return to_inputs(ctx, [gradient] * len(ctx.inputs))


@kernel("subtract", workspace=outputs_times(0))
def subtract(call: Call, *arrays: Array) -> Array:
    """Return the first operand minus the second.

    Raises `ValueError` if the shapes do not broadcast.
    Source: torch.sub.
    """
    return combine(np.subtract, operands(call, arrays))


@backward("subtract")
def subtract_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient for the first operand, the negative one for the second."""
    return to_inputs(ctx, [-gradient if second else gradient for second in is_second(ctx)])


@kernel("multiply", workspace=outputs_times(0))
def multiply(call: Call, *arrays: Array) -> Array:
    """Return the elementwise product.

    Raises `ValueError` if the shapes do not broadcast.
    Source: torch.mul.
    """
    return combine(np.multiply, operands(call, arrays))


@backward("multiply")
def multiply_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each input the gradient times all other operands, summed over its broadcast axes.

    The product of the others is that of those before and those after, without division, since one may be 0.
    """
    number = ctx.call.fields.get("other")
    after: Any = 1 if number is None else np.asarray(constant(gradient, number), dtype=gradient.dtype)
    befores = accumulate(ctx.inputs[:-1], np.multiply, initial=gradient)
    gradients = []
    for x, before in zip(reversed(ctx.inputs), reversed([*befores]), strict=True):
        gradients.append(before * after)
        after = after * x
    return to_inputs(ctx, gradients[::-1])


@kernel("divide", workspace=outputs_times(0))
def divide(call: Call, *arrays: Array) -> Array:
    """Return the first operand divided by the second; of integers in float32.

    Raises `ValueError` if the shapes do not broadcast.
    Source: torch.div.
    """
    return combine(np.divide, operands(call, arrays, as_float=True))


@backward("divide")
def divide_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dY / b for the dividend, −dY · (a / b) / b for the divisor."""
    above, below = operands(ctx.call, ctx.inputs, as_float=True)
    return to_inputs(
        ctx, [-gradient * (above / below / below) if second else gradient / below for second in is_second(ctx)]
    )


@kernel("power", workspace=outputs_times(0))
def power(call: Call, *arrays: Array) -> Array:
    """Return the first operand to the power of the second.

    Raises `ValueError` if the shapes do not broadcast, and for a negative exponent of an integer.
    Source: torch.pow.
    """
    return combine(np.power, operands(call, arrays))


@backward("power")
def power_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return b · a^(b − 1) · dY for the base, a^b · log(a) · dY for the exponent.

    The first is 0 if b is 0, the second if a is 0 and b is not negative.
    """
    base, exponent = operands(ctx.call, ctx.inputs)
    zero = constant(gradient, 0)
    gradients = []
    for second in is_second(ctx):
        with np.errstate(all="ignore"):  # what is neither finite nor real is discarded, or is in the values too
            if second:
                slope = np.where((base == 0) & (exponent >= 0), zero, ctx.outputs[0] * np.log(base))
            else:
                slope = np.where(exponent == 0, zero, exponent * base ** (exponent - 1))
        gradients.append(gradient * slope)
    return to_inputs(ctx, gradients)


@kernel("maximum", workspace=outputs_times(1))
def greatest(call: Call, *arrays: Array) -> Array:
    """Return the elementwise maximum.

    Raises `ValueError` if the shapes do not broadcast.
    Source: torch.maximum.
    """
    return combine(maximum, operands(call, arrays))


@kernel("minimum", workspace=outputs_times(1))
def least(call: Call, *arrays: Array) -> Array:
    """Return the elementwise minimum.

    Raises `ValueError` if the shapes do not broadcast.
    Source: torch.minimum.
    """
    return combine(lambda x, y, out: np.copyto(out, minimum(x, y)), operands(call, arrays))


@backward("maximum")
def greatest_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient for the greater operand, half of it for each of two equal inputs."""
    return chosen_backward(ctx, gradient, maximum, np.greater)


@backward("minimum")
def least_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient for the smaller operand, half of it for each of two equal inputs."""
    return chosen_backward(ctx, gradient, minimum, np.less)


def chosen_backward(
    ctx: Context, gradient: Array, choose: Callable[[Array, Array], Array], wins: Callable[[Any, Any], Array]
) -> Gradients:
    """Return the gradients of a chain of choices between two operands, the last choice first.

    An input that equals the number has the whole gradient, as in torch.clamp.
    """
    chosen = [*accumulate(ctx.inputs, choose)]
    number = ctx.call.fields.get("other")
    if number is not None:
        loses = wins(constant(chosen[-1], number), chosen[-1])
        gradient = np.where(loses, constant(gradient, 0), gradient)
    gradients = []
    for x, before in zip(ctx.inputs[:0:-1], chosen[-2::-1], strict=True):
        halved = np.where(x == before, gradient / 2, gradient)
        gradients.append(np.where(wins(before, x), constant(gradient, 0), halved))
        gradient = sum_to_shape(np.where(wins(x, before), constant(gradient, 0), halved), before.shape)
    return to_inputs(ctx, [gradient, *reversed(gradients)])


def operands(call: Call, arrays: Sequence[Array], *, as_float: bool = False) -> list[Array]:
    """Return the inputs and the number in one dtype, the last one first with `reverse`.

    Integers remain integers among themselves; with floating-point numbers they become these.
    """
    number = call.fields.get("other")
    floating = [x.dtype for x in arrays if x.dtype.kind not in "iub"]
    if floating:
        dtype = np.result_type(*floating)
    else:
        dtype = np.dtype(np.float32 if as_float or isinstance(number, float) else np.int64)
    operands = [x.astype(dtype, copy=False) for x in arrays]
    if number is not None:
        operands.append(np.asarray(constant(operands[0], number), dtype=dtype))
    return operands[::-1] if call.fields.get("reverse") else operands


def is_second(ctx: Context) -> list[bool]:
    """Return for each input whether it is the second of two operands."""
    return [bool(index) != bool(ctx.call.fields.get("reverse")) for index in range(len(ctx.inputs))]


def to_inputs(ctx: Context, gradients: Iterable[Array]) -> Gradients:
    """Return the gradient of each input, summed over its broadcast axes; none for integers."""
    pairs = zip(ctx.inputs, gradients, strict=True)
    return Gradients(tuple(None if x.dtype.kind in "iub" else sum_to_shape(dx, x.shape) for x, dx in pairs))


def combine(operate: Callable[..., Any], arrays: Sequence[Array]) -> Array:
    """Return arrays combined, one after another, into a broadcast copy of the first: one operation per output each."""
    first, *others = arrays
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    onto = np.broadcast_to(first, shape).astype(first.dtype, order="C")
    for x in others:
        operate(onto, x, out=onto)
    return onto


def sum_to_shape(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Return the sum of a gradient over the axes along which an array of that shape was broadcast."""
    extra = gradient.ndim - len(shape)
    stretched = [extra + axis for axis, size in enumerate(shape) if size == 1 != gradient.shape[extra + axis]]
    if not extra and not stretched:
        return gradient
    summed: Array = gradient.sum(axis=(*range(extra), *stretched), keepdims=True)
    return summed.reshape(shape)
