"""Pooling: maximum or mean of every window, sliding, adaptive or global."""

from __future__ import annotations

from functools import partial
from itertools import product
from math import inf, prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.reference.base import (
    Array,
    Call,
    Fields,
    RunShapes,
    Shape,
    constant,
    kernel,
    largest,
    masked,
    maximum,
    outputs_times,
)
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.windows import Index, Margins, Window, at, margins, overhang, pad, per_axis, taps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


LONG_WINDOW = 16
"""Shorter windows count as a whole, with what extends past the padded axis."""


class Pool(NamedTuple):
    """The windows of a pool over an array: the array, and along each axis the first element of every window.

    Windows may start before the array and end after it: what they do not read there is padding.
    """

    x: Array
    window: Window
    starts: tuple[range, ...]

    @property
    def taps(self) -> Iterator[tuple[Index, Index]]:
        """Yield, for each element of the window, the windows that read one of the array there, and what they read."""
        return taps(self.x.shape[2:], self.starts, self.window)

    @property
    def shape(self) -> Shape:
        """The shape of the output."""
        return (*self.x.shape[:2], *map(len, self.starts))


def laid(fields: Fields, lengths: Shape) -> tuple[Window, Margins, tuple[range, ...]]:
    """Return the window of a pool, its padding, and along each axis the first element of every window.

    Raises `ValueError` if no window fits.
    """
    window = Window.of(fields, len(lengths))
    sides, starts = margins(fields["padding"], lengths, window), []
    behind = overhang(lengths, sides, window) if fields["ceil_mode"] else ((0, 0),) * len(lengths)
    for axis, (length, (before, after), (_, more)) in enumerate(zip(lengths, sides, behind, strict=True)):
        step, fitting = window.stride[axis], before + length + after + more - window.span(axis)
        if fitting < 0:
            raise ValueError(f"a window over {window.span(axis)} cells finds no place on {before + length + after}")
        starts.append(range(-before, fitting + 1 - before, step))
    return window, sides, tuple(starts)


def pool(call: Call, x: Array) -> Pool:
    """Return the windows of a pool over an array."""
    window, _, starts = laid(call.fields, x.shape[2:])
    return Pool(x, window, starts)


def padded_pool(call: Call, x: Array, filling: float = 0) -> Pool:
    """Return the windows of a pool over an array; an array of objects is padded, since its windows show what they read.

    Scalars that count their operations count those with padding too: for them it is added, and the overhang of windows,
    unless a long window is longer than the padded axis.
    """
    if x.dtype != object:
        return pool(call, x)
    window, sides, starts = laid(call.fields, x.shape[2:])
    full = []
    for axis, (length, (before, after), own) in enumerate(zip(x.shape[2:], sides, starts, strict=True)):
        end = own[-1] + window.span(axis)
        longer = window.size[axis] >= LONG_WINDOW and window.span(axis) > before + length + after
        full.append((before, after if longer else max(end - length, 0)))
    return Pool(
        pad(x, tuple(full), constant(x, filling)),
        window,
        tuple(range(0, len(own) * own.step, own.step) for own in starts),
    )


def pool_workspace(run: RunShapes) -> int:
    """Return the bytes of the divisors of the mean, an array of the size of the output."""
    laid(run.fields, run.inputs[0][2:])
    return run.itemsize * prod(run.outputs[0])


def reduce_windows(windows: Pool, filling: float, combine: Callable[..., Any]) -> Array:
    """Return the elements of every window combined, or `filling` for a window that reads none."""
    result = np.full(windows.shape, constant(windows.x, filling), dtype=windows.x.dtype)
    for number, (positions, read) in enumerate(windows.taps):
        onto, elements = at(result, positions), at(windows.x, read)
        if number:
            combine(onto, elements, out=onto)
        else:
            onto[...] = elements
    return result


@kernel("max_pool", workspace=pool_workspace)
def max_pool(call: Call, x: Array) -> Array | tuple[Array, ...]:
    """Return the maximum of every window and, with `return_indices`, its place; padding and overhang are −∞.

    Source: torch.nn.MaxPool2d.
    """
    y = reduce_windows(padded_pool(call, x, -inf), -inf, maximum)
    return (y, places_of(pool(call, x), y)) if call.fields.get("return_indices") else y


