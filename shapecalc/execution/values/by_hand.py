"""A layer type on arrays as a user writes them: the fields and axes that follow from the arrays are filled in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.calculators.tracing import number
from shapecalc.diagnostics import LayerError
from shapecalc.dims import show
from shapecalc.execution.lowering import concrete, fields_as_written
from shapecalc.execution.values.axes import with_axes, without
from shapecalc.execution.values.layer import MOST_INTEGERS, compute, long_axes
from shapecalc.reference.windows import Window, margins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.dims import Shape
    from shapecalc.execution.values.axes import Arrays
    from shapecalc.execution.values.layer import LayerValues, WorkedTensor
    from shapecalc.layers import Layer
    from shapecalc.reference.base import Array


def by_hand(
    layer: type[Layer],
    fields: Mapping[str, Any],
    inputs: Mapping[str, Array],
    parameters: Mapping[str, Array],
    *,
    rank: int | None = None,
    padding_value: Array | None = None,
    upstream: Array | None = None,
    backward: bool = False,
    seed: int | None = None,
) -> LayerValues:
    """Return the values of a layer type, of the fields that are given, in the shapes of the arrays that are given.

    What a weight says need not be said again: the number of output channels, the window. A layer has a bias if one is
    given, and uses the statistics of the batch unless running ones are given. `rank` is the number of axes along which
    windows slide; `padding_value` is the number in the padding of a convolution, as an array of one element.
    An array without axes is one of one element. Raises `LayerError` as `compute` and `with_axes` do; and for a
    `padding_value` of another layer (SC102), of padding with other elements (SC205), or of several numbers (SC204).
    """
    inputs, parameters = (
        {name: np.atleast_1d(array) for name, array in group.items()} for group in (inputs, parameters)
    )
    arrays = with_axes(layer, inputs, parameters, rank)
    shapes = [array.shape for array in arrays.inputs.values()]
    built = _built(layer, fields, arrays.parameters, shapes)
    _check_shapes(built, fields, arrays, {**inputs, **parameters}, upstream)
    full = {name: _indices(name, array) if built.reads == "int64" else array for name, array in arrays.inputs.items()}
    sides: tuple[tuple[int, int], ...] = ()
    if padding_value is not None:
        ((name, x), *_) = full.items()
        built, full[name], sides = _padded(built, x, padding_value)
    written = {name: array.shape for name, array in {**inputs, **parameters}.items()}
    values = compute(built, full, arrays.parameters, upstream=upstream, backward=backward, seed=seed, written=written)
    by_shape = {full[name].shape: array.shape for name, array in inputs.items()}

    def shaped(tensor: WorkedTensor) -> WorkedTensor:
        if sides and tensor.name in inputs:
            tensor = tensor.cropped(sides)
        shape = written.get(tensor.name)
        if shape is not None and np.prod(shape) == tensor.values.size:
            return tensor.reshaped(shape)
        return tensor.reshaped(without(tensor.values, arrays.dropped).shape)

    def like_input(tensor: WorkedTensor) -> WorkedTensor:
        shape = tensor.values.shape
        return tensor if sides else tensor.reshaped(by_shape.get(shape, shape))

    return replace(
        values,
        inputs=tuple(map(shaped, values.inputs)),
        parameters=tuple(
            tensor.reshaped(written.get(tensor.name, tensor.values.shape)) for tensor in values.parameters
        ),
        outputs=tuple(map(shaped, values.outputs)),
        intermediates=tuple(map(like_input, values.intermediates)),
        backward_intermediates=tuple(map(like_input, values.backward_intermediates)),
        upstream=tuple(map(shaped, values.upstream)),
        gradients=tuple(map(shaped, values.gradients)),
    )


def _check_shapes(
    layer: Layer,
    fields: Mapping[str, Any],
    arrays: Arrays,
    written: Mapping[str, Array],
    upstream: Array | None,
) -> None:
    """Raise `LayerError` if a parameter or the gradient does not fit, in terms of the arrays that the user has written.

    What the window of a weight is wrong with is an error of the weight.
    """
    shapes = [array.shape for array in arrays.inputs.values()]
    try:
        output = concrete(next(iter(layer.outputs(*shapes).values())))
    except LayerError as error:
        weight = arrays.parameters.get("weight")
        if weight is None or error.field in fields or error.field not in layer.decided_by(weight.shape, fields):
            raise
        raise LayerError(error.code, expects=error.expects or "", receives=error.receives, field="weight") from None
    for name, shape in {**layer.parameters(*shapes), **layer.buffers(*shapes)}.items():
        if name in written and arrays.parameters[name].shape != shape:
            received = written[name].shape
            added = len(shape) - len(received)
            trimmed = shape[added:] if added > 0 and set(shape[:added]) == {1} else shape
            raise LayerError("SC301", expects=show(trimmed), receives=show(received), field=name)
    if upstream is not None and long_axes(upstream.shape) != long_axes(output):
        left = tuple(size for axis, size in enumerate(output) if axis not in arrays.dropped or size != 1)
        raise LayerError("SC301", expects=show(left), receives=show(upstream.shape), field="gradient")
    variance = written.get("running_var")
    if variance is not None and (variance < 0).any():
        raise LayerError(
            "SC201", expects="variances of at least 0", receives=number(variance.min()), field="running_var"
        )


def _built(
    layer: type[Layer], fields: Mapping[str, Any], parameters: Mapping[str, Array], shapes: Sequence[Shape]
) -> Layer:
    """Return a layer with the fields that are given, and those that follow from its parameters."""
    known = dict(fields)
    if "kernel_size" in layer.fields:  # a pair for all axes
        rank = len(shapes[0]) - 2
        known = {name: value * rank if _is_alone(value) else value for name, value in known.items()}
    if "weight" in parameters:
        weight = parameters["weight"].shape
        decided = layer.decided_by(weight, fields)
        for name, value in decided.items():
            if known.setdefault(name, value) not in (value, _single(value)):
                raise LayerError("SC301", expects=f"`{name}` {known[name]}", receives=show(weight), field="weight")
    if "track_running_stats" in layer.fields:
        known.setdefault("track_running_stats", not parameters.keys().isdisjoint({"running_mean", "running_var"}))
    if "affine" in layer.fields and not parameters.keys().isdisjoint({"weight", "bias"}):
        known.setdefault("affine", True)
    for name, field in layer.fields.items():
        if field.required and name not in known:
            raise LayerError("SC106", f"is missing: {field.description}", field=name)
    built = layer(**known)
    if "bias" in layer.fields and not {"bias"} & {*parameters, *fields}:
        starts = built.initial("bias", *shapes).distribution
        built = built if starts == "constant" else replace(built, bias=False)  # type: ignore[type-var]
    return built


def _is_alone(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 1


def _single(value: Any) -> Any:
    """Return the number that a list of equal numbers may be written as."""
    return value[0] if isinstance(value, tuple) and len({*value}) == 1 else value


def _indices(name: str, array: Array) -> Array:
    """Return numbers as the indices of rows; raise `LayerError` SC202 if one is not an integer of at least 0."""
    indices = np.empty(0) if (abs(array) >= MOST_INTEGERS).any() else array.astype(np.int64)
    if not indices.size or (indices != array).any() or (indices < 0).any():
        raise LayerError("SC202", expects="indices: integers of at least 0", receives=str(array.tolist()), field=name)
    return indices


def _padded(layer: Layer, x: Array, value: Array) -> tuple[Layer, Array, tuple[tuple[int, int], ...]]:
    """Return a layer without padding, its input with a padding of this number, and the elements added."""
    written = fields_as_written(layer)
    if "padding_mode" not in written:
        raise LayerError("SC102", "is an option of a convolution", field="padding_value")
    if written["padding_mode"] != "zeros":
        message = f"expects `padding_mode` `zeros`, receives `{written['padding_mode']}`"
        raise LayerError("SC205", message, field="padding_value")
    if value.size != 1:
        raise LayerError("SC204", expects="one number", receives=str(value.size), field="padding_value")
    window = Window.of(written, x.ndim - 2)
    sides = ((0, 0), (0, 0), *margins(written["padding"], x.shape[2:], window))
    return replace(layer, padding=0), np.pad(x, sides, constant_values=value.item()), sides  # type: ignore[type-var]
