"""Sums, products, and other arithmetic of elements, and products of matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shapecalc.importers.graph import Value
from shapecalc.importers.torch_export.operands import Complex, Derived, FileTensor, is_array
from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.torch_export.operators.convolution import weights_of
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.importers.torch_export.steps import Steps

RAW = ("x", "other")


def merged(to: Steps, type_: str, first: Any, second: Any, *, floats: bool = False) -> Value:
    """Return an operation on two operands, of which a number, or a constant that is one everywhere, is a field."""
    left, right = finite(to, first), finite(to, second)
    if right is not None and _keeps(first, second):
        x = to.numeric(to.value(first))
        return to.step(type_, x, other=_number(right, x, floats or type_ == "divide"))
    if left is not None and _keeps(second, first):
        x = to.numeric(to.value(second))
        other = _number(left, x, floats or type_ == "divide")
        turned: dict[str, Any] = {"reverse": True} if type_ in {"subtract", "divide", "power"} else {}
        return to.step(type_, x, other=other, **turned)
    return to.step(type_, to.numeric(to.value(first)), to.numeric(to.value(second)))


def finite(to: Steps, operand: Any) -> float | None:
    """Return the number that an operand is, if a field can have it."""
    number = to.number(operand)
    return number if number is not None and math.isfinite(number) else None


def _keeps(x: Any, other: Any) -> bool:
    """Return whether a tensor has the shape of its merge with another."""
    shape = tuple(getattr(other, "shape", ()))
    own = tuple(x.shape) if hasattr(x, "shape") else None
    if own is None or len(shape) > len(own):
        return False
    return all(size in (1, before) for size, before in zip(reversed(shape), reversed(own), strict=False))


def _number(number: float, x: Value, floats: bool) -> float:
    integral = x.dtype == "int64" and not floats and float(number).is_integer()
    return int(number) if integral else float(number)


def _times(to: Steps, x: Any, alpha: float) -> Any:
    return x if alpha == 1 else merged(to, "multiply", x, alpha)


@operator("add", raw=RAW)
def add(to: Steps, x: Any, other: Any, alpha: float = 1) -> Any:
    """A sum."""
    if isinstance(x, Complex) or isinstance(other, Complex):
        return _of_complex(to, x, other, "add")
    return merged(to, "add", x, _times(to, other, alpha))


@operator("sub", "subtract", raw=RAW)
def subtract(to: Steps, x: Any, other: Any, alpha: float = 1) -> Any:
    """A difference."""
    if isinstance(x, Complex) or isinstance(other, Complex):
        return _of_complex(to, x, other, "subtract")
    return merged(to, "subtract", x, _times(to, other, alpha))


@operator("rsub", raw=RAW)
def subtract_from(to: Steps, x: Any, other: Any, alpha: float = 1) -> Value:
    """A difference whose operands are in the other order."""
    return merged(to, "subtract", other, _times(to, x, alpha))


def _of_complex(to: Steps, x: Any, other: Any, type_: str) -> Complex:
    (a, b), (c, d) = parts(to, x), parts(to, other)
    return Complex(to.step(type_, a, c), to.step(type_, b, d))


def parts(to: Steps, operand: Any) -> tuple[Value, Value]:
    """Return the real and the imaginary part of an operand."""
    if isinstance(operand, Complex):
        return operand.real, operand.imaginary
    operand = to.array(operand)
    if is_array(operand) and operand.dtype.kind == "c":
        return to.value(operand.real.copy()), to.value(operand.imag.copy())
    raise Unreadable("complex numbers with others")


@operator("mul", "multiply", raw=RAW)
def multiply(to: Steps, x: Any, other: Any) -> Any:
    """A product; of flags, whether both are true; of complex numbers (ac − bd) + (ad + bc)i."""
    if isinstance(x, Complex) or isinstance(other, Complex):
        factor, number = (x, other) if isinstance(x, Complex) else (other, x)
        if isinstance(number, (int, float)):
            return Complex(*(merged(to, "multiply", part, number) for part in factor))
        if isinstance(number, Value):
            return Complex(*(to.step("multiply", part, number) for part in factor))
        (a, b), (c, d) = parts(to, x), parts(to, other)
        real = to.step("subtract", to.step("multiply", a, c), to.step("multiply", b, d))
        return Complex(real, to.step("add", to.step("multiply", a, d), to.step("multiply", b, c)))
    if to.meta is not None and to.meta.dtype == "bool":
        return to.step("logical_and", to.value(x), to.value(other))
    return merged(to, "multiply", x, other)


@operator("div", "divide", "true_divide", raw=RAW)
def divide(to: Steps, x: Any, other: Any, rounding_mode: str | None = None) -> Value:
    """A quotient, which may be rounded."""
    quotient = merged(to, "divide", x, other)
    if rounding_mode is None:
        return quotient
    return to.step("floor", quotient) if rounding_mode == "floor" else to.step("cast", quotient, dtype="int64")


@operator("floor_divide", raw=RAW)
def floor_divide(to: Steps, x: Any, other: Any) -> Value:
    """A quotient that is rounded down."""
    return divide(to, x, other, "floor")


@operator("remainder", "fmod", raw=RAW)
def remainder(to: Steps, x: Any, other: Any) -> Value:
    """What is left of a division that is rounded down."""
    quotient = floor_divide(to, x, other)
    return merged(to, "subtract", x, merged(to, "multiply", quotient, other))


@operator("pow", raw=("x", "exponent"))
def power(to: Steps, x: Any, exponent: Any) -> Value:
    """A power."""
    if to.number(exponent) == 2 and isinstance(x, (Value, FileTensor, Derived)):  # noqa: PLR2004 - a square
        return to.step("square", to.value(x))
    return merged(to, "power", x, exponent)


@operator("exp2")
def power_of_two(to: Steps, x: Value) -> Value:
    """A power of 2."""
    return to.step("power", to.floating(x), other=2.0, reverse=True)


@operator("maximum", "max.other", raw=RAW)
def maximum(to: Steps, x: Any, other: Any) -> Value:
    """The greater of two."""
    return merged(to, "maximum", x, other)


@operator("minimum", "min.other", raw=RAW)
def minimum(to: Steps, x: Any, other: Any) -> Value:
    """The smaller of two."""
    return merged(to, "minimum", x, other)


@operator("clamp", "clip", "clamp_min", "clamp_max", raw=("min", "max"))
def clamp(to: Steps, x: Value, min: Any = None, max: Any = None) -> Value:  # noqa: A002
    """Bounds, which may be tensors."""
    bounds = {"min": min, "max": max}
    numbers = {key: finite(to, bound) for key, bound in bounds.items() if bound is not None}
    if None in numbers.values():
        for type_, bound in (("maximum", min), ("minimum", max)):
            x = x if bound is None else merged(to, type_, x, bound)
        return x
    given: dict[str, Any] = {
        key: _number(number, x, floats=False) for key, number in numbers.items() if number is not None
    }
    return to.step("clamp", to.numeric(x), **given)


@operator("addcmul")
def addcmul(to: Steps, x: Value, tensor1: Value, tensor2: Value, value: float = 1) -> Value:
    """A product that is added."""
    return to.step("add", x, _times(to, to.step("multiply", tensor1, tensor2), value))


@operator("addcdiv")
def addcdiv(to: Steps, x: Value, tensor1: Value, tensor2: Value, value: float = 1) -> Value:
    """A quotient that is added."""
    return to.step("add", x, _times(to, to.step("divide", tensor1, tensor2), value))


@operator("lerp", raw=("weight",))
def lerp(to: Steps, x: Value, end: Value, weight: Any) -> Value:
    """A mean of two values with a weight."""
    return to.step("add", x, merged(to, "multiply", to.step("subtract", end, x), weight))


@operator("linear", raw=("weight", "bias"))
def linear(to: Steps, x: Value, weight: Any, bias: Any = None) -> Value:
    """A fully connected layer; one whose weight is computed is a product of matrices."""
    try:
        fields, tensors = weights_of(to, weight, bias)
    except Unreadable:
        product = to.step("matmul", _at_least_2d(to, x), to.value(weight), transpose_b=True)
        product = product if x.rank > 1 else to.step("squeeze", product, dim=0)
        return product if bias is None else to.step("add", product, to.value(bias))
    result = to.step("linear", x, out_features=weight.shape[0], bias="bias" in tensors, tensors=tensors, **fields)
    return result if bias is None or "bias" in tensors else to.step("add", result, to.value(bias))


def _at_least_2d(to: Steps, x: Value) -> Value:
    return to.step("unsqueeze", x, dim=0) if x.rank == 1 else x


@operator("addmm", raw=("x", "mat2"))
def addmm(to: Steps, x: Any, mat1: Value, mat2: Any, beta: float = 1, alpha: float = 1) -> Value:
    """A product of matrices that is added: a fully connected layer if one is a parameter, or the transpose of one."""
    turned = isinstance(mat2, Derived) and mat2.operator in {"aten.t", "aten.transpose", "aten.permute"}
    if turned and isinstance(mat2["x"], FileTensor) and isinstance(x, FileTensor) and (alpha, beta) == (1, 1):
        return linear(to, mat1, mat2["x"], x)
    if isinstance(mat2, FileTensor) and isinstance(x, FileTensor) and (alpha, beta) == (1, 1) and len(x.shape) == 1:
        stored = to.weight(mat2)
        tensors = {
            "weight": stored._replace(shape=stored.shape[::-1], convert=lambda array: array.T, how="transposed"),
            "bias": to.weight(x),
        }
        return to.step("linear", mat1, out_features=stored.shape[1], tensors=tensors)
    product = _times(to, to.step("matmul", mat1, to.value(mat2)), alpha)
    return product if beta == 0 else to.step("add", product, to.value(_times(to, x, beta)))


@operator("baddbmm")
def baddbmm(to: Steps, x: Value, batch1: Value, batch2: Value, beta: float = 1, alpha: float = 1) -> Value:
    """Products of matrices that are added."""
    product = _times(to, to.step("matmul", batch1, batch2), alpha)
    return product if beta == 0 else to.step("add", product, _times(to, x, beta))


@operator("matmul", "bmm", "mm", "mv", "dot")
def matmul(to: Steps, x: Value, other: Value | None = None, mat2: Value | None = None, **kwargs: Any) -> Value:
    """A product of matrices; a vector is a matrix of one row or one column."""
    other = next(each for each in (other, mat2, *kwargs.values()) if each is not None)
    first = _at_least_2d(to, x)
    second = to.step("unsqueeze", other, dim=1) if other.rank == 1 else other
    result = to.step("matmul", to.floating(first), to.floating(second))
    if other.rank == 1:
        result = to.step("squeeze", result, dim=-1)
    return to.step("squeeze", result, dim=-1 if other.rank == 1 else -2) if x.rank == 1 else result


@operator("outer", "ger")
def outer(to: Steps, x: Value, vec2: Value) -> Value:
    """All products of the elements of two vectors."""
    return to.step("multiply", to.step("unsqueeze", x, dim=1), vec2)


@operator("einsum")
def einsum(to: Steps, equation: str, tensors: Sequence[Value], path: Any = None) -> Value:
    """A sum of products by an equation."""
    del path
    equation = equation.replace(" ", "")
    if "->" not in equation:
        letters = "".join(sorted(each for each in set(equation) if each.isalpha() and equation.count(each) == 1))
        equation += f"->{letters}"
    return to.step("einsum", *map(to.floating, tensors), equation=equation)
