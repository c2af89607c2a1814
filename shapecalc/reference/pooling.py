"""Pooling: maximum or mean of every window, sliding, adaptive or global."""

from __future__ import annotations

from itertools import product
from math import inf, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.reference.base import Array, Call, Fields, RunShapes, Shape, constant, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.windows import Margins, Window, at, margins, overhang, pad, per_axis, slide, taps, unpad

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def pool_margins(fields: Fields, lengths: Shape, window: Window) -> tuple[Margins, Margins]:
    """Return the padding of a pool, and the elements that `ceil_mode` adds after it or removes."""
    sides = margins(fields["padding"], lengths, window)
    return sides, overhang(lengths, sides, window) if fields["ceil_mode"] else ((0, 0),) * len(lengths)


def total_margins(sides: Margins, behind: Margins) -> Margins:
    """Return the sum of padding and overhang."""
    return tuple((before, after + more) for (before, after), (_, more) in zip(sides, behind, strict=True))


def pool_workspace(run: RunShapes) -> int:
    """Return the bytes of the padded input, and of the divisors of the mean, an array of the size of the output."""
    samples, channels, *lengths = run.inputs[0]
    sides = total_margins(*pool_margins(run.fields, tuple(lengths), Window.of(run.fields, len(lengths))))
    padded = prod(length + before + max(after, 0) for length, (before, after) in zip(lengths, sides, strict=True))
    return run.itemsize * ((samples * channels * padded if any(map(any, sides)) else 0) + prod(run.outputs[0]))


@kernel("max_pool", workspace=pool_workspace)
def max_pool(call: Call, x: Array) -> Array:
    """Return the maximum of every window; padding and overhang are −∞.

    Source: torch.nn.MaxPool2d.
    """
    window = Window.of(call.fields, x.ndim - 2)
    sides = total_margins(*pool_margins(call.fields, x.shape[2:], window))
    elements = taps(slide(pad(x, sides, constant(x, -inf)), window), x.ndim - 2)
    largest = next(elements).copy()
    for element in elements:
        np.maximum(largest, element, out=largest)
    return largest


@backward("max_pool")
def max_pool_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient of every window at its maximum, at the first of several as in PyTorch."""
    (x,), (largest,), rank = ctx.inputs, ctx.outputs, ctx.inputs[0].ndim - 2
    window = Window.of(ctx.call.fields, rank)
    sides = total_margins(*pool_margins(ctx.call.fields, x.shape[2:], window))
    padded = pad(x, sides, constant(x, -inf))
    grad_padded = np.zeros_like(padded)
    given, pending = np.empty_like(gradient), np.ones(gradient.shape, dtype=bool)
    elements = taps(slide(padded, window), rank)
    for element, onto in zip(elements, taps(slide(grad_padded, window, writeable=True), rank), strict=True):
        is_maximum = element == largest
        is_maximum &= pending
        pending ^= is_maximum
        np.multiply(gradient, is_maximum, out=given)
        np.add(onto, given, out=onto)
    return Gradients((unpad(grad_padded, sides),))


@kernel("avg_pool", workspace=pool_workspace)
def avg_pool(call: Call, x: Array) -> Array:
    """Return the sum of every window over the number of its elements that count: with `count_include_pad` padding too.

    The overhang of `ceil_mode` beyond the padding never counts.
    Source: torch.nn.AvgPool2d.
    """
    window = Window.of(call.fields, x.ndim - 2)
    sides, behind = pool_margins(call.fields, x.shape[2:], window)
    total = window_sums(pad(x, total_margins(sides, behind), constant(x, 0)), window)
    total /= divisors(call.fields, x, window)
    return total


@backward("avg_pool")
def avg_pool_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for every element the sum of the gradients of its windows, each over the divisor of the window."""
    (x,), rank = ctx.inputs, ctx.inputs[0].ndim - 2
    window = Window.of(ctx.call.fields, rank)
    sides = total_margins(*pool_margins(ctx.call.fields, x.shape[2:], window))
    grad_padded = np.zeros_like(pad(x, sides))
    share = gradient / divisors(ctx.call.fields, x, window)
    for onto in taps(slide(grad_padded, window, writeable=True), rank):
        np.add(onto, share, out=onto)
    return Gradients((unpad(grad_padded, sides),))


def divisors(fields: Fields, x: Array, window: Window) -> Any:
    """Return the divisor of every window's sum: one number for all, or one per position of the window."""
    if fields["divisor_override"] is not None:
        return fields["divisor_override"]
    sides, behind = pool_margins(fields, x.shape[2:], window)
    counting = pad(np.ones(x.shape[2:], dtype=int), sides, int(fields["count_include_pad"]))
    return window_sums(pad(counting, behind, 0), window).astype(x.dtype)


def window_sums(x: Array, window: Window) -> Array:
    """Return the sum of every window over the spatial axes."""
    elements = taps(slide(x, window), len(window.size))
    total = next(elements).copy()
    for element in elements:
        total += element
    return total


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
    return adaptive(call, x, np.max)


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
    largest: Array = np.max(x, axis=tuple(range(2, x.ndim)), keepdims=call.fields["keepdim"])
    return largest


@backward("global_max_pool")
def global_max_pool_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient of every channel at its maximum, in equal parts at several as in torch.amax."""
    (x,), (largest,), each = ctx.inputs, ctx.outputs, (*ctx.inputs[0].shape[:2], *(1,) * (ctx.inputs[0].ndim - 2))
    is_maximum = x == largest.reshape(each)
    share = gradient.reshape(each) / is_maximum.sum(axis=tuple(range(2, x.ndim)), keepdims=True, dtype=x.dtype)
    return Gradients((is_maximum * share,))