def places_of(windows: Pool, y: Array) -> Array:
    """Return the place of each maximum, counted over all spatial axes: the first of several.

    Of scalars that count their operations only values are compared: the maximum is one that was compared already.
    """
    lengths = windows.x.shape[2:]
    every = np.arange(prod(lengths)).reshape(lengths)
    places, pending = np.zeros(y.shape, dtype=np.int64), np.ones(y.shape, dtype=bool)
    for positions, read in windows.taps:
        waits = at(pending, positions)
        is_maximum = at(windows.x, read).astype(float) == at(y, positions).astype(float)
        is_maximum &= waits
        waits ^= is_maximum
        np.copyto(at(places, positions), at(every, read), where=is_maximum)
    return places


@backward("max_pool")
def max_pool_backward(ctx: Context, gradient: Array | None, _places: Array | None = None) -> Gradients:
    """Return the gradient of every window at its maximum, at the first of several as in PyTorch."""
    (x,), (y, *_) = ctx.inputs, ctx.outputs
    gradient = np.zeros_like(y) if gradient is None else gradient
    grad_input, pending = np.zeros_like(x), np.ones(gradient.shape, dtype=bool)
    for positions, read in pool(ctx.call, x).taps:
        waits = at(pending, positions)
        is_maximum = at(x, read) == at(y, positions)
        is_maximum &= waits
        waits ^= is_maximum
        onto = at(grad_input, read)
        np.add(onto, masked(at(gradient, positions), is_maximum), out=onto)
    return Gradients((grad_input,))


@kernel("avg_pool", workspace=pool_workspace)
def avg_pool(call: Call, x: Array) -> Array:
    """Return the sum of every window over the number of its elements that count: with `count_include_pad` padding too.

    The overhang of `ceil_mode` beyond the padding never counts.
    Source: torch.nn.AvgPool2d.
    """
    total = reduce_windows(padded_pool(call, x), 0, np.add)
    total /= divisors(call.fields, x)
    return total


