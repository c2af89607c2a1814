"""Biases of attention scores by the distance of query and key: rows of a table, or slopes."""

from __future__ import annotations

from itertools import product
from math import floor, log, log2
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.base import Array, Call, RunShapes, kernel
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from shapecalc.reference.base import Fields


def pairs_workspace(run: RunShapes) -> int:
    """Return the bytes of a few integers for each pair, and of a copy of the output."""
    (_, heads, queries, keys), *_ = run.outputs
    return queries * keys * (48 + 2 * run.itemsize * heads)


@kernel("relative_position_bias", workspace=pairs_workspace)
def relative_position_bias(call: Call, *inputs: Array) -> Array:
    """Return a number for each head, query and key.

    Raises `ValueError` if a table has another number of rows than there are distances, or another number of heads.
    Source: T5Attention.compute_bias of transformers; torchvision's _get_relative_position_bias; Press et al. 2022.
    """
    fields, queries, keys = call.fields, inputs[0].shape[-2], inputs[-1].shape[-2]
    if fields["kind"] == "alibi":
        distance = np.abs(np.arange(queries)[:, None] - np.arange(keys))
        kind = inputs[0].dtype if inputs[0].dtype.kind == "f" else np.dtype(np.float32)
        bias: Array = -np.array(slopes(fields["num_heads"]))[:, None, None] * distance
        return bias[None].astype(kind)
    rows, count = rows_of(fields, queries, keys)
    table = table_of(call)
    if table.shape != (count, fields["num_heads"]):
        raise ValueError(f"a table of {table.shape} for {count} distances and {fields['num_heads']} heads")
    return np.ascontiguousarray(np.moveaxis(table[rows], -1, 0)[None])


@backward("relative_position_bias")
def relative_position_bias_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each row of a table the sum of the gradients of its pairs; 0 for inputs: their lengths are read."""
    grad_inputs = tuple(np.zeros_like(x) if x.dtype.kind not in "iub" else None for x in ctx.inputs)
    if ctx.call.fields["kind"] == "alibi":
        return Gradients(grad_inputs)
    rows, _ = rows_of(ctx.call.fields, gradient.shape[-2], gradient.shape[-1])
    (name,) = ctx.call.parameters
    table = np.zeros_like(ctx.call.parameters[name], dtype=gradient.dtype)
    np.add.at(table, rows, np.moveaxis(gradient[0], 0, -1))
    return Gradients(grad_inputs, {name: table})


def table_of(call: Call) -> Array:
    """Return the table of the kind."""
    return call.parameters["weight" if call.fields["kind"] == "t5" else "relative_position_bias_table"]


def rows_of(fields: Fields, queries: int, keys: int) -> tuple[Array, int]:
    """Return the row of the table for each query and key, and the number of rows.

    Raises `ValueError` if a window has other positions.
    """
    if fields["kind"] == "t5":
        count = fields["num_buckets"] or 32
        distance = np.arange(keys) - np.arange(queries)[:, None]
        return buckets(distance, count, fields["max_distance"] or 128, both=fields["bidirectional"]), count
    window = fields["window_size"]
    window = (window, window) if isinstance(window, int) else tuple(window)
    positions = list(product(*map(range, window)))
    if (queries, keys) != (len(positions), len(positions)):
        raise ValueError(f"a window of {list(window)} has {len(positions)} positions, receives {queries} and {keys}")
    offsets = list(product(*(range(1 - size, size) for size in window)))
    place = {offset: row for row, offset in enumerate(offsets)}
    rows = [[place[tuple(np.subtract(one, other).tolist())] for other in positions] for one in positions]
    return np.array(rows), len(offsets)


def buckets(distance: Array, count: int, most: int, *, both: bool) -> Array:
    """Return the bucket of each key position minus query position, in single precision as T5 computes it."""
    later = np.zeros_like(distance)
    if both:
        count //= 2
        later = np.where(distance > 0, count, 0)
        distance = np.abs(distance)
    else:
        distance = np.maximum(-distance, 0)
    exact = count // 2
    ratio = np.log(np.maximum(distance, 1).astype(np.float32) / np.float32(exact)) / np.float32(log(most / exact))
    wide = exact + (ratio * np.float32(count - exact)).astype(np.int64)
    result: Array = later + np.where(distance < exact, distance, np.minimum(wide, count - 1))
    return result


def slopes(heads: int) -> list[float]:
    """Return the slope of each head: a geometric sequence, and for other numbers than powers of 2 some between."""
    power = 2 ** floor(log2(heads))
    first = [2.0 ** (-8 * head / power) for head in range(1, power + 1)]
    between = [2.0 ** (-8 * head / (2 * power)) for head in range(1, 2 * (heads - power), 2)]
    return first + between
