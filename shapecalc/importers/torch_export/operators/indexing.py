"""Operators that choose elements by indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.dims import Expr, product
from shapecalc.importers.graph import Value
from shapecalc.importers.torch_export.operands import is_array
from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.torch_export.operators.arithmetic import merged
from shapecalc.importers.torch_export.operators.creation import size_as_value
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.importers.torch_export.steps import Steps

MOST_LISTED = 64


def _take(to: Steps, x: Value, dim: int, index: Any) -> Value:
    """Return positions of an axis: by a list if they are constant and few, else by an input."""
    index = to.array(index)
    if is_array(index) and index.ndim == 1 and 0 < index.size <= MOST_LISTED:
        size = x.shape[dim]
        chosen = index if isinstance(size, int) is False else index % size
        return to.step("take", x, index=chosen.tolist(), dim=dim)
    if is_array(index):
        size = x.shape[dim]
        index = index % size if isinstance(size, int) else index
    return to.step("take", x, to.value(index), dim=dim)


@operator("index_select", raw=("index",))
def index_select(to: Steps, x: Value, dim: int, index: Any) -> Value:
    """Positions of an axis by a list."""
    return _take(to, x, dim % x.rank, index)


@operator("index", "_unsafe_index", raw=("indices",))
def index(to: Steps, x: Value, indices: Sequence[Any]) -> Value:
    """Positions of one axis, or of several neighbouring ones, which are joined for it."""
    indices = [to.array(each) for each in indices]
    dims = [dim for dim, each in enumerate(indices) if each is not None]
    tensors = [indices[dim] for dim in dims]
    if any((each.dtype.kind == "b") if is_array(each) else (isinstance(each, Value) and each.dtype == "bool")
           for each in tensors):  # fmt: skip
        raise Unreadable("an index by flags, whose result has a size that depends on data")
    if not dims:
        return x
    if len(dims) == 1:
        return _take(to, x, dims[0], tensors[0])
    if dims != list(range(dims[0], dims[-1] + 1)):
        raise Unreadable("indices of axes that are not neighbours")
    sizes = [x.shape[dim] for dim in dims]
    first = dims[0]
    if is_filled(x) and to.meta is not None and to.meta.shape is not None:
        return to.expand(to.step("reshape", _number_of(x), shape=(1,) * len(to.meta.shape)), to.meta.shape)
    flat = _joined(to, tensors, sizes)
    shape = (*x.shape[:first], product(sizes), *x.shape[first + len(dims) :])
    return _take(to, to.reshape(x, shape), first, flat)


def is_filled(x: Value) -> bool:
    """Return whether a value is a number that is repeated."""
    return not isinstance(x.node, str) and x.node.type == "expand" and _number_of(x).rank == 0


def _number_of(x: Value) -> Value:
    assert not isinstance(x.node, str)
    return x.node.reads[0]


def _joined(to: Steps, tensors: Sequence[Any], sizes: Sequence[Any]) -> Any:
    """Return the index of axes that are joined: of rows and columns, row · columns + column."""
    if all(is_array(each) for each in tensors) and all(isinstance(size, int) for size in sizes):
        flat = tensors[0] % sizes[0]
        for each, size in zip(tensors[1:], sizes[1:], strict=True):
            flat = flat * size + each % size
        return flat
    value = to.value(tensors[0])
    for each, size in zip(tensors[1:], sizes[1:], strict=True):
        rows = merged(to, "multiply", value, size_as_value(to, size) if isinstance(size, Expr) else size)
        value = to.step("add", rows, to.value(each))
    return value


@operator("gather")
def gather(to: Steps, x: Value, dim: int, index: Value, sparse_grad: bool = False) -> Value:
    """Elements along an axis by indices."""
    del sparse_grad
    return to.step("gather", x, index, dim=dim)


@operator("take_along_dim")
def take_along_dim(to: Steps, x: Value, indices: Value, dim: int | None = None) -> Value:
    """Elements along an axis by indices, which are repeated along the other axes."""
    if dim is None:
        return to.step("take", to.step("reshape", x, shape=(-1,)), to.step("reshape", indices, shape=(-1,)), dim=0)
    dim %= x.rank
    shape = [size if axis == dim else x.shape[axis] for axis, size in enumerate(indices.shape)]
    return to.step("gather", x, to.expand(indices, shape), dim=dim)


@operator("index_put", raw=("indices", "values"))
def index_put(to: Steps, x: Value, indices: Sequence[Any], values: Any, accumulate: bool = False) -> Value:
    """Elements that are set where flags are true."""
    (mask, *rest) = indices
    mask = to.array(mask)
    is_mask = mask is not None and (mask.dtype.kind == "b" if is_array(mask) else getattr(mask, "dtype", "") == "bool")
    number = to.number(values)
    if rest or accumulate or not is_mask or number is None:
        raise Unreadable("a write to places that indices say")
    flags = to.value(mask)
    flags = to.reshape(flags, (*flags.shape, *(1,) * (x.rank - flags.rank)))
    return to.step("masked_fill", x, flags, value=float(number) if x.dtype == "float32" else int(number))


@operator("topk")
def topk(to: Steps, x: Value, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:  # noqa: A002
    """The greatest elements of an axis, and where they are."""
    del sorted
    values = to.step("topk", x, k=k, dim=dim, largest=largest)
    return values, values.other("indices")


@operator("sort")
def sort(to: Steps, x: Value, dim: int = -1, descending: bool = False, **_: Any) -> Any:
    """All elements of an axis in order: as many as it has."""
    size = x.shape[dim]
    if not isinstance(size, int):
        raise Unreadable("an order of as many elements as a symbol says")
    return topk(to, x, size, dim, descending)


@operator("argsort")
def argsort(to: Steps, x: Value, dim: int = -1, descending: bool = False, **_: Any) -> Any:
    """Where the elements of an axis are, in their order."""
    return sort(to, x, dim, descending)[1]


@operator("argmax")
def argmax(to: Steps, x: Value, dim: int | None = None, keepdim: bool = False) -> Value:
    """Where the greatest element of an axis is."""
    if dim is None:
        x, dim = to.step("reshape", x, shape=(-1,)), 0
    return to.step("argmax", to.numeric(x), dim=dim, keepdim=keepdim)


@operator("argmin")
def argmin(to: Steps, x: Value, dim: int | None = None, keepdim: bool = False) -> Value:
    """Where the smallest element of an axis is."""
    return argmax(to, to.step("negative", x), dim, keepdim)


@operator("slice_scatter")
def slice_scatter(to: Steps, x: Value, src: Value, dim: int = 0, start: Any = None, end: Any = None,
                  step: int = 1) -> Value:  # fmt: skip
    """A tensor with another value in a range of an axis."""
    from shapecalc.importers.torch_export.views import written_back  # noqa: PLC0415 - only this needs it

    return written_back(to, "slice", {"dim": dim, "start": start, "end": end, "step": step}, 0, x, src)


@operator("select_scatter")
def select_scatter(to: Steps, x: Value, src: Value, dim: int, index: int) -> Value:
    """A tensor with another value at one position of an axis."""
    from shapecalc.importers.torch_export.views import written_back  # noqa: PLC0415 - only this needs it

    return written_back(to, "select", {"dim": dim, "index": index}, 0, x, src)