@backward("avg_pool")
def avg_pool_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for every element the sum of the gradients of its windows, each over the divisor of the window."""
    (x,) = ctx.inputs
    grad_input, share = np.zeros_like(x), gradient / divisors(ctx.call.fields, x)
    for positions, read in pool(ctx.call, x).taps:
        onto = at(grad_input, read)
        np.add(onto, at(share, positions), out=onto)
    return Gradients((grad_input,))


def divisors(fields: Fields, x: Array) -> Any:
    """Return the divisor of every window's sum: one number for all, or one per position of the window."""
    if fields["divisor_override"] is not None:
        return fields["divisor_override"]
    lengths = x.shape[2:]
    window, sides, starts = laid(fields, lengths)
    counts: Any = np.ones(())
    for axis, (length, (before, after), own) in enumerate(zip(lengths, sides, starts, strict=True)):
        low, high = (-before, length + after) if fields["count_include_pad"] else (0, length)
        step = window.dilation[axis]
        ends = [(start + max(0, -(-(low - start) // step)) * step, start + window.span(axis)) for start in own]
        counts = np.multiply.outer(counts, [len(range(first, min(end, high), step)) for first, end in ends])
    return counts.astype(x.dtype)


def adaptive_windows(length: int, count: int | None) -> Iterator[slice]:
    """Yield `count` windows [⌊i·n/o⌋, ⌈(i+1)·n/o⌉); for None one per element.

    They overlap if o does not divide n.

    >>> list(adaptive_windows(4, 3))
    [slice(0, 2, None), slice(1, 3, None), slice(2, 4, None)]
    """
    count = length if count is None else count
    for index in range(count):
        yield slice(index * length // count, -(-(index + 1) * length // count))


def adaptive(call: Call, x: Array, reduce: Callable[..., Array]) -> Array:
    """Return the reduction of each adaptive window over the spatial axes."""
    windows = adaptive_slices(call, x)
    axes = tuple(range(2, x.ndim))
    reduced = [reduce(at(x, window), axis=axes) for window in product(*windows)]
    return np.stack(reduced, axis=-1).reshape(*x.shape[:2], *map(len, windows))


def adaptive_slices(call: Call, x: Array) -> list[list[slice]]:
    """Return the adaptive windows along each spatial axis."""
    counts = per_axis(call.fields["output_size"], x.ndim - 2)
    return [list(adaptive_windows(length, count)) for length, count in zip(x.shape[2:], counts, strict=True)]


def adaptive_backward(ctx: Context, gradient: Array, share: Callable[[Array, Array], Array]) -> Gradients:
    """Return the sum over windows of `share(window, gradient)`; windows are [N, C, elements], gradients [N, C, 1]."""
    (x,) = ctx.inputs
    grad_input = np.zeros_like(x)
    windows = product(*adaptive_slices(ctx.call, x))
    for given, window in zip(np.moveaxis(gradient.reshape(*x.shape[:2], -1, 1), 2, 0), windows, strict=True):
        tile, onto = at(x, window), at(grad_input, window)
        onto += share(tile.reshape(*x.shape[:2], -1), given).reshape(tile.shape)
    return Gradients((grad_input,))


@kernel("adaptive_avg_pool")
def adaptive_avg_pool(call: Call, x: Array) -> Array:
    """Return the mean of each of `output_size` windows.

    Source: torch.nn.AdaptiveAvgPool2d.
    """
    return adaptive(call, x, np.mean)


@backward("adaptive_avg_pool")
def adaptive_avg_pool_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for every element the sum of the gradients of its windows, each over the number of their elements."""

    def equal_share(tile: Array, given: Array) -> Array:
        return np.broadcast_to(given / tile.shape[-1], tile.shape)

    return adaptive_backward(ctx, gradient, equal_share)


@kernel("adaptive_max_pool")
def adaptive_max_pool(call: Call, x: Array) -> Array:
    """Return the maximum of each of `output_size` windows.

    Source: torch.nn.AdaptiveMaxPool2d.
    """
    return adaptive(call, x, partial(largest, keepdims=False))


@backward("adaptive_max_pool")
def adaptive_max_pool_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient of every window at its maximum, at the first of several as in PyTorch."""

    def to_largest(tile: Array, given: Array) -> Array:
        share = np.zeros_like(tile)
        np.put_along_axis(share, tile.argmax(axis=-1, keepdims=True), given, axis=-1)
        return share

    return adaptive_backward(ctx, gradient, to_largest)


@kernel("global_avg_pool", workspace=outputs_times(0))
def global_avg_pool(call: Call, x: Array) -> Array:
    """Return the mean of every channel.

    Source: ONNX GlobalAveragePool; `keepdim` as in torch.mean.
    """
    mean: Array = np.mean(x, axis=tuple(range(2, x.ndim)), keepdims=call.fields["keepdim"])
    return mean


@backward("global_avg_pool")
def global_avg_pool_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for every element the gradient of its channel over the number of elements."""
    (x,) = ctx.inputs
    share = gradient.reshape(*x.shape[:2], *(1,) * (x.ndim - 2)) / prod(x.shape[2:])
    return Gradients((np.broadcast_to(share, x.shape).copy(),))


@kernel("global_max_pool", workspace=outputs_times(0))
def global_max_pool(call: Call, x: Array) -> Array:
    """Return the maximum of every channel.

    Source: ONNX GlobalMaxPool; `keepdim` as in torch.amax.
    """
    return largest(x, tuple(range(2, x.ndim)), keepdims=call.fields["keepdim"])


@backward("global_max_pool")
def global_max_pool_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient of every channel at its maximum, in equal parts at several as in torch.amax."""
    (x,), (y,), each = ctx.inputs, ctx.outputs, (*ctx.inputs[0].shape[:2], *(1,) * (ctx.inputs[0].ndim - 2))
    is_maximum = x == y.reshape(each)
    count = is_maximum.sum(axis=tuple(range(2, x.ndim)), keepdims=True).astype(x.dtype)
    return Gradients((masked(gradient.reshape(each) / count, is_maximum),))
