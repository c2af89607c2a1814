"""Layers that only read the same cells under other axes."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.base import Array, Call, kernel, outputs_times


@kernel("identity", workspace=outputs_times(0))
def identity(_call: Call, x: Array) -> Array:
    """The input itself.

    Source: torch.nn.Identity.
    """
    return x


@kernel("flatten", workspace=outputs_times(0))
def flatten(call: Call, x: Array) -> Array:
    """The axes from `start_dim` to `end_dim`, both included, as one.

    Source: torch.nn.Flatten.
    """
    axes = range(x.ndim)
    start, end = axes[call.fields["start_dim"]], axes[call.fields["end_dim"]]
    return x.reshape(*x.shape[:start], -1, *x.shape[end + 1 :])


@kernel("reshape", workspace=outputs_times(0))
def reshape(call: Call, x: Array) -> Array:
    """The cells in the same order under another shape: -1 is inferred, 0 keeps the axis that stands there.

    Source: ONNX Reshape.
    """
    return x.reshape([x.shape[axis] if length == 0 else length for axis, length in enumerate(call.fields["shape"])])


@kernel("permute", workspace=outputs_times(0))
def permute(call: Call, x: Array) -> Array:
    """The axes in another order; a view.

    Source: torch.permute.
    """
    return x.transpose(call.fields["dims"])


@kernel("squeeze", workspace=outputs_times(0))
def squeeze(call: Call, x: Array) -> Array:
    """The same cells without some axes of 1; a view.

    Raises `ValueError` where one of them is not 1.
    Source: torch.squeeze, which leaves such an axis.
    """
    return x.squeeze(call.fields["dim"])


@kernel("unsqueeze", workspace=outputs_times(0))
def unsqueeze(call: Call, x: Array) -> Array:
    """The same cells with an axis of 1 more; a view.

    Source: torch.unsqueeze.
    """
    return np.expand_dims(x, call.fields["dim"])
