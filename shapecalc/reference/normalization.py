"""Normalization: by stored statistics, by the input's own, by neighbouring channels; a learnt scale alone."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.base import Array, Call, Fields, Shape, constant, kernel, outputs_times

if TYPE_CHECKING:
    from collections.abc import Mapping


# What is scaled and shifted at a time, so that the shift finds in the cache what the scale has written. Measured over
# the maps of ResNet-50 on cores with 1 MiB each: from 256 KiB to 1 MiB this takes three quarters of the time of whole
# maps; below 128 KiB it takes longer.
BLOCK_BYTES = 2**19


def per_channel(parameter: Array, x: Array) -> Array:
    """A parameter with one entry per channel, laid along axis 1 of [N, C, *spatial].

    Raises `ValueError` where it has another number of entries.
    """
    return parameter.reshape(x.shape[1], *(1,) * (x.ndim - 2))


def by_running_statistics(call: Call, x: Array) -> Array:
    """Scale and shift every channel, a block of channels at a time; both are folded from the statistics beforehand."""
    scale = 1 / np.sqrt(call.parameters["running_var"] + call.fields["eps"])
    if call.fields["affine"]:
        scale = scale * call.parameters["weight"]
    shift = -call.parameters["running_mean"] * scale
    if call.fields["affine"]:
        shift = shift + call.parameters["bias"]
    scale, shift = per_channel(scale, x), per_channel(shift, x)
    result = np.empty(x.shape, dtype=np.result_type(x, scale))
    step = max(1, BLOCK_BYTES // max(1, x[:, :1].nbytes))
    for first in range(0, x.shape[1], step):
        block = slice(first, first + step)
        np.multiply(x[:, block], scale[block], out=result[:, block])
        result[:, block] += shift[block]
    return result


def by_own_statistics(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    """(x − mean) / √(variance + eps) over the axes, with the biased variance."""
    centred: Array = x - x.mean(axis=axes, keepdims=True)
    variance = (centred * centred).mean(axis=axes, keepdims=True)
    centred /= np.sqrt(variance + eps)
    return centred


def scaled_and_shifted(call: Call, x: Array) -> Array:
    """Times `weight` and plus `bias` of every channel, where the layer is affine."""
    if call.fields["affine"]:
        x *= per_channel(call.parameters["weight"], x)
        x += per_channel(call.parameters["bias"], x)
    return x


@kernel("batch_norm", workspace=outputs_times(1))
def batch_norm(call: Call, x: Array) -> Array:
    """Evaluation mode: by the running statistics; without them by the batch's own, biased variance.

    Source: torch.nn.BatchNorm2d.
    """
    if call.fields["track_running_stats"]:
        return by_running_statistics(call, x)
    return scaled_and_shifted(call, by_own_statistics(x, (0, *range(2, x.ndim)), call.fields["eps"]))


@kernel("instance_norm", workspace=outputs_times(1))
def instance_norm(call: Call, x: Array) -> Array:
    """Evaluation mode: every channel of every sample by its own statistics, or by the running ones if it tracks them.

    Source: torch.nn.InstanceNorm2d.
    """
    if call.fields["track_running_stats"]:
        return by_running_statistics(call, x)
    return scaled_and_shifted(call, by_own_statistics(x, tuple(range(2, x.ndim)), call.fields["eps"]))


@kernel("layer_norm", workspace=outputs_times(1))
def layer_norm(call: Call, x: Array) -> Array:
    """By the statistics of the last axes, as many as `normalized_shape` names.

    Raises `ValueError` where those have other lengths.
    Source: torch.nn.LayerNorm.
    """
    shape = call.fields["normalized_shape"]
    shape = x.shape[-1:] if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
    if x.shape[-len(shape) :] != shape:
        raise ValueError(f"normalizes over {shape}, but the last axes are {x.shape[-len(shape) :]}")
    normalized = by_own_statistics(x, tuple(range(-len(shape), 0)), call.fields["eps"])
    if call.fields["elementwise_affine"]:
        normalized *= call.parameters["weight"].reshape(shape)
        if call.fields["bias"]:
            normalized += call.parameters["bias"].reshape(shape)
    return normalized


@kernel("rms_norm", workspace=outputs_times(1))
def rms_norm(call: Call, x: Array) -> Array:
    """X / √(mean of squares over the last axes + eps), times the weight.

    Raises `ValueError` where those have other lengths.
    Source: torch.nn.RMSNorm.
    """
    shape = call.fields["normalized_shape"]
    shape = x.shape[-1:] if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
    if x.shape[-len(shape) :] != shape:
        raise ValueError(f"normalizes over {shape}, but the last axes are {x.shape[-len(shape) :]}")
    axes = tuple(range(-len(shape), 0))
    mean = (x * x).sum(axis=axes, keepdims=True) / constant(x, prod(shape))
    normalized: Array = x / np.sqrt(mean + constant(x, call.fields["eps"]))
    if call.fields["elementwise_affine"]:
        normalized *= call.parameters["weight"].reshape(shape)
    return normalized


@kernel("group_norm", workspace=outputs_times(1))
def group_norm(call: Call, x: Array) -> Array:
    """Every group of channels of every sample by its own statistics.

    Source: torch.nn.GroupNorm.
    """
    groups = call.fields["num_groups"]
    grouped = x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])
    normalized = by_own_statistics(grouped, tuple(range(2, grouped.ndim)), call.fields["eps"])
    return scaled_and_shifted(call, normalized.reshape(x.shape))


def local_response_norm_workspace(
    fields: Fields,
    inputs: tuple[Shape, ...],
    _parameters: Mapping[str, Shape],
    outputs: tuple[Shape, ...],
    itemsize: int,
) -> int:
    """The squares, the same with zeros beyond the first and last channel, and their sums."""
    (samples, channels, *lengths), size = inputs[0], int(fields["size"])
    return itemsize * (2 * prod(outputs[0]) + samples * (channels + size - 1) * prod(lengths))


@kernel("local_response_norm", workspace=local_response_norm_workspace)
def local_response_norm(call: Call, x: Array) -> Array:
    """X / (k + alpha/size · sum of squares over `size` channels)^beta; beyond the first and last channel stand zeros.

    An even size reaches one channel further down than up.
    Source: torch.nn.LocalResponseNorm.
    """
    size = call.fields["size"]
    sides = ((0, 0), (size // 2, (size - 1) // 2), *((0, 0),) * (x.ndim - 2))
    squares = np.pad(x * x, sides, constant_values=constant(x, 0))
    channels = [squares[:, first : first + x.shape[1]] for first in range(size)]
    total = channels[0].copy()
    for neighbours in channels[1:]:
        total += neighbours
    total *= call.fields["alpha"] / size
    total += call.fields["k"]
    total **= call.fields["beta"]
    result: Array = x / total
    return result


@kernel("scale", workspace=outputs_times(0))
def scale(call: Call, x: Array) -> Array:
    """Times `weight` and, where there is one, plus `bias`, each laid along axis `dim`.

    Raises `ValueError` where they have another number of entries.
    Source: Liu et al. 2022, layer scale.
    """
    dim = call.fields["dim"]
    along = [size if axis == range(x.ndim)[dim] else 1 for axis, size in enumerate(x.shape)]
    scaled: Array = x * call.parameters["weight"].reshape(along)
    if call.fields["bias"]:
        scaled += call.parameters["bias"].reshape(along)
    return scaled
