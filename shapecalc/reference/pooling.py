"""Pooling: the largest cell or the mean of every window, sliding, adaptive or as large as the map."""

from __future__ import annotations

from itertools import product
from math import inf, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.reference.base import Array, Call, Fields, Shape, constant, kernel, outputs_times
from shapecalc.reference.gradients import Gradients, Past, backward
from shapecalc.reference.windows import Margins, Window, at, margins, overhang, pad, per_axis, slide, taps, unpad

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def pool_margins(fields: Fields, lengths: Shape, window: Window) -> tuple[Margins, Margins]:
    """The padding of a pool, and what `ceil_mode` adds behind it or takes away."""
    sides = margins(fields["padding"], lengths, window)
    return sides, overhang(lengths, sides, window) if fields["ceil_mode"] else ((0, 0),) * len(lengths)


def both(sides: Margins, behind: Margins) -> Margins:
    """Padding and overhang together."""
    return tuple((before, after + more) for (before, after), (_, more) in zip(sides, behind, strict=True))


def pool_workspace(
    fields: Fields,
    inputs: tuple[Shape, ...],
    _parameters: Mapping[str, Shape],
    outputs: tuple[Shape, ...],
    itemsize: int,
) -> int:
    """The padded input, and an array as the output for what the mean is divided by."""
    samples, channels, *lengths = inputs[0]
    sides = both(*pool_margins(fields, tuple(lengths), Window.of(fields, len(lengths))))
    padded = prod(length + before + max(after, 0) for length, (before, after) in zip(lengths, sides, strict=True))
    return itemsize * ((samples * channels * padded if any(map(any, sides)) else 0) + prod(outputs[0]))


@kernel("max_pool", workspace=pool_workspace)
def max_pool(call: Call, x: Array) -> Array:
    """The largest cell of every window; padding and overhang hold −∞, so they never win.

    Source: torch.nn.MaxPool2d.
    """
    window = Window.of(call.fields, x.ndim - 2)
    sides = both(*pool_margins(call.fields, x.shape[2:], window))
    cells = taps(slide(pad(x, sides, constant(x, -inf)), window), x.ndim - 2)
    largest = next(cells).copy()
    for cell in cells:
        np.maximum(largest, cell, out=largest)
    return largest


@backward("max_pool")
def max_pool_backward(past: Past, gradient: Array) -> Gradients:
    """The gradient of every window goes to its largest cell, to the first of several as in PyTorch."""
    (x,), (largest,), rank = past.inputs, past.outputs, past.inputs[0].ndim - 2
    window = Window.of(past.call.fields, rank)
    sides = both(*pool_margins(past.call.fields, x.shape[2:], window))
    padded = pad(x, sides, constant(x, -inf))
    to_padded = np.zeros_like(padded)
    given, left = np.empty_like(gradient), np.ones(gradient.shape, dtype=bool)
    cells = taps(slide(padded, window), rank)
    for cell, onto in zip(cells, taps(slide(to_padded, window, writeable=True), rank), strict=True):
        found = cell == largest
        found &= left
        left ^= found
        np.multiply(gradient, found, out=given)
        np.add(onto, given, out=onto)
    return Gradients((unpad(to_padded, sides),))


@kernel("avg_pool", workspace=pool_workspace)
def avg_pool(call: Call, x: Array) -> Array:
    """The sum of every window over the number of its cells that count: with `count_include_pad` the padding too.

    The overhang of `ceil_mode` past the padding never counts.
    Source: torch.nn.AvgPool2d.
    """
    window = Window.of(call.fields, x.ndim - 2)
    sides, behind = pool_margins(call.fields, x.shape[2:], window)
    total = window_sums(pad(x, both(sides, behind), constant(x, 0)), window)
    total /= divisors(call.fields, x, window)
    return total


@backward("avg_pool")
def avg_pool_backward(past: Past, gradient: Array) -> Gradients:
    """Every cell of a window takes the window's gradient over what its sum was divided by."""
    (x,), rank = past.inputs, past.inputs[0].ndim - 2
    window = Window.of(past.call.fields, rank)
    sides = both(*pool_margins(past.call.fields, x.shape[2:], window))
    to_padded = np.zeros_like(pad(x, sides))
    share = gradient / divisors(past.call.fields, x, window)
    for onto in taps(slide(to_padded, window, writeable=True), rank):
        np.add(onto, share, out=onto)
    return Gradients((unpad(to_padded, sides),))


def divisors(fields: Fields, x: Array, window: Window) -> Any:
    """What the sum of every window is divided by: one number for all, or one for each place of the window."""
    if fields["divisor_override"] is not None:
        return fields["divisor_override"]
    sides, behind = pool_margins(fields, x.shape[2:], window)
    counting = pad(np.ones(x.shape[2:], dtype=int), sides, int(fields["count_include_pad"]))
    return window_sums(pad(counting, behind, 0), window).astype(x.dtype)


def window_sums(x: Array, window: Window) -> Array:
    """The sum of every window over the spatial axes."""
    cells = taps(slide(x, window), len(window.size))
    total = next(cells).copy()
    for cell in cells:
        total += cell
    return total


