"""The linear layer, one matrix product; and radial basis functions."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.base import Array, Call, Fields, Shape, kernel, outputs_times
from shapecalc.reference.gradients import Gradients, Past, backward

if TYPE_CHECKING:
    from collections.abc import Mapping


FEW = 3
"""So many rows are multiplied each on its own, which reads the weight as often: a product of matrices would first copy
it into another order, which takes longer. Measured over the weights of VGG-16."""


@kernel("linear", workspace=outputs_times(0))
def linear(call: Call, x: Array) -> Array:
    """Every row along the last axis times the weight, plus the bias.

    Source: torch.nn.Linear.
    """
    rows = x.reshape(-1, x.shape[-1])
    output = call.work.matmul(rows[:, None] if len(rows) <= FEW else rows, call.parameters["weight"].T)
    if call.fields["bias"]:
        output += call.parameters["bias"]
    return output.reshape(*x.shape[:-1], -1)


@backward("linear")
def linear_backward(past: Past, gradient: Array) -> Gradients:
    """Gradients: dX = dY · W, dW = dYᵀ · X, db the sum of dY over the rows."""
    (x,), weight = past.inputs, past.call.parameters["weight"]
    rows = gradient.reshape(-1, gradient.shape[-1])
    to_input = past.to_inputs.matmul(rows, weight).reshape(x.shape)
    parameters = {"weight": past.to_parameters.matmul(rows.T, x.reshape(-1, x.shape[-1]))}
    if past.call.fields["bias"]:
        parameters["bias"] = rows.sum(axis=0)
    return Gradients((to_input,), parameters)


def distances_workspace(
    _fields: Fields,
    inputs: tuple[Shape, ...],
    _parameters: Mapping[str, Shape],
    outputs: tuple[Shape, ...],
    itemsize: int,
) -> int:
    """The differences to one centre and their squares at a time, and the column that they add up to."""
    return itemsize * (2 * prod(inputs[0]) + prod(outputs[0]))


@kernel("rbf", workspace=distances_workspace)
def rbf(call: Call, x: Array) -> Array:
    """Every row along the last axis: its squared distance to each centre.

    Raises `ValueError` where a row is not as long as a centre.
    Source: LeCun, Bottou, Bengio, Haffner 1998, equation 7.
    """
    centres = call.parameters["weight"]
    if x.shape[-1] != centres.shape[-1]:
        # A lone number would be spread over all of a centre, and nothing would be said.
        raise ValueError(f"measures rows of {centres.shape[-1]} features, receives {list(x.shape)}")
    output = np.empty((*x.shape[:-1], len(centres)), dtype=np.result_type(x, centres))
    for place, centre in enumerate(centres):
        apart = x - centre
        output[..., place] = (apart * apart).sum(axis=-1)
    return output


@backward("rbf")
def rbf_backward(past: Past, gradient: Array) -> Gradients:
    """dX: twice the way from each centre, times the gradient by the distance to it, added up."""
    (x,) = past.inputs
    to_input = np.zeros_like(x)
    for place, centre in enumerate(past.call.parameters["weight"]):
        to_input += (2 * gradient[..., place, None]) * (x - centre)
    return Gradients((to_input,))
