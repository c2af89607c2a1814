"""The axes that a layer reads, from those that a user writes: for a convolution `[1, 1, 1, 0]` is one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.diagnostics import LayerError
from shapecalc.dims import show
from shapecalc.layers.ranks import MOST_SPATIAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.layers import Layer
    from shapecalc.reference.base import Array

ROWS = ("q", "k", "v")
"""The letters of inputs that are rows."""


class Arrays(NamedTuple):
    """Inputs and parameters with every axis, and the axes of the outputs that are left out again."""

    inputs: Mapping[str, Array]
    parameters: Mapping[str, Array]
    dropped: tuple[int, ...] = ()


def with_axes(
    layer: type[Layer], inputs: Mapping[str, Array], parameters: Mapping[str, Array], rank: int | None = None
) -> Arrays:
    """Return arrays as [N, C, *spatial] for a layer that reads maps, and as they are for any other.

    A weight of one axis is that of one neuron; queries, keys and values of one axis are one row.

    Of a layer with windows, `rank` is the number of spatial axes: by default as many as fit the input and the weight, 2
    if both 1 and 2 do. Leading axes that are missing are samples and channels, those of a weight filters and channels.
    Raises `LayerError` SC305 if an array has too many or too few axes.
    """
    weight = parameters.get("weight")
    if weight is not None and weight.ndim == 1 and "out_features" in layer.fields:  # a neuron
        ((_, x), *_) = inputs.items()
        return Arrays(inputs, {**parameters, "weight": weight[None]}, (x.ndim - 1,))
    if "kernel_size" in layer.fields:
        return _of_windows(layer, inputs, parameters, rank)
    if layer.letters == ROWS:
        rows = {name: array[None] if array.ndim == 1 else array for name, array in inputs.items()}
        return Arrays(rows, parameters, (0,) if next(iter(inputs.values())).ndim == 1 else ())
    if layer.reads_map or layer.normalizes_batch or layer.reads_channels:
        return _of_channels(layer, inputs, parameters)
    return Arrays(inputs, parameters)


def _of_channels(layer: type[Layer], inputs: Mapping[str, Array], parameters: Mapping[str, Array]) -> Arrays:
    ((name, x), *_) = inputs.items()
    if getattr(layer, "per_sample", False):  # the positions of a channel
        missing = max(3 - x.ndim, 0)
        return Arrays({name: x.reshape((1,) * missing + x.shape)}, parameters, tuple(range(missing)))
    if x.ndim > 1:
        return Arrays(inputs, parameters)
    shape = (-1, 1) if layer.normalizes_batch else (1, -1, 1)
    return Arrays({name: x.reshape(shape)}, parameters, tuple(axis for axis, size in enumerate(shape) if size == 1))


def _of_windows(
    layer: type[Layer], inputs: Mapping[str, Array], parameters: Mapping[str, Array], rank: int | None
) -> Arrays:
    ((name, x), *_) = inputs.items()
    weight = parameters.get("weight")
    if rank is None:
        rank = _usual_rank(x.ndim, None if weight is None else weight.ndim)
    for field, array in ((name, x), *(() if weight is None else (("weight", weight),))):
        if not rank <= array.ndim <= rank + 2:
            raise LayerError(
                "SC305",
                expects=f"{rank} to {rank + 2} axes, of which the last {rank} slide" if rank > 1 else "1 to 3 axes",
                receives=f"{array.ndim}, {show(array.shape)}",
                field=field,
                help="`--rank` is the number of axes along which a window slides",
            )
    missing = rank + 2 - x.ndim
    dropped = (0, 1)[:missing]
    full = {name: x.reshape((1,) * missing + x.shape)}
    if weight is None:
        return Arrays(full, parameters, dropped)
    lacking = rank + 2 - weight.ndim
    if lacking == 1:
        weight = np.expand_dims(weight, getattr(layer, "filters_axis", 0))
    elif lacking:
        weight = weight[None, None]
    return Arrays(full, {**parameters, "weight": weight}, (*((0,) if missing else ()), *((1,) if lacking else ())))


def _usual_rank(x: int, weight: int | None) -> int:
    """Return the number of spatial axes that arrays of these numbers of axes usually have.

    >>> _usual_rank(1, 1), _usual_rank(2, 2), _usual_rank(2, 3), _usual_rank(3, 4), _usual_rank(3, None)
    (1, 2, 1, 2, 2)
    """
    least = max(x, weight or 0) - 2
    most = min(x, x if weight is None else weight, MOST_SPATIAL)
    if weight == x + 1 and x == 2:  # noqa: PLR2004 - [channels, length] and [filters, channels, window]
        return 1
    return max(least, min(most, 2), 1)


def without(array: Array, dropped: tuple[int, ...]) -> Array:
    """Return an array without those of the `dropped` axes that have one element."""
    sizes = [size for axis, size in enumerate(array.shape) if axis not in dropped or size != 1]
    return array.reshape(sizes)
