"""Layers by type, what their rules refuse and require of symbols, and their figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.dims import product
from shapecalc.layers import layer_type
from shapecalc.layers.constraints import Constraints

if TYPE_CHECKING:
    from shapecalc.dims import Condition, Dim, Shape
    from shapecalc.layers import Layer


def made(type_: str, **fields: Any) -> Layer:
    cls = layer_type(type_)
    assert cls is not None
    return cls(**fields)


def refused(layer: Layer, *inputs: Any) -> LayerError:
    """The error for inputs that do not fit."""
    with pytest.raises(LayerError) as caught:
        layer.outputs(*inputs)
    return caught.value


def answer(layer: Layer, *inputs: Any) -> Any:
    """The shape of the output, or the code of the error."""
    try:
        return layer.output_shape(*inputs)
    except LayerError as error:
        return error.code


def refused_fields(type_: str, **fields: Any) -> LayerError:
    """The error for fields that are wrong or contradict each other."""
    with pytest.raises(LayerError) as caught:
        made(type_, **fields)
    return caught.value


def required(layer: Layer, *inputs: Any) -> list[Condition]:
    """The conditions on symbols, in the order in which the rule requires them."""
    constraints = Constraints([])
    layer.outputs(*inputs, constraints=constraints)
    return constraints.conditions or []


def params(layer: Layer, *inputs: Any) -> Dim:
    """The number of trainable scalars."""
    return layer.params_as("pytorch", *inputs)


def macs(layer: Layer, *inputs: Any) -> Dim:
    return layer.macs(*inputs, layer.output_shape(*inputs))


def flops(layer: Layer, *inputs: Any) -> Dim:
    return layer.flops(*inputs, layer.output_shape(*inputs))


def saved(layer: Layer, *inputs: Any) -> dict[str, Dim]:
    """The elements of each tensor that is saved for the backward pass."""
    return {record.name: record.elements for record in layer.saved(*inputs, layer.output_shape(*inputs))}


def buffers(layer: Layer, *inputs: Shape) -> Dim:
    """The number of stored scalars that are not trained."""
    return sum(product(shape) for shape in layer.buffers(*inputs).values())
