"""Weights that are computed from other tensors: weight normalization and weight standardization."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shapecalc.reference.base import Array, Call, RunShapes

NORM, DIRECTION = "parametrizations.weight.original0", "parametrizations.weight.original1"


def weight_of(call: Call) -> Array:
    """Return the weight of a call, computed from the tensors that are trained.

    Source: torch.nn.utils.parametrizations.weight_norm; Qiao et al. 2019; Brock, De, Smith 2021, equation 5.
    """
    if call.fields.get("weight_norm"):
        lengths, directions = normed_tensors(call)
        return directions * (lengths / norms_of(directions, call.fields["weight_norm_dim"]))
    weight = call.parameters["weight"]
    if not call.fields.get("standardize"):
        return weight
    return scaled(call, standardized(weight, call.fields["eps"])[0])


def normed_tensors(call: Call) -> tuple[Array, Array]:
    """Return g and v.

    Raises `ValueError` if g does not have one entry for each of the axis `weight_norm_dim` of v.
    """
    lengths, directions = call.parameters[NORM], call.parameters[DIRECTION]
    fitting = [1] * directions.ndim
    fitting[call.fields["weight_norm_dim"]] = directions.shape[call.fields["weight_norm_dim"]]
    if list(lengths.shape) != fitting:
        raise ValueError(f"lengths of {list(lengths.shape)} do not fit directions of {list(directions.shape)}")
    return lengths, directions


def other_axes(array: Array, axis: int) -> tuple[int, ...]:
    """Return the axes of an array without one of them."""
    return tuple(other for other in range(array.ndim) if other != axis)


def norms_of(directions: Array, axis: int) -> Array:
    """Return ‖v‖ for each entry of an axis, with the others of length 1."""
    return np.asarray(np.sqrt((directions * directions).sum(axis=other_axes(directions, axis), keepdims=True)))


def standardized(weight: Array, eps: float) -> tuple[Array, Array]:
    """Return every filter less its mean and over √(variance + eps), and these deviations."""
    axes = other_axes(weight, 0)
    centred = weight - weight.mean(axis=axes, keepdims=True)
    deviations = np.sqrt((centred * centred).mean(axis=axes, keepdims=True) + eps)
    return centred / deviations, deviations


def scaled(call: Call, filters: Array) -> Array:
    """Return filters times gain · gamma/√fan_in, if the layer has a gain."""
    return filters * factors_of(call, filters) if call.fields["gain"] else filters


def factors_of(call: Call, filters: Array) -> Array:
    """Return gain · gamma/√fan_in of each filter.

    Raises `ValueError` if there is not one gain for each filter.
    """
    gain = call.parameters["gain"]
    if gain.shape != (len(filters), *(1,) * (filters.ndim - 1)):
        raise ValueError(f"gains of {list(gain.shape)} do not fit filters of {list(filters.shape)}")
    result: Array = gain * shrinking(call, filters)
    return result


def shrinking(call: Call, filters: Array) -> float:
    """Return gamma/√fan_in."""
    return float(call.fields["gamma"] / prod(filters.shape[1:]) ** 0.5)


def weight_gradients(call: Call, gradient: Array) -> dict[str, Array]:
    """Return the gradients of the tensors that are trained, from that of the weight.

    dg = Σ dW ⊙ v/‖v‖, dv = g/‖v‖ · (dW − v/‖v‖ · dg); of a standardized weight as of any norm.
    """
    if call.fields.get("weight_norm"):
        lengths, directions = normed_tensors(call)
        axis = call.fields["weight_norm_dim"]
        norms = norms_of(directions, axis)
        unit = directions / norms
        along = (gradient * unit).sum(axis=other_axes(directions, axis), keepdims=True)
        return {NORM: along, DIRECTION: lengths / norms * (gradient - unit * along)}
    if not call.fields.get("standardize"):
        return {"weight": gradient}
    filters, deviations = standardized(call.parameters["weight"], call.fields["eps"])
    axes, gains = other_axes(filters, 0), {}
    if call.fields["gain"]:
        gains = {"gain": (gradient * filters).sum(axis=axes, keepdims=True) * shrinking(call, filters)}
        gradient = scaled(call, gradient)
    centred = gradient - gradient.mean(axis=axes, keepdims=True)
    centred -= filters * (gradient * filters).mean(axis=axes, keepdims=True)
    return {"weight": centred / deviations, **gains}


def weight_workspace(run: RunShapes) -> int:
    """Return the bytes of the computed weight and of what it is computed by."""
    if not (run.fields.get("weight_norm") or run.fields.get("standardize")):
        return 0
    return 3 * run.itemsize * sum(map(prod, run.parameters.values()))
