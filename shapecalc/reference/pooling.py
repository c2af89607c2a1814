"""Pooling: the largest cell or the mean of every window, sliding, adaptive or as large as the map."""

from __future__ import annotations

from itertools import product
from math import inf, prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.base import Array, Call, Fields, Shape, constant, kernel, outputs_times
from shapecalc.reference.windows import Margins, Window, at, margins, overhang, pad, per_axis, slide, taps

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


@kernel("avg_pool", workspace=pool_workspace)
def avg_pool(call: Call, x: Array) -> Array:
    """The sum of every window over the number of its cells that count: with `count_include_pad` the padding too.

    The overhang of `ceil_mode` past the padding never counts.
    Source: torch.nn.AvgPool2d.
    """
    window = Window.of(call.fields, x.ndim - 2)
    sides, behind = pool_margins(call.fields, x.shape[2:], window)
    total = window_sums(pad(x, both(sides, behind), constant(x, 0)), window)
    if call.fields["divisor_override"] is not None:
        total /= call.fields["divisor_override"]
    else:
        counting = pad(np.ones(x.shape[2:], dtype=int), sides, int(call.fields["count_include_pad"]))
        total /= window_sums(pad(counting, behind, 0), window).astype(x.dtype)
    return total


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
    counts = per_axis(call.fields["output_size"], x.ndim - 2)
    windows = [list(adaptive_windows(length, count)) for length, count in zip(x.shape[2:], counts, strict=True)]
    axes = tuple(range(2, x.ndim))
    reduced = [reduce(at(x, cells), axis=axes) for cells in product(*windows)]
    return np.stack(reduced, axis=-1).reshape(*x.shape[:2], *map(len, windows))


@kernel("adaptive_avg_pool")
def adaptive_avg_pool(call: Call, x: Array) -> Array:
    """The mean of each of `output_size` windows.

    Source: torch.nn.AdaptiveAvgPool2d.
    """
    return adaptive(call, x, np.mean)


@kernel("adaptive_max_pool")
def adaptive_max_pool(call: Call, x: Array) -> Array:
    """The largest cell of each of `output_size` windows.

    Source: torch.nn.AdaptiveMaxPool2d.
    """
    return adaptive(call, x, np.max)


@kernel("global_avg_pool", workspace=outputs_times(0))
def global_avg_pool(call: Call, x: Array) -> Array:
    """The mean of every channel.

    Source: ONNX GlobalAveragePool; `keepdim` as torch.mean has it.
    """
    mean: Array = np.mean(x, axis=tuple(range(2, x.ndim)), keepdims=call.fields["keepdim"])
    return mean


@kernel("global_max_pool", workspace=outputs_times(0))
def global_max_pool(call: Call, x: Array) -> Array:
    """The largest cell of every channel.

    Source: ONNX GlobalMaxPool; `keepdim` as torch.amax has it.
    """
    largest: Array = np.max(x, axis=tuple(range(2, x.ndim)), keepdims=call.fields["keepdim"])
    return largest
