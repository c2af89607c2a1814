"""Embedding and one-hot, from integers to vectors; and the cosine similarity of two vectors."""

from __future__ import annotations

from math import prod

import numpy as np

from shapecalc.reference.base import Array, Call, RunShapes, constant, kernel, largest, maximum, minimum, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward

LENGTHS = ("‖x‖", "‖y‖")


def embedding_workspace(run: RunShapes) -> int:
    """Return the bytes of the rows and of their squares, if they are within a norm."""
    return 0 if run.fields["max_norm"] is None else outputs_times(2)(run)


@kernel("embedding", workspace=embedding_workspace)
def embedding(call: Call, x: Array) -> Array:
    """Return the row of the table for every index; that of `padding_idx` as it is stored.

    Raises `ValueError` if an index is not an integer or not a row, or the table has another number of rows.
    Source: torch.nn.Embedding.
    """
    table, rows = call.parameters["weight"], call.fields["num_embeddings"]
    if len(table) != rows:
        raise ValueError(f"reads a table of {rows} rows, receives {list(table.shape)}")
    result: Array = table.take(checked_indices(x, rows), axis=0)
    most = call.fields["max_norm"]
    if most is None:
        return result
    norms = np.sqrt((result * result).sum(axis=-1, keepdims=True))
    ratios = np.divide(constant(result, most), norms + constant(result, 1e-7))
    return result * minimum(ratios, constant(result, 1))


@backward("embedding")
def embedding_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each row the sum of the gradients of its uses; 0 for that of `padding_idx`, which is not trained.

    As in PyTorch, which scales long rows in the table, the gradient is that with respect to the scaled row.
    """
    (x,), padding = ctx.inputs, ctx.call.fields["padding_idx"]
    table = np.zeros_like(ctx.call.parameters["weight"], dtype=gradient.dtype)
    for row, row_gradient in zip(x.flat, gradient.reshape(-1, table.shape[-1]), strict=True):
        table[row] += row_gradient
    if padding is not None:
        table[padding] = 0
    return Gradients((None,), {"weight": table})


def bags_workspace(run: RunShapes) -> int:
    """Return the bytes of all rows, and of the same times their weights."""
    return run.itemsize * 2 * prod(run.inputs[0]) * run.outputs[0][-1]


@kernel("embedding_bag", workspace=bags_workspace)
def embedding_bag(call: Call, x: Array, *weights: Array) -> Array:
    """Return the sum, mean or maximum of the rows of each bag.

    Raises `ValueError` if an index is not an integer or not a row, or the table has another number of rows.
    Source: torch.nn.EmbeddingBag.
    """
    table, fields = call.parameters["weight"], call.fields
    if table.shape != (fields["num_embeddings"], fields["embedding_dim"]):
        raise ValueError(f"reads a table of {fields['num_embeddings']} rows, receives {list(table.shape)}")
    rows = table.take(checked_indices(x, len(table)), axis=0)
    for each in weights:
        rows = rows * each[..., None]
    if fields["mode"] == "max":
        return largest(rows, 1, keepdims=False)
    total: Array = rows.sum(axis=1)
    return total / constant(total, x.shape[1]) if fields["mode"] == "mean" else total


@backward("embedding_bag")
def embedding_bag_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return for each row its part of the gradients of its bags, of a maximum at its first place; and for weights."""
    (x, *weights), table = ctx.inputs, ctx.call.parameters["weight"]
    rows, mode = table[x], ctx.call.fields["mode"]
    each = np.broadcast_to(gradient[:, None], rows.shape)
    if mode == "mean":
        each = each / constant(gradient, x.shape[1])
    if mode == "max":
        first = rows.argmax(axis=1)[:, None] == np.arange(x.shape[1])[None, :, None]
        each = each * first
    grad_weights = [(each * rows).sum(axis=-1) for _ in weights]
    for weight in weights:
        each = each * weight[..., None]
    grad_table = np.zeros_like(table, dtype=gradient.dtype)
    np.add.at(grad_table, x, each)
    return Gradients((None, *grad_weights), {"weight": grad_table})


