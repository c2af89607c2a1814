"""The index of the maximum along an axis, and the greatest elements with their indices."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from shapecalc.reference.base import RunShapes


@kernel("argmax", workspace=outputs_times(1))
def argmax(call: Call, x: Array) -> Array:
    """Return the index of the maximum along an axis, of several the first.

    Source: torch.argmax.
    """
    index: Array = np.argmax(x, axis=call.fields["dim"], keepdims=True).astype(np.int64)
    return index if call.fields["keepdim"] else index.squeeze(call.fields["dim"])


@backward("argmax")
def argmax_backward(_ctx: Context, _gradient: Array) -> Gradients:
    """Return no gradient: indices change by steps."""
    return Gradients((None,))


def searching_workspace(run: RunShapes) -> int:
    """Return the bytes of the elements that are left and of their indices, before and after one is taken out."""
    return 4 * max(run.itemsize, 8) * prod(run.inputs[0])


@kernel("topk", workspace=searching_workspace)
def topk(call: Call, x: Array) -> tuple[Array, Array]:
    """Return the k greatest elements along an axis and their indices: k searches, each among one element fewer.

    Raises `ValueError` if the axis has fewer.
    Source: torch.topk.
    """
    k, dim = call.fields["k"], call.fields["dim"]
    left = np.moveaxis(x, dim, -1)
    if left.shape[-1] < k:
        raise ValueError(f"selects {k} of {left.shape[-1]} elements")
    search = np.argmax if call.fields["largest"] else np.argmin
    indices = np.broadcast_to(np.arange(left.shape[-1]), left.shape)
    values, selected = [], []
    for _ in range(k):
        best = search(left, axis=-1, keepdims=True)
        values.append(np.take_along_axis(left, best, -1))
        selected.append(np.take_along_axis(indices, best, -1))
        rest = np.arange(left.shape[-1] - 1)
        rest = rest + (rest >= best)
        left, indices = (np.take_along_axis(each, rest, -1) for each in (left, indices))
    joined = (np.concatenate(each, axis=-1) for each in (values, selected))
    y, places = (np.ascontiguousarray(np.moveaxis(each, -1, dim)) for each in joined)
    return y, places


@backward("topk")
def topk_backward(ctx: Context, gradient: Array | None, _indices: Array | None = None) -> Gradients:
    """Return the gradient at the selected elements, 0 elsewhere."""
    (x,), dim = ctx.inputs, ctx.call.fields["dim"]
    if gradient is None or x.dtype.kind in "iub":
        return Gradients((None,))
    to_input = np.zeros_like(x, dtype=gradient.dtype)
    np.put_along_axis(to_input, ctx.outputs[1], gradient, dim)
    return Gradients((to_input,))
