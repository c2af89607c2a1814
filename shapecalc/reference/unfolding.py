"""Windows as columns, columns added to windows, and windows along one axis."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from shapecalc.reference.base import Array, Call, constant, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.windows import Margins, Window, at, crop, margins, pad, slide

if TYPE_CHECKING:
    from shapecalc.reference.base import Fields, RunShapes, Shape


def window_of(fields: Fields, rank: int) -> tuple[Window, Margins]:
    """Return the window, and the elements that are added before and after each axis."""
    window = Window.of(fields, rank)
    return window, margins(fields["padding"], (0,) * rank, window)


def columns_of(x: Array, fields: Fields) -> Array:
    """Return the elements of every window as a column: [N, C, *spatial] to [N, C · window, positions]."""
    rank = x.ndim - 2
    window, sides = window_of(fields, rank)
    windows = slide(pad(x, sides, constant(x, 0)), window)
    elements = np.moveaxis(windows, range(-rank, 0), range(2, 2 + rank))
    return elements.reshape(len(x), x.shape[1] * prod(window.size), -1)


def windows_of(x: Array, fields: Fields, size: Shape) -> Array:
    """Return the sum of all columns in the places of their windows: [N, C · window, positions] to [N, C, *size].

    Raises `ValueError` if there is another number of columns than windows.
    """
    rank = len(size)
    window, sides = window_of(fields, rank)
    canvas = pad(np.full((len(x), x.shape[1] // prod(window.size), *size), constant(x, 0)), sides, constant(x, 0))
    canvas = canvas.copy()
    onto = slide(canvas, window, writeable=True)
    values = x.reshape(len(x), canvas.shape[1], *window.size, *onto.shape[2 : 2 + rank])
    for element in np.ndindex(*window.size):
        tap = at(onto, element)
        tap += values[:, :, *element]
    return crop(canvas, sides)


def columns_workspace(run: RunShapes) -> int:
    """Return the bytes of the padded input."""
    _, sides = window_of(run.fields, len(run.inputs[0]) - 2)
    padded = (n + before + after for n, (before, after) in zip(run.inputs[0][2:], sides, strict=True))
    return run.itemsize * prod(run.inputs[0][:2]) * prod(padded)


@kernel("unfold", workspace=columns_workspace)
def unfold(call: Call, x: Array) -> Array:
    """Return the elements of every window as a column.

    Raises `ValueError` if a window is longer than its axis.
    Source: torch.nn.Unfold.
    """
    return columns_of(x, call.fields)


@backward("unfold")
def unfold_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each element the sum of the gradients of its copies."""
    return Gradients((windows_of(gradient, ctx.call.fields, ctx.inputs[0].shape[2:]),))


def canvas_workspace(run: RunShapes) -> int:
    """Return the bytes of the output with padding, twice."""
    size = run.outputs[0]
    _, sides = window_of(run.fields, len(size) - 2)
    padded = (n + before + after for n, (before, after) in zip(size[2:], sides, strict=True))
    return 2 * run.itemsize * prod(size[:2]) * prod(padded)


@kernel("fold", workspace=canvas_workspace)
def fold(call: Call, x: Array) -> Array:
    """Return the sum of all columns in the places of their windows.

    Raises `ValueError` if the columns are not those of the windows of `output_size`.
    Source: torch.nn.Fold.
    """
    given = call.fields["output_size"]
    return windows_of(x, call.fields, tuple(given) if isinstance(given, (tuple, list)) else (given, given))


@backward("fold")
def fold_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the elements of every window of the gradient as a column."""
    return Gradients((columns_of(gradient, ctx.call.fields),))


@kernel("sliding_window", workspace=outputs_times(0))
def sliding_window(call: Call, x: Array) -> Array:
    """Return the windows along an axis, each as a row of a new last axis.

    Raises `ValueError` if a window is longer than the axis.
    Source: torch.Tensor.unfold.
    """
    dim, size, step = (call.fields[name] for name in ("dim", "size", "step"))
    windows = np.moveaxis(sliding_window_view(x, size, axis=dim), dim % x.ndim, 0)[::step]
    return np.array(np.moveaxis(windows, 0, dim % x.ndim), order="C")


@backward("sliding_window")
def sliding_window_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each element the sum of the gradients of its copies; none of integers."""
    (x,), (dim, size, step) = ctx.inputs, (ctx.call.fields[name] for name in ("dim", "size", "step"))
    to_input = np.zeros_like(x, dtype=gradient.dtype)
    onto, given = np.moveaxis(to_input, dim, 0), np.moveaxis(gradient, dim % x.ndim, 0)
    for position, window in enumerate(given):
        onto[position * step : position * step + size] += np.moveaxis(window, -1, 0)
    return Gradients((to_input,))
