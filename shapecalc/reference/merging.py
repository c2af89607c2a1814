"""Concatenation, matrix products, splitting, and selection of channels."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.arithmetic import sum_to_shape
from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from collections.abc import Iterable


@kernel("concat", workspace=outputs_times(0))
def concat(call: Call, *arrays: Array) -> Array:
    """Return the concatenation of arrays along an axis.

    Raises `ValueError` if they differ along another axis.
    Source: torch.cat.
    """
    return np.concatenate(arrays, axis=call.fields["dim"])


@backward("concat")
def concat_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each input its part of the gradient."""
    dim = ctx.call.fields["dim"]
    edges = [0, *accumulate(x.shape[dim] for x in ctx.inputs)]
    return Gradients(chunks(gradient, dim, edges))


@kernel("matmul", workspace=outputs_times(0))
def matmul(call: Call, a: Array, b: Array) -> Array:
    """Return the matrix product over the last two axes, with those of the second array swapped if `transpose_b`.

    Raises `ValueError` if an array is not a matrix, the inner axes differ or the others do not broadcast.
    Source: torch.matmul.
    """
    if min(a.ndim, b.ndim) < 2:  # noqa: PLR2004 - a matrix has rows and columns
        raise ValueError(f"multiplies matrices, receives {a.shape} and {b.shape}")
    return call.work.matmul(a, b.swapaxes(-1, -2) if call.fields["transpose_b"] else b)


@backward("matmul")
def matmul_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dA = dY · Bᵀ, dB = Aᵀ · dY, each summed over its broadcast axes."""
    a, b = ctx.inputs
    transposed = ctx.call.fields["transpose_b"]
    grad_a = ctx.to_inputs.matmul(gradient, b if transposed else b.swapaxes(-1, -2))
    rows, columns = (gradient, a) if transposed else (a, gradient)
    grad_b = ctx.to_inputs.matmul(rows.swapaxes(-1, -2), columns)
    return Gradients((sum_to_shape(grad_a, a.shape), sum_to_shape(grad_b, b.shape)))


@kernel("split", workspace=outputs_times(0))
def split(call: Call, x: Array) -> tuple[Array, ...]:
    """Return chunks of one size and the remainder, or a chunk per size of a list.

    Raises `ValueError` if a list does not sum to the axis.
    Source: torch.split.
    """
    size, length = call.fields["split_size"], x.shape[call.fields["dim"]]
    if isinstance(size, int):
        return chunks(x, call.fields["dim"], [*range(0, length, size), length])
    edges = [0, *accumulate(size)]
    if edges[-1] != length:
        raise ValueError(f"pieces of {list(size)} make {edges[-1]}, the axis has {length}")
    return chunks(x, call.fields["dim"], edges)


@kernel("chunk", workspace=outputs_times(0))
def chunk(call: Call, x: Array) -> tuple[Array, ...]:
    """Return `chunks` chunks of one size, the last with the remainder.

    Raises `ValueError` if the axis gives fewer chunks of that size.
    Source: torch.chunk, which then gives fewer.
    """
    count, length = call.fields["chunks"], x.shape[call.fields["dim"]]
    # A chunk has one element for every `count` elements of the axis, and for a last incomplete group of them.
    size = len(range(0, length, count))
    edges = [*range(0, length, size), length]
    if len(edges) != count + 1:
        raise ValueError(f"pieces of {size} on an axis of {length} are {len(edges) - 1}, not {count}")
    return chunks(x, call.fields["dim"], edges)


@backward("split")
@backward("chunk")
def chunks_backward(ctx: Context, *gradients: Array | None) -> Gradients:
    """Return the concatenated gradients of the chunks, zeros for a chunk that nothing reads."""
    known = [np.zeros_like(y) if dy is None else dy for y, dy in zip(ctx.outputs, gradients, strict=True)]
    return Gradients((np.concatenate(known, axis=ctx.call.fields["dim"]),))


@kernel("select_channels", workspace=outputs_times(0))
def select_channels(call: Call, x: Array) -> Array:
    """Return the channels of a list, in its order.

    Raises `IndexError` if a channel does not exist.
    Source: torch.index_select with dim=1.
    """
    return x[:, list(call.fields["channels"])]


@backward("select_channels")
def select_channels_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each channel the sum of the gradients of its copies, 0 without copies."""
    grad_input = np.zeros_like(ctx.inputs[0], dtype=gradient.dtype)
    for index, channel in enumerate(ctx.call.fields["channels"]):
        grad_input[:, channel] += gradient[:, index]
    return Gradients((grad_input,))


def chunks(x: Array, dim: int, edges: Iterable[int]) -> tuple[Array, ...]:
    """Return the parts of an array between neighbouring edges of an axis, as copies, so that the rest can be freed."""
    along = np.moveaxis(x, dim, 0)
    return tuple(np.moveaxis(along[start:end], 0, dim).copy() for start, end in pairwise(edges))
