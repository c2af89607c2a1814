"""Layers where paths meet and part: sums, products and joins of several arrays; pieces of one."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.base import Array, Call, constant, kernel, outputs_times
from shapecalc.reference.gradients import Gradients, Past, backward

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@kernel("add", workspace=outputs_times(0))
def add(_call: Call, *arrays: Array) -> Array:
    """The sum, place by place.

    Raises `ValueError` where the shapes do not broadcast.
    Source: torch.add.
    """
    return combined(np.add, arrays)


@backward("add")
def add_backward(past: Past, gradient: Array) -> Gradients:
    """The gradient itself for each, summed over the axes along which one was stretched."""
    return Gradients(tuple(unstretched(gradient, x.shape) for x in past.inputs))


@kernel("multiply", workspace=outputs_times(0))
def multiply(_call: Call, *arrays: Array) -> Array:
    """The product, place by place.

    Raises `ValueError` where the shapes do not broadcast.
    Source: torch.mul.
    """
    return combined(np.multiply, arrays)


@backward("multiply")
def multiply_backward(past: Past, gradient: Array) -> Gradients:
    """For each the gradient times all others, summed over the axes along which it was stretched.

    The product of the others is that of those before and those after: none is divided by, for one may be 0.
    """
    befores = accumulate(past.inputs[:-1], np.multiply, initial=gradient)
    after, found = constant(gradient, 1), []
    for x, before in zip(reversed(past.inputs), reversed([*befores]), strict=True):
        found.append(unstretched(before * after, x.shape))
        after = after * x
    return Gradients(tuple(reversed(found)))


@kernel("concat", workspace=outputs_times(0))
def concat(call: Call, *arrays: Array) -> Array:
    """The arrays one after another along an axis.

    Raises `ValueError` where they differ along another axis.
    Source: torch.cat.
    """
    return np.concatenate(arrays, axis=call.fields["dim"])


@backward("concat")
def concat_backward(past: Past, gradient: Array) -> Gradients:
    """To each the piece that it became."""
    dim = past.call.fields["dim"]
    edges = [0, *accumulate(x.shape[dim] for x in past.inputs)]
    return Gradients(pieces(gradient, dim, edges))


@kernel("matmul", workspace=outputs_times(0))
def matmul(call: Call, a: Array, b: Array) -> Array:
    """The matrix product over the last two axes; those of the second change places first where that is asked for.

    Raises `ValueError` where an array is no matrix, the inner axes differ or the others do not broadcast.
    Source: torch.matmul.
    """
    if min(a.ndim, b.ndim) < 2:  # noqa: PLR2004 - a matrix has rows and columns
        raise ValueError(f"multiplies matrices, receives {a.shape} and {b.shape}")
    return call.work.matmul(a, b.swapaxes(-1, -2) if call.fields["transpose_b"] else b)


@backward("matmul")
def matmul_backward(past: Past, gradient: Array) -> Gradients:
    """Gradients: dA = dY · Bᵀ, dB = Aᵀ · dY, each summed over the axes along which one was stretched."""
    a, b = past.inputs
    turned = past.call.fields["transpose_b"]
    to_a = past.to_inputs.matmul(gradient, b if turned else b.swapaxes(-1, -2))
    rows, columns = (gradient, a) if turned else (a, gradient)
    to_b = past.to_inputs.matmul(rows.swapaxes(-1, -2), columns)
    return Gradients((unstretched(to_a, a.shape), unstretched(to_b, b.shape)))


@kernel("split", workspace=outputs_times(0))
def split(call: Call, x: Array) -> tuple[Array, ...]:
    """Pieces of one size and what is left over, or a piece per size of a list.

    Raises `ValueError` where a list does not sum to the axis.
    Source: torch.split.
    """
    size, length = call.fields["split_size"], x.shape[call.fields["dim"]]
    if isinstance(size, int):
        return pieces(x, call.fields["dim"], [*range(0, length, size), length])
    edges = [0, *accumulate(size)]
    if edges[-1] != length:
        raise ValueError(f"pieces of {list(size)} make {edges[-1]}, the axis has {length}")
    return pieces(x, call.fields["dim"], edges)


@kernel("chunk", workspace=outputs_times(0))
def chunk(call: Call, x: Array) -> tuple[Array, ...]:
    """Pieces of one size and what is left over, as many as asked for.

    Raises `ValueError` where pieces of that size are fewer.
    Source: torch.chunk, which then gives fewer.
    """
    asked, length = call.fields["chunks"], x.shape[call.fields["dim"]]
    # Every `asked`-th cell begins one cell of a piece: as many as a piece is long, the last round cut short.
    size = len(range(0, length, asked))
    edges = [*range(0, length, size), length]
    if len(edges) != asked + 1:
        raise ValueError(f"pieces of {size} on an axis of {length} are {len(edges) - 1}, not {asked}")
    return pieces(x, call.fields["dim"], edges)


@backward("split")
@backward("chunk")
def cutting_backward(past: Past, *gradients: Array | None) -> Gradients:
    """The pieces' gradients one after another, zeros for a piece that nothing reads."""
    known = [np.zeros_like(y) if dy is None else dy for y, dy in zip(past.outputs, gradients, strict=True)]
    return Gradients((np.concatenate(known, axis=past.call.fields["dim"]),))


@kernel("select_channels", workspace=outputs_times(0))
def select_channels(call: Call, x: Array) -> Array:
    """The channels that a list names, in its order.

    Raises `IndexError` where there is no such channel.
    Source: torch.index_select with dim=1.
    """
    return x[:, list(call.fields["channels"])]


@backward("select_channels")
def select_channels_backward(past: Past, gradient: Array) -> Gradients:
    """To each channel the sum over the places that it was taken to; 0 where it was taken to none."""
    to_input = np.zeros_like(past.inputs[0], dtype=gradient.dtype)
    for place, channel in enumerate(past.call.fields["channels"]):
        to_input[:, channel] += gradient[:, place]
    return Gradients((to_input,))


def combined(operate: Callable[..., Array], arrays: tuple[Array, ...]) -> Array:
    """One array after another worked into the first, which is stretched before: each operation is one per output."""
    first, *others = arrays
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    onto = np.broadcast_to(first, shape).astype(np.result_type(*arrays), order="C")
    for x in others:
        operate(onto, x, out=onto)
    return onto


def unstretched(gradient: Array, shape: tuple[int, ...]) -> Array:
    """The sum over the axes along which an array of that shape was stretched."""
    further = gradient.ndim - len(shape)
    stretched = [further + axis for axis, size in enumerate(shape) if size == 1 != gradient.shape[further + axis]]
    if not further and not stretched:
        return gradient
    summed: Array = gradient.sum(axis=(*range(further), *stretched), keepdims=True)
    return summed.reshape(shape)


def pieces(x: Array, dim: int, edges: Iterable[int]) -> tuple[Array, ...]:
    """What stands between each two neighbouring edges of an axis; copies, so that the rest can be let go."""
    along = np.moveaxis(x, dim, 0)
    return tuple(np.moveaxis(along[start:end], 0, dim).copy() for start, end in pairwise(edges))