@kernel("one_hot", workspace=outputs_times(1))
def one_hot(call: Call, x: Array) -> Array:
    """Return for each index a row of zeros with a 1 at that index, in float32.

    Raises `ValueError` if an index is not an integer or not a class.
    Source: torch.nn.functional.one_hot, which gives int64.
    """
    classes = call.fields["num_classes"]
    matches: Array = checked_indices(x, classes)[..., None] == np.arange(classes)
    return matches.astype(np.float32)


@backward("one_hot")
def one_hot_backward(_past: Context, _gradient: Array) -> Gradients:
    """Return no gradient: indices are integers."""
    return Gradients((None,))


def checked_indices(x: Array, count: int) -> Array:
    """Return the input, whose entries are checked to be integers from 0 to count − 1.

    Raises `ValueError` with the first entry that is not.
    """
    if x.dtype.kind not in "iu":
        raise ValueError(f"reads indices of an integer type, receives {x.dtype} such as {x.flat[0]}")
    if x.min() < 0 or x.max() >= count:
        invalid = next(int(index) for index in x.flat if not 0 <= index < count)
        raise ValueError(f"reads indices from 0 to {count - 1}, receives {invalid}")
    return x


def products_workspace(run: RunShapes) -> int:
    """Return the bytes of one array of products at a time, and of lengths and cosines."""
    return run.itemsize * (prod(run.inputs[0]) + 5 * prod(run.outputs[0]))


@kernel("cosine_similarity", workspace=products_workspace)
def cosine_similarity(call: Call, x: Array, y: Array) -> Array:
    """Return x · y / (max(‖x‖, eps) · max(‖y‖, eps)) along `dim`.

    Raises `ValueError` if the inputs have different shapes.
    Source: torch.nn.CosineSimilarity.
    """
    if x.shape != y.shape:
        raise ValueError(f"compares vectors of two arrays of one shape, receives {list(x.shape)} and {list(y.shape)}")
    dim, eps, work = call.fields["dim"], constant(x, call.fields["eps"]), call.work
    norms = (np.sqrt((each * each).sum(axis=dim, keepdims=True)) for each in (x, y))
    lengths = [work.reduced(name, maximum(norm, eps), dim) for name, norm in zip(LENGTHS, norms, strict=True)]
    dot_product = work.reduced("x · y", (x * y).sum(axis=dim, keepdims=True), dim)
    cosine: Array = dot_product / (lengths[0] * lengths[1])
    return cosine.squeeze(dim)


@backward("cosine_similarity")
def cosine_similarity_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return (y/‖y‖ − cosine · x/‖x‖) / ‖x‖ · dY for x, without the second term if `eps` replaces ‖x‖; likewise for y.

    PyTorch includes that term below `eps` too, although the output does not depend on it: the only difference.
    """
    dim = ctx.call.fields["dim"]
    eps = constant(gradient, ctx.call.fields["eps"])
    cosine, gradient = np.expand_dims(ctx.outputs[0], dim), np.expand_dims(gradient, dim)
    norms = [np.sqrt((each * each).sum(axis=dim, keepdims=True)) for each in ctx.inputs]
    work = ctx.call.work
    lengths = [work.reduced(name, maximum(norm, eps), dim) for name, norm in zip(LENGTHS, norms, strict=True)]
    units = [each / length for each, length in zip(ctx.inputs, lengths, strict=True)]
    along = [np.where(length >= eps, cosine, constant(cosine, 0)) for length in norms]
    grad_x = (units[1] - along[0] * units[0]) * (gradient / lengths[0])
    grad_y = (units[0] - along[1] * units[1]) * (gradient / lengths[1])
    return Gradients((grad_x, grad_y))
