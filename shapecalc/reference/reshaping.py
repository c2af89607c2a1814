"""Layers that change the axes and not the elements."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("identity", workspace=outputs_times(0))
def identity(_call: Call, x: Array) -> Array:
    """Return the input.

    Source: torch.nn.Identity.
    """
    return x


@backward("identity")
def identity_backward(_past: Context, gradient: Array) -> Gradients:
    """Return the gradient."""
    return Gradients((gradient,))


@kernel("flatten", workspace=outputs_times(0))
def flatten(call: Call, x: Array) -> Array:
    """Return the axes from `start_dim` to `end_dim`, both included, as one.

    Source: torch.nn.Flatten.
    """
    axes = range(x.ndim)
    start, end = axes[call.fields["start_dim"]], axes[call.fields["end_dim"]]
    return x.reshape(*x.shape[:start], -1, *x.shape[end + 1 :])


@kernel("reshape", workspace=outputs_times(0))
def reshape(call: Call, x: Array) -> Array:
    """Return the elements in the same order in another shape: -1 is inferred, 0 copies that axis of the input.

    Source: ONNX Reshape.
    """
    return x.reshape([x.shape[axis] if length == 0 else length for axis, length in enumerate(call.fields["shape"])])


@kernel("permute", workspace=outputs_times(0))
def permute(call: Call, x: Array) -> Array:
    """Return the axes in another order; a view.

    Source: torch.permute.
    """
    return x.transpose(call.fields["dims"])


@backward("permute")
def permute_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient with its axes in the order of the input."""
    return Gradients((gradient.transpose(np.argsort(np.arange(gradient.ndim)[list(ctx.call.fields["dims"])])),))


@kernel("squeeze", workspace=outputs_times(0))
def squeeze(call: Call, x: Array) -> Array:
    """Return the input without some axes of length 1; a view.

    Raises `ValueError` if the length of one of them is not 1.
    Source: torch.squeeze, which retains such an axis.
    """
    return x.squeeze(call.fields["dim"])


@kernel("unsqueeze", workspace=outputs_times(0))
def unsqueeze(call: Call, x: Array) -> Array:
    """Return the input with one more axis, of length 1; a view.

    Source: torch.unsqueeze.
    """
    return np.expand_dims(x, call.fields["dim"])


@backward("flatten")
@backward("reshape")
@backward("squeeze")
@backward("unsqueeze")
def reshape_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient in the shape of the input."""
    return Gradients((gradient.reshape(ctx.inputs[0].shape),))
