"""Operators that are computed while reading: on shapes, on constants, and moves of tensors of the file.

Known numbers are arrays of NumPy, with Python objects as elements if a size that depends on symbols is among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.dims import Expr
from shapecalc.importers.onnx import known_numbers
from shapecalc.importers.onnx.exact_numbers import UndecidedError, normal, scalar
from shapecalc.importers.onnx.tensors import Weight, array_of, dtype_of, plain
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.importers.onnx.node import Entry
    from shapecalc.importers.onnx.session import ReadingSession
    from shapecalc.importers.onnx.tensors import Array

MOST = 1 << 20
"""The most elements of an array that is computed while reading."""
MOST_INTEGERS = 1 << 16
"""The most elements of a tensor of the file that is read for it."""


_STEPS_TOO = {"CumSum", "Expand", "Gather", "GatherND", "Range", "ScatterND", "Slice", "Split", "Tile", "Trilu"}
"""Operators that become steps if they cannot be computed."""


class NotFoldedError(Exception):
    """Raised if an operator is not computed while reading, but becomes steps."""


def fold(
    reader: ReadingSession,
    operator: str,
    entries: Sequence[Entry | None],
    attributes: dict[str, Any],
    outputs: Sequence[str],
) -> Sequence[Entry | None]:
    """Return the outputs of an operator that is computed while reading, or raise `NotFoldedError`."""
    made = _made(reader, operator, entries, attributes, outputs)
    return [made] if made is not None else _computed(operator, entries, attributes)


def _made(
    reader: ReadingSession,
    operator: str,
    entries: Sequence[Entry | None],
    attributes: dict[str, Any],
    outputs: Sequence[str],
) -> Entry | None:
    """Return a shape, a constant, or a moved tensor of the file; None for other operators."""
    first = entries[0] if entries else None
    if operator in ("Shape", "Size") and first is not None:
        return _shape(first, **attributes) if operator == "Shape" else _size(first)
    if operator == "Constant":
        return _constant(reader, attributes, outputs[0])
    if operator == "ConstantOfShape" and first is not None:
        return _filled(reader, entries, attributes, outputs[0])
    if operator == "Identity" and first is not None:
        return first
    if operator in _MOVES and isinstance(first, Weight):
        return _MOVES[operator](reader, first, entries, attributes)
    return None


def _computed(operator: str, entries: Sequence[Entry | None], attributes: dict[str, Any]) -> Sequence[Entry | None]:
    """Return what the function of an operator gives of known numbers."""
    function = known_numbers.FUNCTIONS.get(operator)
    if function is None or not entries:
        raise NotFoldedError
    arrays = [_array(entry) for entry in entries]
    if sum(array.size for array in arrays if array is not None) > MOST:
        raise NotFoldedError
    symbolic = any(array is not None and array.dtype.kind == "O" for array in arrays)
    try:
        result = function(*arrays, **attributes)
    except UndecidedError as error:
        if operator in _STEPS_TOO:
            raise NotFoldedError from None
        raise Unreadable(f"`{operator}` of sizes: {error}") from None
    except (TypeError, ValueError, IndexError, OverflowError, ZeroDivisionError, RuntimeError) as error:
        if symbolic and operator in _STEPS_TOO:
            raise NotFoldedError from None
        raise Unreadable(f"`{operator}` of known numbers: {error}") from None
    results = result if isinstance(result, list) else [result]
    if sum(array.size for array in results) > MOST:
        raise NotFoldedError
    return [normal(array) for array in results]


def _array(entry: Entry | None) -> Array | None:
    """Return the numbers of an entry that may be computed with: known ones, and small tensors of integers."""
    if entry is None or isinstance(entry, np.ndarray):
        return entry
    is_small = isinstance(entry, Weight) and _count(entry) <= MOST_INTEGERS
    if isinstance(entry, Weight) and is_small and (entry.dtype in ("int64", "bool") or not entry.shape):
        return entry.array()
    raise NotFoldedError


def _count(entry: Weight) -> int:
    count = 1
    for size in entry.shape:
        count *= size
    return count


def _shape(entry: Entry, *, start: int = 0, end: int | None = None, **unknown: Any) -> Array:
    if unknown:
        raise Unreadable(f"`Shape` has the attribute `{next(iter(unknown))}`, which is not known")
    return normal(np.array([*entry.shape, None], dtype=object)[:-1][start:end])


def _size(entry: Entry) -> Array:
    count: Any = 1
    for dim in entry.shape:
        count = count * dim
    return normal(scalar(count))


def _constant(reader: ReadingSession, attributes: dict[str, Any], name: str) -> Entry:
    """Return the numbers of a constant; a large one is a tensor of the file."""
    kind, value = next(iter(attributes.items())) if len(attributes) == 1 else ("", None)
    if kind == "value" and value is not None:
        weight = Weight(name, tuple(value.dims), dtype_of(value.data_type), lambda: array_of(value, reader.folder))
        if any(size < 0 for size in weight.shape):
            raise Unreadable(f"the constant has the shape {list(weight.shape)}")
        return array_of(value, reader.folder) if _count(weight) <= MOST_INTEGERS else weight
    if kind in ("value_float", "value_floats", "value_int", "value_ints"):
        return plain(np.array(value, dtype=np.float32 if "float" in kind else np.int64))
    raise Unreadable("a constant that is a text or a sparse tensor is not supported" if kind else "it has no value")


def _filled(reader: ReadingSession, entries: Sequence[Entry | None], attributes: dict[str, Any], name: str) -> Entry:
    """Return a tensor of one number, with the shape that is the first input; a large one is made when it is read."""
    shape = reader.known(entries[0])
    if shape is None:
        raise Unreadable("`ConstantOfShape` has a shape that is computed")
    value = attributes.get("value")
    number = array_of(value, reader.folder).reshape(()) if value is not None else np.zeros((), np.float32)
    sizes = [each if isinstance(each, Expr) else int(each) for each in shape.ravel().tolist()]
    if any(not isinstance(size, int) for size in sizes):
        made = reader.value(number, "")
        return reader.graph.step("expand", made, size=sizes)
    dims = tuple(size for size in sizes if isinstance(size, int))
    if any(size < 0 for size in dims):
        raise Unreadable(f"`ConstantOfShape` has the shape {list(dims)}")
    dtype = {"b": "bool", "i": "int64"}.get(number.dtype.kind, "float32")
    weight = Weight(name, dims, dtype, lambda: np.broadcast_to(number, dims))
    return weight.array() if _count(weight) <= MOST_INTEGERS else weight


def _transpose(_reader: ReadingSession, weight: Weight, _entries: Any, attributes: dict[str, Any]) -> Weight | None:
    rank = len(weight.shape)
    perm = tuple(attributes.get("perm", range(rank)[::-1]))
    if sorted(perm) != list(range(rank)):
        raise Unreadable(f"`Transpose` has the axes {list(perm)} of a tensor with {rank} axes")
    return weight.permuted(perm)


def _reshape(
    reader: ReadingSession, weight: Weight, entries: Sequence[Entry | None], attributes: dict[str, Any]
) -> Weight | None:
    """Return a tensor of the file in another shape; None if the shape depends on symbols."""
    shape = reader.known(entries[1]) if len(entries) > 1 else np.array(attributes.get("shape", ()))
    if shape is None or shape.dtype.kind == "O":
        return None
    sizes = [int(size) for size in shape.ravel()]
    if not attributes.get("allowzero"):
        sizes = [
            weight.shape[axis] if size == 0 and axis < len(weight.shape) else size for axis, size in enumerate(sizes)
        ]
    count = _count(weight)
    if sizes.count(-1) == 1:
        rest = -1
        for size in sizes:
            rest *= size
        if rest <= 0 or count % rest:
            raise Unreadable(f"`Reshape` has the shape {sizes} for {count} elements")
        sizes[sizes.index(-1)] = count // rest
    total = 1
    for size in sizes:
        total *= size
    if total != count or any(size < 0 for size in sizes):
        raise Unreadable(f"`Reshape` has the shape {sizes} for {count} elements")
    return weight.reshaped(tuple(sizes))


def _axes(reader: ReadingSession, entries: Sequence[Entry | None], attributes: dict[str, Any]) -> list[int] | None:
    if len(entries) > 1 and entries[1] is not None:
        array = reader.known(entries[1])
        return None if array is None else [int(axis) for axis in array.ravel()]
    return attributes.get("axes")


def _squeeze(reader: ReadingSession, weight: Weight, entries: Any, attributes: dict[str, Any]) -> Weight | None:
    axes = _axes(reader, entries, attributes)
    rank = len(weight.shape)
    places = {axis % rank for axis in axes} if axes is not None else {a for a, n in enumerate(weight.shape) if n == 1}
    if any(weight.shape[axis] != 1 for axis in places):
        raise Unreadable(f"`Squeeze` has the axes {sorted(places)} of the shape {list(weight.shape)}")
    return weight.reshaped(tuple(size for axis, size in enumerate(weight.shape) if axis not in places))


def _unsqueeze(reader: ReadingSession, weight: Weight, entries: Any, attributes: dict[str, Any]) -> Weight | None:
    axes = _axes(reader, entries, attributes)
    if axes is None:
        return None
    rank = len(weight.shape) + len(axes)
    places = {axis % rank for axis in axes}
    if len(places) != len(axes):
        raise Unreadable(f"`Unsqueeze` has the axes {axes}")
    rest = iter(weight.shape)
    return weight.reshaped(tuple(1 if axis in places else next(rest) for axis in range(rank)))


def _cast(_reader: ReadingSession, weight: Weight, _entries: Any, attributes: dict[str, Any]) -> Weight | None:
    dtype = dtype_of(attributes.get("to", 0))
    return weight if dtype == weight.dtype else None


_MOVES: dict[str, Callable[..., Weight | None]] = {
    "Cast": _cast,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
