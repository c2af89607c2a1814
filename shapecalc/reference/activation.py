"""Activations, each written as the operations that its cost counts, in that order."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from shapecalc.reference.base import Array, Call, constant, kernel, outputs_times
from shapecalc.reference.erf import erf

# An exponential that overflows is meant to: 1 / (1 + ∞) is 0, and where `exp` of a large cell is not chosen it is lost.
overflowing = np.errstate(over="ignore")


@kernel("relu", workspace=outputs_times(0))
def relu(_call: Call, x: Array) -> Array:
    """max(x, 0).

    Source: torch.nn.ReLU.
    """
    result: Array = np.maximum(x, constant(x, 0))
    return result


@kernel("relu6", workspace=outputs_times(1))
def relu6(_call: Call, x: Array) -> Array:
    """min(max(x, 0), 6).

    Source: torch.nn.ReLU6.
    """
    result: Array = np.minimum(np.maximum(x, constant(x, 0)), constant(x, 6))
    return result


@kernel("leaky_relu", workspace=outputs_times(2))
def leaky_relu(call: Call, x: Array) -> Array:
    """X where it is positive, else `negative_slope` · x.

    Source: torch.nn.LeakyReLU.
    """
    return np.where(x > 0, x, x * call.fields["negative_slope"])


@kernel("elu", workspace=outputs_times(2))
@overflowing
def elu(call: Call, x: Array) -> Array:
    """X where it is positive, else alpha · (exp(x) − 1).

    Source: torch.nn.ELU.
    """
    return np.where(x > 0, x, np.expm1(x) * call.fields["alpha"])


@kernel("gelu", workspace=outputs_times(7))
def gelu(call: Call, x: Array) -> Array:
    """X · (1 + erf(x/√2)) / 2, or with `tanh` x · (1 + tanh(√(2/π) · (x + 0.044715·x³))) / 2.

    Source: torch.nn.GELU.
    """
    if call.fields["approximate"] == "tanh":
        risen = np.tanh((x + x * x * x * 0.044715) * sqrt(2 / pi))
    else:
        risen = erf(x * sqrt(0.5))
    return (risen + 1) * x * 0.5


@kernel("sigmoid", workspace=outputs_times(1))
def sigmoid(_call: Call, x: Array) -> Array:
    """1 / (1 + exp(−x)).

    Source: torch.nn.Sigmoid.
    """
    return logistic(x)


@overflowing
def logistic(x: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(−x)), into `out` where given."""
    result: Array = np.exp(np.negative(x, out=out), out=out)
    result += 1
    return np.divide(1, result, out=result)


@kernel("silu", workspace=outputs_times(2))
def silu(_call: Call, x: Array) -> Array:
    """X · sigmoid(x).

    Source: torch.nn.SiLU.
    """
    result: Array = logistic(x) * x
    return result


def hard_logistic(x: Array) -> Array:
    """max(0, min(x + 3, 6)) / 6."""
    result: Array = np.minimum(np.maximum(x + 3, constant(x, 0)), constant(x, 6)) / 6
    return result


@kernel("hardsigmoid", workspace=outputs_times(2))
def hardsigmoid(_call: Call, x: Array) -> Array:
    """max(0, min(x + 3, 6)) / 6.

    Source: torch.nn.Hardsigmoid.
    """
    return hard_logistic(x)


@kernel("hardswish", workspace=outputs_times(2))
def hardswish(_call: Call, x: Array) -> Array:
    """X · hardsigmoid(x).

    Source: torch.nn.Hardswish.
    """
    return hard_logistic(x) * x


@kernel("tanh", workspace=outputs_times(0))
def tanh(_call: Call, x: Array) -> Array:
    """Hyperbolic tangent.

    Source: torch.nn.Tanh.
    """
    result: Array = np.tanh(x)
    return result


@kernel("softplus", workspace=outputs_times(3))
@overflowing
def softplus(call: Call, x: Array) -> Array:
    """log(1 + exp(beta · x)) / beta; x itself where beta · x is above `threshold`.

    Source: torch.nn.Softplus.
    """
    scaled = x * call.fields["beta"]
    return np.where(scaled > call.fields["threshold"], x, np.log1p(np.exp(scaled)) / call.fields["beta"])


@kernel("softmax", workspace=outputs_times(2))
def softmax(call: Call, x: Array) -> Array:
    """exp(x − max) over its sum along `dim`.

    Source: torch.nn.Softmax.
    """
    axis = call.fields["dim"]
    risen = np.exp(x - x.max(axis=axis, keepdims=True))
    result: Array = risen / risen.sum(axis=axis, keepdims=True)
    return result


@kernel("log_softmax", workspace=outputs_times(2))
def log_softmax(call: Call, x: Array) -> Array:
    """X − max − log of the sum of exp(x − max) along `dim`.

    Source: torch.nn.LogSoftmax.
    """
    axis = call.fields["dim"]
    shifted = x - x.max(axis=axis, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return result
