"""Selection of elements by a condition, by indices, and by their place in a matrix."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.arithmetic import sum_to_shape
from shapecalc.reference.base import Array, Call, constant, kernel, masked, outputs_times
from shapecalc.reference.embedding import checked_indices
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("where", workspace=outputs_times(0))
def where(call: Call, condition: Array, *arrays: Array) -> Array:
    """Return elements of the first array where the condition is true, of the second elsewhere; or numbers.

    Raises `ValueError` if the shapes do not broadcast, or an array is missing or one too many.
    Source: torch.where.
    """
    given, dtype = list(arrays), arrays[0] if arrays else np.zeros(1, np.float32)
    numbers = [call.fields[name] for name in ("x", "y")]
    if numbers.count(None) != len(given):
        raise ValueError(f"selects from {numbers.count(None)} arrays, receives {len(given)}")
    x, y = (given.pop(0) if number is None else constant(dtype, number) for number in numbers)
    return np.where(condition, x, y)


@backward("where")
def where_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each array the gradient where its elements were selected, summed over its broadcast axes."""
    condition, *arrays = ctx.inputs
    selected = [condition, ~condition]
    mine = [mask for mask, name in zip(selected, ("x", "y"), strict=True) if ctx.call.fields[name] is None]
    gradients = (
        None if x.dtype.kind in "iub" else sum_to_shape(masked(gradient, mask), x.shape)
        for x, mask in zip(arrays, mine, strict=True)
    )
    return Gradients((None, *gradients))


@kernel("masked_fill", workspace=outputs_times(0))
def masked_fill(call: Call, x: Array, mask: Array) -> Array:
    """Return the array with a number where the mask is true.

    Raises `ValueError` if the mask does not broadcast to the array.
    Source: torch.Tensor.masked_fill.
    """
    return np.where(np.broadcast_to(mask, x.shape), constant(x, call.fields["value"]), x)


@backward("masked_fill")
def masked_fill_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient where the mask is false, 0 elsewhere."""
    x, mask = ctx.inputs
    return Gradients((None if x.dtype.kind in "iub" else masked(gradient, ~np.broadcast_to(mask, x.shape)), None))


def places(x: Array, index: Array, dim: int) -> tuple[Array, ...]:
    """Return the indices along every axis of the elements that `gather` selects.

    Raises `ValueError` if an index is not an integer or not on the axis, or the indices have more places than there
    are along another axis.
    """
    along = list(np.ix_(*map(np.arange, index.shape)))
    along[dim] = checked_indices(index, x.shape[dim])
    if x.ndim != index.ndim or any(
        count > size
        for axis, (count, size) in enumerate(zip(index.shape, x.shape, strict=True))
        if axis != dim % x.ndim
    ):
        raise ValueError(f"gathers from {list(x.shape)}, receives indices {list(index.shape)}")
    return tuple(along)


@kernel("gather", workspace=outputs_times(1))
def gather(call: Call, x: Array, index: Array) -> Array:
    """Return the element of each index along an axis.

    Source: torch.gather.
    """
    gathered: Array = x[places(x, index, call.fields["dim"])]
    return gathered


@backward("gather")
def gather_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each element the sum of the gradients of its copies."""
    x, index = ctx.inputs
    if x.dtype.kind in "iub":
        return Gradients((None, None))
    to_input = np.zeros_like(x, dtype=gradient.dtype)
    np.add.at(to_input, places(x, index, ctx.call.fields["dim"]), gradient)
    return Gradients((to_input, None))


@kernel("take", workspace=outputs_times(0))
def take(call: Call, x: Array, *indices: Array) -> Array:
    """Return the entries of an axis at the indices of a list, or at those of a second array.

    Raises `IndexError` or `ValueError` if an index is not on the axis.
    Source: torch.index_select.
    """
    dim, index = call.fields["dim"], call.fields["index"]
    given = index if index is not None else checked_indices(indices[0], x.shape[dim])
    taken: Array = x.take(given, axis=dim)
    return taken


@backward("take")
def take_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each entry the sum of the gradients of its copies."""
    (x, *rest), dim = ctx.inputs, ctx.call.fields["dim"] % ctx.inputs[0].ndim
    if x.dtype.kind in "iub":
        return Gradients((None,) * len(ctx.inputs))
    index = np.asarray(ctx.call.fields["index"]) if not rest else rest[0]
    to_input = np.zeros_like(np.moveaxis(x, dim, 0), dtype=gradient.dtype)
    copies = np.moveaxis(gradient, range(dim, dim + index.ndim), range(index.ndim))
    np.add.at(to_input, index, copies)
    return Gradients((np.moveaxis(to_input, 0, dim).copy(), *(None,) * len(rest)))


def inside(x: Array, diagonal: int, *, upper: bool) -> Array:
    """Return whether each place of a matrix is in its lower triangle, or in its `upper` one."""
    distance = np.arange(x.shape[-1]) - np.arange(x.shape[-2])[:, None]
    return distance >= diagonal if upper else distance <= diagonal


@kernel("tril", workspace=outputs_times(0))
def tril(call: Call, x: Array) -> Array:
    """Return the lower triangle of each matrix.

    Source: torch.tril.
    """
    return np.where(inside(x, call.fields["diagonal"], upper=False), x, constant(x, 0))


@backward("tril")
def tril_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the lower triangle of the gradient."""
    return Gradients((masked(gradient, inside(gradient, ctx.call.fields["diagonal"], upper=False)),))


@kernel("triu", workspace=outputs_times(0))
def triu(call: Call, x: Array) -> Array:
    """Return the upper triangle of each matrix.

    Source: torch.triu.
    """
    return np.where(inside(x, call.fields["diagonal"], upper=True), x, constant(x, 0))


@backward("triu")
def triu_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the upper triangle of the gradient."""
    return Gradients((masked(gradient, inside(gradient, ctx.call.fields["diagonal"], upper=True)),))
