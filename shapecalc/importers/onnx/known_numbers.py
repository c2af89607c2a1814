"""Operators of ONNX on numbers that are known while reading, which may be sizes that depend on symbols."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.dims import Expr, exact_quotient, floor_div, greatest, least, pretty
from shapecalc.importers.onnx.tensors import dtype_of, plain

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


def _compared(name: str, signs: set[int]) -> Callable[[Any, Any], bool]:
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


def _extreme(sign: int) -> Callable[[Any, Any], Any]:
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


def _floor(value: Any) -> Any:
    return value.floor() if isinstance(value, Scaled) else value


def _ceil(value: Any) -> Any:
    return -Scaled(-value.dim, value.factor).floor() if isinstance(value, Scaled) else value


def _quotient(a: Array, b: Array) -> Array:
    if a.dtype.kind == "i" and b.dtype.kind == "i":
        if (b == 0).any():
            raise ZeroDivisionError("division by 0")
        truncated: Array = np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b))
        return truncated
    with np.errstate(all="ignore"):
        return np.asarray(np.divide(a, b))


def _power(a: Array, b: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(np.power(a.astype(np.float64), b), dtype=a.dtype)


def _pairwise(numbers: Callable[..., Any], sizes: Callable[[Any, Any], Any] | None = None) -> Callable[..., Array]:
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


def _single(numbers: Callable[[Array], Any], sizes: Callable[[Any], Any] | None = None) -> Callable[..., Array]:
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


def cast(array: Array, *, to: int, **_: Any) -> Array:
    """Return the array in another dtype; a size of symbols as a float is the same size."""
    dtype = dtype_of(to)
    if array.dtype.kind == "O":
        if dtype == "bool":
            return _pairwise(np.not_equal, _compared("is not", {-1, 1}))(array, np.zeros((), np.int64))
        return _single(np.floor, _floor)(array) if dtype == "int64" else array
    return array.astype({"float32": np.float32, "int64": np.int64, "bool": np.bool_}[dtype])


def gather(array: Array, index: Array, *, axis: int = 0) -> Array:
    """Return the entries of an axis at indices."""
    return np.asarray(np.take(array, index.astype(np.int64), axis=axis))


def gather_elements(array: Array, index: Array, *, axis: int = 0) -> Array:
    """Return the element of each index along an axis."""
    return np.take_along_axis(array, np.where(index < 0, index + array.shape[axis], index), axis)


def gather_nd(array: Array, index: Array, *, batch_dims: int = 0) -> Array:
    """Return the entries at rows of indices."""
    if batch_dims:
        raise UndecidedError("`batch_dims` of known numbers is not supported")
    return np.asarray(array[tuple(np.moveaxis(index, -1, 0))])


def concat(*arrays: Array, axis: int = 0) -> Array:
    """Return the arrays joined along an axis."""
    return np.concatenate([np.asarray(array, dtype=_common(arrays)) for array in arrays], axis)


def _common(arrays: tuple[Array, ...]) -> Any:
    return object if any(array.dtype.kind == "O" for array in arrays) else arrays[0].dtype


def slice_(
    array: Array,
    starts: Array | None = None,
    ends: Array | None = None,
    axes: Array | None = None,
    steps: Array | None = None,
    **attributes: Any,
) -> Array:
    """Return a part of each axis; in old versions the bounds are attributes."""
    first, last, along, by = (
        given if given is not None else attributes.get(key)
        for key, given in (("starts", starts), ("ends", ends), ("axes", axes), ("steps", steps))
    )
    if first is None or last is None:
        raise ValueError("it has no bounds")
    count = len(first)
    along = range(count) if along is None else along
    by = [1] * count if by is None else by
    where = [slice(None)] * array.ndim
    for start, end, axis, step in zip(first, last, along, by, strict=True):
        if isinstance(start, Expr) or isinstance(end, Expr):
            raise UndecidedError("a part of known numbers whose length depends on symbols")
        low = max(int(start), -(1 << 40))
        to_start = int(step) < 0 and int(end) < -array.shape[int(axis)]
        where[int(axis)] = slice(low, None if to_start else int(end), int(step))
    return array[tuple(where)]


def squeeze(array: Array, axes: Array | None = None, **attributes: Any) -> Array:
    """Return the array without axes of size 1."""
    given = attributes.get("axes") if axes is None else axes
    return array.squeeze(None if given is None else tuple(int(axis) for axis in given))


def unsqueeze(array: Array, axes: Array | None = None, **attributes: Any) -> Array:
    """Return the array with axes of size 1."""
    given = attributes.get("axes", ()) if axes is None else axes
    return np.expand_dims(array, tuple(int(axis) for axis in given))


def reshape(array: Array, shape: Array | None = None, *, allowzero: int = 0, **attributes: Any) -> Array:
    """Return the elements in another shape."""
    sizes = [int(size) for size in (attributes.get("shape", ()) if shape is None else shape)]
    if not allowzero:
        sizes = [array.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    return array.reshape(sizes)


def transpose(array: Array, *, perm: list[int] | None = None) -> Array:
    """Return the array with permuted axes."""
    return array.transpose(perm)


def expand(array: Array, shape: Array) -> Array:
    """Return the array broadcast to a shape."""
    if shape.dtype.kind == "O":
        raise UndecidedError("known numbers are expanded to a size that depends on symbols")
    size = np.broadcast_shapes(array.shape, tuple(int(each) for each in shape))
    _refuse_large(size)
    return np.broadcast_to(array, size)


def _refuse_large(sizes: Any) -> None:
    count = 1
    for size in sizes:
        count *= int(size)
    if count > MOST:
        raise UndecidedError(f"{count:,} known numbers are too many")


def tile(array: Array, repeats: Array) -> Array:
    """Return the array repeated along its axes."""
    _refuse_large([*repeats, array.size])
    return np.tile(array, [int(each) for each in repeats])


def range_(start: Array, limit: Array, delta: Array) -> Array:
    """Return the numbers from one to before another."""
    first, last, by = (each.ravel()[0] for each in (start, limit, delta))
    _refuse_large([max(0, int(-(-(last - first) // by)))])
    return np.arange(first, last, by)


def where(condition: Array, x: Array, y: Array) -> Array:
    """Return elements by a condition."""
    return np.where(condition.astype(bool), *(np.asarray(each, dtype=_common((x, y))) for each in (x, y)))


def split(array: Array, sizes: Array | None = None, *, axis: int = 0, num_outputs: int = 0, **old: Any) -> list[Array]:
    """Return the parts of an axis."""
    given = [int(each) for each in sizes] if sizes is not None else old.get("split")
    if given is None:
        if not num_outputs:
            raise ValueError("it has no sizes")
        part = -(-array.shape[axis] // num_outputs)
        given = [min(part, array.shape[axis] - part * place) for place in range(num_outputs)]
    return np.split(array, np.cumsum(given)[:-1], axis)


def _reduction(name: str, function: Callable[[Any, Any], Any]) -> Callable[..., Array]:
    def reduce(
        array: Array, axes: Array | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0, **old: Any
    ) -> Array:
        given = old.get("axes") if axes is None else [int(axis) for axis in axes]
        if not given and noop_with_empty_axes:
            return array
        along = tuple(given) if given else None
        if array.dtype.kind != "O":
            return np.asarray(getattr(np, name)(array, axis=along, keepdims=bool(keepdims)))
        if array.ndim > 1 and along is not None:
            raise UndecidedError("sizes of symbols are reduced only in one row")
        total: Any = array.ravel()[0]
        for each in array.ravel()[1:]:
            total = function(total, each)
        return scalar(total).reshape([1] * array.ndim if keepdims else [])

    return reduce


def scatter_nd(array: Array, index: Array, updates: Array, *, reduction: str = "none") -> Array:
    """Return the array with updates at rows of indices."""
    if reduction != "none":
        raise UndecidedError(f"`reduction: {reduction}` of known numbers is not supported")
    result = np.array(array, dtype=_common((array, updates)))
    result[tuple(np.moveaxis(index, -1, 0))] = updates
    return result


def trilu(array: Array, k: Array | None = None, *, upper: int = 1) -> Array:
    """Return the upper or lower triangle."""
    return (np.triu if upper else np.tril)(array, int(k.ravel()[0]) if k is not None else 0)


def cumsum(array: Array, axis: Array, *, exclusive: int = 0, reverse: int = 0) -> Array:
    """Return the sums from the start along an axis."""
    if exclusive or reverse or array.dtype.kind == "O":
        raise UndecidedError("sums of sizes, or in another order, are not supported")
    return np.cumsum(array, int(axis.ravel()[0]))


def clip(array: Array, low: Array | None = None, high: Array | None = None, **old: Any) -> Array:
    """Return the numbers limited to bounds."""
    if low is None and high is None and not old:
        return array
    return np.clip(array, old.get("min") if low is None else low, old.get("max") if high is None else high)


def nonzero(array: Array) -> Array:
    """Return the indices of the elements that are not 0."""
    return np.array(np.nonzero(array if array.ndim else array.reshape(1)), dtype=np.int64)


def eye_like(array: Array, *, k: int = 0, dtype: int = 1) -> Array:
    """Return a matrix of ones on a diagonal."""
    rows, columns = array.shape
    return np.eye(rows, columns, k).astype(
        {"float32": np.float32, "int64": np.int64, "bool": np.bool_}[dtype_of(dtype)]
    )


def _modulo(a: Array, b: Array, *, fmod: int = 0) -> Array:
    """Return the remainder: that of C with `fmod`, else that with the sign of the divisor."""
    return _pairwise(np.fmod if fmod else np.mod, None if fmod else modulo)(a, b)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Abs": _single(np.abs, lambda x: x),
    "Add": _pairwise(np.add, add),
    "And": _pairwise(np.logical_and),
    "Cast": cast,
    "Ceil": _single(np.ceil, _ceil),
    "Clip": clip,
    "Concat": concat,
    "Cos": _single(np.cos),
    "CumSum": cumsum,
    "Div": _pairwise(_quotient, divide),
    "Equal": _pairwise(np.equal, _compared("is", {0})),
    "Exp": _single(np.exp),
    "Expand": expand,
    "EyeLike": eye_like,
    "Floor": _single(np.floor, _floor),
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "Greater": _pairwise(np.greater, _compared("is greater than", {1})),
    "GreaterOrEqual": _pairwise(np.greater_equal, _compared("is at least", {0, 1})),
    "Less": _pairwise(np.less, _compared("is less than", {-1})),
    "LessOrEqual": _pairwise(np.less_equal, _compared("is at most", {-1, 0})),
    "Log": _single(np.log),
    "Max": _pairwise(np.maximum, _extreme(1)),
    "Min": _pairwise(np.minimum, _extreme(-1)),
    "Mod": _modulo,
    "Mul": _pairwise(np.multiply, multiply),
    "Neg": _single(np.negative, lambda x: -x),
    "NonZero": nonzero,
    "Not": _single(np.logical_not),
    "Or": _pairwise(np.logical_or),
    "Pow": _pairwise(_power),
    "Range": range_,
    "Reciprocal": _single(np.reciprocal),
    "ReduceMax": _reduction("max", _extreme(1)),
    "ReduceMin": _reduction("min", _extreme(-1)),
    "ReduceProd": _reduction("prod", multiply),
    "ReduceSum": _reduction("sum", add),
    "Reshape": reshape,
    "Round": _single(np.round),
    "ScatterND": scatter_nd,
    "Sin": _single(np.sin),
    "Slice": slice_,
    "Split": split,
    "Sqrt": _single(np.sqrt),
    "Squeeze": squeeze,
    "Sub": _pairwise(np.subtract, subtract),
    "Tile": tile,
    "Transpose": transpose,
    "Trilu": trilu,
    "Unsqueeze": unsqueeze,
    "Where": where,
}
