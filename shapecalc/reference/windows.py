"""Sliding windows over arrays, padding and cropping. No size is computed: sizes result from slicing.

Spatial axes are the last axes of an array; every function loops over them, for any number of axes.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.reference.base import Array, Fields, Shape

Margins: TypeAlias = tuple[tuple[int, int], ...]
Index: TypeAlias = tuple[slice, ...]

NUMPY_MODES = {
    "constant": "constant",
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}


@dataclass(frozen=True, slots=True)
class Window:
    """Size, stride and dilation of a window, with an entry per spatial axis."""

    size: Shape
    stride: Shape
    dilation: Shape

    @classmethod
    def of(cls, fields: Fields, rank: int) -> Window:
        """Return the window of a layer; a `stride` of None is the size of the window."""
        stride = fields["kernel_size"] if fields["stride"] is None else fields["stride"]
        return cls(
            per_axis(fields["kernel_size"], rank), per_axis(stride, rank), per_axis(fields.get("dilation", 1), rank)
        )

    def offsets(self, axis: int) -> range:
        """Return the offsets of the elements that one window reads along an axis, from the start of the window.

        >>> list(Window(size=(3,), stride=(1,), dilation=(2,)).offsets(0))
        [0, 2, 4]
        """
        return range(0, self.size[axis] * self.dilation[axis], self.dilation[axis])

    def span(self, axis: int) -> int:
        """Return the number of elements from the first to the last that a window reads along an axis, both included."""
        return self.offsets(axis)[-1] + 1


def per_axis(value: Any, rank: int) -> tuple[Any, ...]:
    """Return one entry per spatial axis; a single value applies to all of them.

    Raises `ValueError` if a list does not have one entry per spatial axis.

    >>> per_axis(3, rank=2)
    (3, 3)
    """
    if not isinstance(value, (tuple, list)):
        return (value,) * rank
    if len(value) != rank:
        raise ValueError(f"{tuple(value)} has {len(value)} entries for {rank} spatial axes")
    return tuple(value)


def at(x: Array, index: Iterable[int | slice | Array]) -> Array:
    """Return an array indexed along its last axes, as many as the index has entries.

    >>> at(np.arange(12).reshape(2, 2, 3), (0, slice(1, None)))
    array([[1, 2],
           [7, 8]])
    """
    full: tuple[Any, ...] = (..., *index)
    result: Array = x[full]
    return result


def margins(padding: Any, lengths: Shape, window: Window) -> Margins:
    """Return the number of elements to add before and after each spatial axis, from `padding` as the user wrote it.

    `same` starts a window at every stride-th element of the input and pads as far as the last one reads; of an odd
    number one more goes after than before, as in Keras and in ONNX's SAME_UPPER. `causal` pads so that the first window
    ends with the first element.

    >>> margins("same", (6,), Window(size=(3,), stride=(2,), dilation=(1,)))    # windows at 0, 2, 4 read 7 elements
    ((0, 1),)
    """
    if padding == "same":
        pairs = []
        for axis, length in enumerate(lengths):
            last_start = range(0, length, window.stride[axis])[-1]
            missing = max(last_start + window.span(axis) - length, 0)
            pairs.append((missing // 2, missing - missing // 2))
        return tuple(pairs)
    if padding == "causal":
        (axis,) = range(len(lengths))
        return ((window.offsets(axis)[-1], 0),)
    sides = per_axis(0 if padding == "valid" else padding, len(lengths))
    return tuple((side, side) if isinstance(side, int) else (side[0], side[1]) for side in sides)


def overhang(lengths: Shape, sides: Margins, window: Window) -> Margins:
    """Return the elements to add after each padded axis so that the windows of `ceil_mode` fit; negative: to remove.

    One more window is placed if the previous one leaves elements over.
    PyTorch drops a window that starts in the right padding, since it would read no input.
    Raises `ValueError` if no window fits.
    """
    pairs = []
    for axis, (length, (before, after)) in enumerate(zip(lengths, sides, strict=True)):
        padded, span, stride = before + length + after, window.span(axis), window.stride[axis]
        starts = range(0, before + length, stride)
        laid = bisect_left(starts, padded, key=lambda start: start - stride + span)
        if not laid:
            raise ValueError(f"a window over {span} cells finds no place on an axis of {padded}")
        pairs.append((0, starts[laid - 1] + span - padded))
    return tuple(pairs)


def pad(x: Array, sides: Margins, value: Any = 0.0, mode: str = "constant") -> Array:
    """Return an array with elements added before and after each spatial axis; negative numbers remove elements, first.

    `mode` is as in PyTorch. A view of `x` if nothing is added.
    Raises `ValueError` if an axis is too short for `reflect` or `circular`.
    """
    x = crop(x, tuple((max(-before, 0), max(-after, 0)) for before, after in sides))
    added = ((0, 0),) * (x.ndim - len(sides)) + tuple((max(before, 0), max(after, 0)) for before, after in sides)
    if not any(map(any, added)):
        return x
    if NUMPY_MODES[mode] == "constant":
        return np.pad(x, added, constant_values=value)
    for length, pair in zip(x.shape, added, strict=True):
        longest = {"reflect": length - 1, "circular": length}.get(mode, inf)
        if max(pair) > max(longest, 0):
            raise ValueError(f"`{mode}` cannot put {max(pair)} cells beside an axis of {length}")
    padded: Array = np.pad(x, added, NUMPY_MODES[mode])  # type: ignore[call-overload]
    return padded


def unpad(gradient: Array, sides: Margins, mode: str = "constant") -> Array:
    """Return the gradient with respect to the input of `pad`, from that with respect to its output.

    Removed elements get 0; elements that were copied into the margins get the sum over their copies.

    >>> unpad(np.array([1, 10, 100, 1000]), ((2, 0),), "circular").tolist()    # [a, b] was padded to [a, b, a, b]
    [101, 1010]
    """
    added = tuple((max(before, 0), max(after, 0)) for before, after in sides)
    for axis, pair in enumerate(added, start=gradient.ndim - len(sides)):
        if any(pair) and NUMPY_MODES[mode] != "constant":
            gradient = np.moveaxis(fold(np.moveaxis(gradient, axis, 0), pair, mode), 0, axis)
        else:
            gradient = np.moveaxis(crop(np.moveaxis(gradient, axis, -1), (pair,)), -1, axis)
    return pad(gradient, tuple((max(-before, 0), max(-after, 0)) for before, after in sides), 0)


def fold(gradient: Array, pair: tuple[int, int], mode: str) -> Array:
    """Add gradients of copies in the margins of the first axis to those of the elements that were copied."""
    before, after = pair
    length = len(gradient) - before - after
    sources = np.pad(np.arange(length), pair, NUMPY_MODES[mode])  # type: ignore[call-overload]
    folded: Array = gradient[before : before + length].copy()
    for copy in (*range(before), *range(before + length, len(gradient))):
        folded[sources[copy]] += gradient[copy]
    return folded


def crop(x: Array, sides: Margins) -> Array:
    """Return a view without some elements before and after each spatial axis."""
    lengths = x.shape[x.ndim - len(sides) :]
    slices = (slice(before, length - after) for length, (before, after) in zip(lengths, sides, strict=True))
    return at(x, slices)


def slide(x: Array, window: Window, *, writeable: bool = False) -> Array:
    """Return a view of all windows over the spatial axes: [..., *spatial] to [..., *windows, *window].

    A `writeable` view may be added to one tap at a time: windows overlap, but never in the same element of the window.
    Raises `ValueError` if a window is longer than its axis.

    >>> slide(np.arange(5), Window(size=(2,), stride=(2,), dilation=(1,)))
    array([[0, 1],
           [2, 3]])
    """
    rank = len(window.size)
    span = tuple(window.span(axis) for axis in range(rank))
    everywhere = sliding_window_view(x, span, axis=tuple(range(-rank, 0)), writeable=writeable)
    return at(everywhere, (slice(None, None, step) for step in (*window.stride, *window.dilation)))


def taps(lengths: Shape, starts: tuple[range, ...], window: Window) -> Iterator[tuple[Index, Index]]:
    """Yield, for each element of the window in turn, the windows that read an element there, and the elements.

    `starts` has the first element of each window along each axis. Elements of the window that all lie outside of the
    array are left out, so that a window takes no more time than what it reads.

    >>> window = Window(size=(9,), stride=(2,), dilation=(1,))
    >>> list(taps((3,), (range(-8, 2, 2),), window))[-1]    # the last element of windows that start at −8 and −6
    ((slice(0, 2, None),), (slice(0, 3, 2),))
    """
    axes = (
        list(_reads(length, own, window.offsets(axis)))
        for axis, (length, own) in enumerate(zip(lengths, starts, strict=True))
    )
    for pairs in product(*axes):
        positions, elements = zip(*pairs, strict=True)
        yield positions, elements


def _reads(length: int, starts: range, offsets: range) -> Iterator[tuple[slice, slice]]:
    """Yield the windows that read an element at an offset from their start along an axis, and what they read."""
    for offset in offsets if len(offsets) <= 2 * length else _reached(length, starts, offsets):
        shifted = range(starts.start + offset, starts.stop + offset, starts.step)
        first, end = bisect_left(shifted, 0), bisect_left(shifted, length)
        if first < end:
            yield slice(first, end), slice(shifted[first], shifted[end - 1] + 1, shifted.step)


def _reached(length: int, starts: range, offsets: range) -> Iterator[int]:
    """Yield the offsets at which some window reads an element, in ascending order."""
    done = 0
    for start in reversed(starts):
        end = bisect_left(offsets, length - start)
        yield from offsets[max(bisect_left(offsets, -start), done) : end]
        done = max(done, end)
