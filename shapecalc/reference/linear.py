"""The linear layer, one matrix product; and radial basis functions."""

from __future__ import annotations

from math import prod

import numpy as np

from shapecalc.reference.base import Array, Call, RunShapes, kernel
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.weights import weight_gradients, weight_of, weight_workspace

FEW_ROWS = 3
"""Up to this number of rows, each is multiplied separately, which reads the weight once per row: a matrix product would
first copy the weight into another order, which takes longer. Measured over the weights of VGG-16."""


@kernel("linear", workspace=weight_workspace)
def linear(call: Call, x: Array) -> Array:
    """Return every row along the last axis times the weight, plus the bias.

    Source: torch.nn.Linear.
    """
    rows = x.reshape(-1, x.shape[-1])
    output = call.work.matmul(rows[:, None] if len(rows) <= FEW_ROWS else rows, weight_of(call).T)
    if call.fields["bias"]:
        output += call.parameters["bias"]
    return output.reshape(*x.shape[:-1], -1)


@backward("linear")
def linear_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dX = dY · W, dW = dYᵀ · X, db = sum of dY over the rows."""
    (x,), weight = ctx.inputs, weight_of(ctx.call)
    rows = gradient.reshape(-1, gradient.shape[-1])
    grad_input = ctx.to_inputs.matmul(rows, weight).reshape(x.shape)
    parameters = weight_gradients(ctx.call, ctx.to_parameters.matmul(rows.T, x.reshape(-1, x.shape[-1])))
    if ctx.call.fields["bias"]:
        parameters["bias"] = rows.sum(axis=0)
    return Gradients((grad_input,), parameters)


def distances_workspace(run: RunShapes) -> int:
    """Return the bytes of the differences to one centre, of their squares, and of one column of sums."""
    return run.itemsize * (2 * prod(run.inputs[0]) + prod(run.outputs[0]))


@kernel("rbf", workspace=distances_workspace)
def rbf(call: Call, x: Array) -> Array:
    """Return the squared distance of every row along the last axis to each centre.

    Raises `ValueError` if a row is not as long as a centre.
    Source: LeCun, Bottou, Bengio, Haffner 1998, equation 7.
    """
    centres = call.parameters["weight"]
    if x.shape[-1] != centres.shape[-1]:
        # A row of length 1 would broadcast over a centre without an error.
        raise ValueError(f"measures rows of {centres.shape[-1]} features, receives {list(x.shape)}")
    output = np.empty((*x.shape[:-1], len(centres)), dtype=np.result_type(x, centres))
    for index, centre in enumerate(centres):
        difference = x - centre
        output[..., index] = (difference * difference).sum(axis=-1)
    return output


@backward("rbf")
def rbf_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dX = sum over centres of 2 · (x − centre) · dY."""
    (x,) = ctx.inputs
    grad_input = np.zeros_like(x)
    for index, centre in enumerate(ctx.call.parameters["weight"]):
        grad_input += (2 * gradient[..., index, None]) * (x - centre)
    return Gradients((grad_input,))
