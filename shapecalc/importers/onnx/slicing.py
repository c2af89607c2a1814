"""Parts of an axis, and the triangles of a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.dims import Expr
from shapecalc.importers.onnx.node import is_at_least, operator, refuse_empty
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.dims import Dim
    from shapecalc.importers.graph import Value
    from shapecalc.importers.onnx.node import OnnxNode

FAR = 2**31 - 2
"""Bounds that are beyond the end of any axis."""


@operator("Slice")
def slice_(
    node: OnnxNode, *, starts: Sequence[int] = (), ends: Sequence[int] = (), axes: Sequence[int] | None = None
) -> Value:
    """Return one `slice` after the other; with negative steps of the reversed axis."""
    first: list[Dim] = node.dims(1, "starts") if node.has(1) else list(starts)
    last: list[Dim] = node.dims(2, "ends") if node.has(2) else list(ends)
    along = node.integers(3, "axes") if node.has(3) else list(range(len(first)) if axes is None else axes)
    steps = node.integers(4, "steps") if node.has(4) else [1] * len(first)
    value = node.read()
    if not len(first) == len(last) == len(along) == len(steps):
        raise Unreadable("`Slice` has bounds of different numbers of axes")
    for start, end, axis, step in zip(first, last, along, steps, strict=True):
        value = _sliced(node, value, node.axis(axis), start, end, step)
    return value


def _sliced(node: OnnxNode, value: Value, axis: int, start: Dim, end: Dim, step: int) -> Value:
    size = value.shape[axis]
    if not step:
        raise Unreadable("`Slice` has the step 0")
    if isinstance(size, int) and isinstance(start, int) and isinstance(end, int):
        return _sliced_by_numbers(
            node, value, axis, size, range(size)[start : end if step > 0 or end >= -size else None : step]
        )
    if step < 0:
        if isinstance(start, int) and isinstance(end, int) and start in (-1, FAR) and end <= -FAR and step == -1:
            return node.step("flip", value, dims=axis)
        raise Unreadable("`Slice` has a negative step along an axis of which the size depends on symbols")
    fields: dict[str, Any] = {"dim": axis, "start": _start(start, size), "end": _end(end, size), "step": step}
    if fields["start"] is None and fields["end"] is None and step == 1:
        return value
    return node.step("slice", value, **fields)


def _start(start: Dim, size: Dim) -> Dim | None:
    if isinstance(start, int):
        return start or None
    return start if is_at_least(start, 0) else start + size


def _end(end: Dim, size: Dim) -> Dim | None:
    """Return the end of a slice; None if it is at or beyond the end of the axis."""
    if isinstance(end, Expr):
        end = end if is_at_least(end, 0) else end + size
    elif end < 0:
        return end
    return None if is_at_least(end - size, 0) or (isinstance(end, int) and end >= FAR) else end


def _sliced_by_numbers(node: OnnxNode, value: Value, axis: int, size: int, places: range) -> Value:
    if not places:
        raise Unreadable("`Slice` leaves an axis of size 0")
    if places == range(size):
        return value
    if places.step < 0:
        value = node.step("flip", value, dims=axis)
        places = range(size - 1 - places[0], size - places[-1], -places.step)
        if places == range(size):
            return value
    end = places[-1] + 1
    return node.step(
        "slice",
        value,
        dim=axis,
        start=places[0] or None,
        end=None if places.step == 1 and end == size else end,
        step=places.step,
    )


@operator("Split")
def split(
    node: OnnxNode, *, axis: int = 0, num_outputs: int = 0, split: Sequence[int] | None = None
) -> Sequence[Value]:
    """Return the sizes that are listed, or as many parts as there are outputs, of which the last may be smaller."""
    axis = node.axis(axis)
    size, count = node.shape()[axis], num_outputs or len(node.outputs)
    sizes: list[Any]
    if node.has(1):
        sizes = node.integers(1, "sizes")
    elif split is not None:
        sizes = list(split)
    else:
        (known,) = node.ints([size], "axis")
        part = -(-known // count)
        sizes = [min(part, known - part * place) for place in range(count)]
    refuse_empty("Split", sizes)
    if any(part < 0 for part in sizes):
        raise Unreadable(f"`Split` has {count} parts of an axis of size {size}")
    if len(sizes) == 1:
        return [node.read()]
    field = sizes[0] if len(set(sizes)) == 1 else sizes
    first = node.step("split", split_size=field, dim=axis)
    assert not isinstance(first.node, str)  # a step gives it
    return [first.node.value(name) for name in first.node.outputs]


@operator("Trilu")
def triangle(node: OnnxNode, *, upper: int = 1) -> Value:
    """Return `triu` or `tril`."""
    return node.step("triu" if upper else "tril", diagonal=node.integers(1)[0] if node.has(1) else 0)
