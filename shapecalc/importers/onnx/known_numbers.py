"""Operators of ONNX on numbers that are known while reading, which may be sizes that depend on symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.dims import Expr
from shapecalc.importers.onnx.exact_numbers import (
    MOST,
    UndecidedError,
    add,
    ceil,
    compared,
    divide,
    extreme,
    floor,
    modulo,
    multiply,
    pairwise,
    power,
    quotient,
    scalar,
    single,
    subtract,
)
from shapecalc.importers.onnx.tensors import dtype_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.importers.onnx.tensors import Array


def cast(array: Array, *, to: int, **_: Any) -> Array:
    """Return the array in another dtype; a size of symbols as a float is the same size."""
    dtype = dtype_of(to)
    if array.dtype.kind == "O":
        if dtype == "bool":
            return pairwise(np.not_equal, compared("is not", {-1, 1}))(array, np.zeros((), np.int64))
        return single(np.floor, floor)(array) if dtype == "int64" else array
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
    return pairwise(np.fmod if fmod else np.mod, None if fmod else modulo)(a, b)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Abs": single(np.abs, lambda x: x),
    "Add": pairwise(np.add, add),
    "And": pairwise(np.logical_and),
    "Cast": cast,
    "Ceil": single(np.ceil, ceil),
    "Clip": clip,
    "Concat": concat,
    "Cos": single(np.cos),
    "CumSum": cumsum,
    "Div": pairwise(quotient, divide),
    "Equal": pairwise(np.equal, compared("is", {0})),
    "Exp": single(np.exp),
    "Expand": expand,
    "EyeLike": eye_like,
    "Floor": single(np.floor, floor),
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "Greater": pairwise(np.greater, compared("is greater than", {1})),
    "GreaterOrEqual": pairwise(np.greater_equal, compared("is at least", {0, 1})),
    "Less": pairwise(np.less, compared("is less than", {-1})),
    "LessOrEqual": pairwise(np.less_equal, compared("is at most", {-1, 0})),
    "Log": single(np.log),
    "Max": pairwise(np.maximum, extreme(1)),
    "Min": pairwise(np.minimum, extreme(-1)),
    "Mod": _modulo,
    "Mul": pairwise(np.multiply, multiply),
    "Neg": single(np.negative, lambda x: -x),
    "NonZero": nonzero,
    "Not": single(np.logical_not),
    "Or": pairwise(np.logical_or),
    "Pow": pairwise(power),
    "Range": range_,
    "Reciprocal": single(np.reciprocal),
    "ReduceMax": _reduction("max", extreme(1)),
    "ReduceMin": _reduction("min", extreme(-1)),
    "ReduceProd": _reduction("prod", multiply),
    "ReduceSum": _reduction("sum", add),
    "Reshape": reshape,
    "Round": single(np.round),
    "ScatterND": scatter_nd,
    "Sin": single(np.sin),
    "Slice": slice_,
    "Split": split,
    "Sqrt": single(np.sqrt),
    "Squeeze": squeeze,
    "Sub": pairwise(np.subtract, subtract),
    "Tile": tile,
    "Transpose": transpose,
    "Trilu": trilu,
    "Unsqueeze": unsqueeze,
    "Where": where,
}