def adaptive_windows(length: int, count: int | None) -> Iterator[slice]:
    """As many windows as asked for, over [⌊i·n/o⌋, ⌈(i+1)·n/o⌉), None for one per cell.

    Where o does not divide n they overlap.

    >>> list(adaptive_windows(4, 3))
    [slice(0, 2, None), slice(1, 3, None), slice(2, 4, None)]
    """
    count = length if count is None else count
    for index in range(count):
        yield slice(index * length // count, -(-(index + 1) * length // count))


def adaptive(call: Call, x: Array, reduce: Callable[..., Array]) -> Array:
    """Reduce adaptive windows over the spatial axes, one after another."""
    windows = windows_of(call, x)
    axes = tuple(range(2, x.ndim))
    reduced = [reduce(at(x, cells), axis=axes) for cells in product(*windows)]
    return np.stack(reduced, axis=-1).reshape(*x.shape[:2], *map(len, windows))


def windows_of(call: Call, x: Array) -> list[list[slice]]:
    """The adaptive windows along each spatial axis."""
    counts = per_axis(call.fields["output_size"], x.ndim - 2)
    return [list(adaptive_windows(length, count)) for length, count in zip(x.shape[2:], counts, strict=True)]


def adaptive_backward(past: Past, gradient: Array, share: Callable[[Array, Array], Array]) -> Gradients:
    """Add to every adaptive window its share of [N, C, 1] of the gradient; windows lie flat there, [N, C, cells]."""
    (x,) = past.inputs
    to_input = np.zeros_like(x)
    places = product(*windows_of(past.call, x))
    for given, cells in zip(np.moveaxis(gradient.reshape(*x.shape[:2], -1, 1), 2, 0), places, strict=True):
        tile, onto = at(x, cells), at(to_input, cells)
        onto += share(tile.reshape(*x.shape[:2], -1), given).reshape(tile.shape)
    return Gradients((to_input,))


@kernel("adaptive_avg_pool")
def adaptive_avg_pool(call: Call, x: Array) -> Array:
    """The mean of each of `output_size` windows.

    Source: torch.nn.AdaptiveAvgPool2d.
    """
    return adaptive(call, x, np.mean)


@backward("adaptive_avg_pool")
def adaptive_avg_pool_backward(past: Past, gradient: Array) -> Gradients:
    """Every cell of a window takes the window's gradient over how many they are."""

    def alike(tile: Array, given: Array) -> Array:
        return np.broadcast_to(given / tile.shape[-1], tile.shape)

    return adaptive_backward(past, gradient, alike)


@kernel("adaptive_max_pool")
def adaptive_max_pool(call: Call, x: Array) -> Array:
    """The largest cell of each of `output_size` windows.

    Source: torch.nn.AdaptiveMaxPool2d.
    """
    return adaptive(call, x, np.max)


@backward("adaptive_max_pool")
def adaptive_max_pool_backward(past: Past, gradient: Array) -> Gradients:
    """The gradient of every window goes to its largest cell, to the first of several as in PyTorch."""

    def to_largest(tile: Array, given: Array) -> Array:
        share = np.zeros_like(tile)
        np.put_along_axis(share, tile.argmax(axis=-1, keepdims=True), given, axis=-1)
        return share

    return adaptive_backward(past, gradient, to_largest)


@kernel("global_avg_pool", workspace=outputs_times(0))
def global_avg_pool(call: Call, x: Array) -> Array:
    """The mean of every channel.

    Source: ONNX GlobalAveragePool; `keepdim` as torch.mean has it.
    """
    mean: Array = np.mean(x, axis=tuple(range(2, x.ndim)), keepdims=call.fields["keepdim"])
    return mean


@backward("global_avg_pool")
def global_avg_pool_backward(past: Past, gradient: Array) -> Gradients:
    """Every cell of a channel takes the channel's gradient over how many they are."""
    (x,) = past.inputs
    share = gradient.reshape(*x.shape[:2], *(1,) * (x.ndim - 2)) / prod(x.shape[2:])
    return Gradients((np.broadcast_to(share, x.shape).copy(),))


@kernel("global_max_pool", workspace=outputs_times(0))
def global_max_pool(call: Call, x: Array) -> Array:
    """The largest cell of every channel.

    Source: ONNX GlobalMaxPool; `keepdim` as torch.amax has it.
    """
    largest: Array = np.max(x, axis=tuple(range(2, x.ndim)), keepdims=call.fields["keepdim"])
    return largest


@backward("global_max_pool")
def global_max_pool_backward(past: Past, gradient: Array) -> Gradients:
    """The gradient of every channel goes to its largest cell, in equal parts to several as in torch.amax."""
    (x,), (largest,), each = past.inputs, past.outputs, (*past.inputs[0].shape[:2], *(1,) * (past.inputs[0].ndim - 2))
    found = x == largest.reshape(each)
    share = gradient.reshape(each) / found.sum(axis=tuple(range(2, x.ndim)), keepdims=True, dtype=x.dtype)
    return Gradients((found * share,))
