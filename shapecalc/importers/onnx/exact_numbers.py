"""Exact arithmetic of numbers that are known while an ONNX model is read, which may be sizes that depend on symbols."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.dims import Expr, exact_quotient, floor_div, greatest, least, pretty
from shapecalc.importers.onnx.tensors import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.importers.onnx.tensors import Array

MOST = 1 << 20
"""The most elements of a result that is made of few, such as of `Range`."""


class UndecidedError(Exception):
    """Raised if a result depends on the values of symbols in a way that no expression has."""


def normal(array: Any) -> Array:
    """Return an array in one of our dtypes, with Python objects as elements only if a symbol is among them."""
    made: Array = np.asarray(array)
    if made.dtype.kind != "O":
        return plain(made)
    kinds = {type(each) for each in made.ravel()}
    if Expr in kinds or Scaled in kinds:
        return made
    if kinds <= {bool, np.bool_} and kinds:
        return made.astype(bool)
    return made.astype(np.float32 if float in kinds else np.int64)


def scalar(value: Any) -> Array:
    """Return an array without axes that has a Python object as its element."""
    array = np.empty((), dtype=object)
    array[()] = value
    return array


class Scaled:
    """A size times a fraction, as the floats of a scaled size: an integer of it only after rounding."""

    __slots__ = ("dim", "factor")

    def __init__(self, dim: Any, factor: Fraction) -> None:
        self.dim = dim
        self.factor = factor

    def floor(self) -> Any:
        """Return the greatest integer that is not above it."""
        return floor_div(self.dim * self.factor.numerator, self.factor.denominator)


def _fraction(value: Any) -> Fraction:
    return Fraction(float(value)).limit_denominator(1 << 12) if not isinstance(value, Fraction) else value


def _scaled(dim: Any, factor: Fraction) -> Any:
    return dim * factor.numerator if factor.denominator == 1 else Scaled(dim, factor)


def add(a: Any, b: Any) -> Any:
    """Return the sum of two sizes or numbers."""
    return _exactly(a) + _exactly(b)


def subtract(a: Any, b: Any) -> Any:
    """Return the difference of two sizes or numbers."""
    return _exactly(a) - _exactly(b)


def multiply(a: Any, b: Any) -> Any:
    """Return the product of two sizes or numbers."""
    if isinstance(b, (Expr, Scaled)) and not isinstance(a, (Expr, Scaled)):
        a, b = b, a
    if isinstance(a, Scaled) and not isinstance(b, (Expr, Scaled)):
        return _scaled(a.dim, a.factor * _fraction(b))
    if isinstance(a, Expr) and isinstance(b, float):
        return _scaled(a, _fraction(b))
    return _exactly(a) * _exactly(b)


def divide(a: Any, b: Any) -> Any:
    """Return the quotient of two sizes or numbers; of integers without the fraction."""
    if isinstance(b, float) or isinstance(a, (float, Scaled)):
        if isinstance(a, Expr):
            return _scaled(a, 1 / _fraction(b))
        if isinstance(a, Scaled) and not isinstance(b, (Expr, Scaled)):
            return _scaled(a.dim, a.factor / _fraction(b))
        return float(a) / float(b)
    a, b = _exactly(a), _exactly(b)
    exact = exact_quotient(a, b)
    if exact is not None:
        return exact
    low = least(a)
    if isinstance(b, int) and b > 0 and low is not None and low >= 0:
        return floor_div(a, b)
    raise UndecidedError(f"{_text(a)} divided by {_text(b)} has no expression")


def modulo(a: Any, b: Any) -> Any:
    """Return the remainder, which has the sign of the divisor."""
    a, b = _exactly(a), _exactly(b)
    if exact_quotient(a, b) is not None:
        return 0
    if isinstance(b, int) and b > 0:
        return a - floor_div(a, b) * b
    raise UndecidedError(f"the remainder of {_text(a)} by {_text(b)} has no expression")


def _exactly(value: Any) -> Any:
    if isinstance(value, Scaled):
        raise UndecidedError(f"{_text(value.dim)} times {value.factor} is no integer")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _sign(a: Any, b: Any) -> int | None:
    """Return the sign of a − b; None if it depends on symbols."""
    difference = subtract(a, b)
    low, high = (least(difference), greatest(difference)) if isinstance(difference, Expr) else (difference, difference)
    if low is not None and high is not None and low == high == 0:
        return 0
    if low is not None and low > 0:
        return 1
    return -1 if high is not None and high < 0 else None


def compared(name: str, signs: set[int]) -> Callable[[Any, Any], bool]:
    """Return a comparison, which is true for some signs of the difference; `name` words it in messages."""

    def compare(a: Any, b: Any) -> bool:
        sign = _sign(a, b)
        if sign is None:
            bounds = _possible(a, b)
            if bounds <= signs:
                return True
            if not bounds & signs:
                return False
            raise UndecidedError(f"whether {_text(a)} {name} {_text(b)} depends on the symbols")
        return sign in signs

    return compare


def _possible(a: Any, b: Any) -> set[int]:
    difference = subtract(a, b)
    low, high = least(difference), greatest(difference)
    signs = {-1, 0, 1}
    if low is not None and low >= 0:
        signs.discard(-1)
    if high is not None and high <= 0:
        signs.discard(1)
    return signs


def extreme(sign: int) -> Callable[[Any, Any], Any]:
    """Return the function that gives the greater (1) or the smaller (−1) of two."""

    def choose(a: Any, b: Any) -> Any:
        possible = _possible(a, b) if isinstance(subtract(a, b), Expr) else {_sign(a, b)}
        if possible <= {0, sign}:
            return a
        if possible <= {0, -sign}:
            return b
        raise UndecidedError(f"which of {_text(a)} and {_text(b)} is greater depends on the symbols")

    return choose


def _text(value: Any) -> str:
    return pretty(value) if isinstance(value, (int, Expr)) else str(value)


def floor(value: Any) -> Any:
    """Return a size rounded down to an integer."""
    return value.floor() if isinstance(value, Scaled) else value


def ceil(value: Any) -> Any:
    """Return a size rounded up to an integer."""
    return -Scaled(-value.dim, value.factor).floor() if isinstance(value, Scaled) else value


def quotient(a: Array, b: Array) -> Array:
    """Return the quotient, of integers rounded toward 0."""
    if a.dtype.kind == "i" and b.dtype.kind == "i":
        if (b == 0).any():
            raise ZeroDivisionError("division by 0")
        return np.asarray(np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b)))
    with np.errstate(all="ignore"):
        return np.asarray(np.divide(a, b))


def power(a: Array, b: Array) -> Array:
    """Return a power, in the dtype of the base."""
    with np.errstate(all="ignore"):
        return np.asarray(np.power(a.astype(np.float64), b), dtype=a.dtype)


def pairwise(numbers: Callable[..., Any], sizes: Callable[[Any, Any], Any] | None = None) -> Callable[..., Array]:
    """Return an operator of two arrays that broadcast: one function for numbers, one for sizes of symbols."""

    def function(*arrays: Array, **_: Any) -> Array:
        result = arrays[0]
        for other in arrays[1:]:
            if result.dtype.kind == "O" or other.dtype.kind == "O":
                if sizes is None:
                    raise UndecidedError("it has no expression over symbols")
                pair = np.frompyfunc(sizes, 2, 1)(result.astype(object), other.astype(object))
                result = pair if isinstance(pair, np.ndarray) else scalar(pair)
            else:
                with np.errstate(all="ignore"):
                    result = np.asarray(numbers(result, other))
        return result

    return function


def single(numbers: Callable[[Array], Any], sizes: Callable[[Any], Any] | None = None) -> Callable[..., Array]:
    """Return an operator of one array: one function for numbers, one for sizes of symbols."""

    def function(array: Array, **_: Any) -> Array:
        if array.dtype.kind != "O":
            with np.errstate(all="ignore"):
                made: Array = np.asarray(numbers(array))
                return made
        if sizes is None:
            raise UndecidedError("it has no expression over symbols")
        result = np.frompyfunc(sizes, 1, 1)(array)
        return result if isinstance(result, np.ndarray) else scalar(result)

    return function
