"""Activations, each written as the operations that its cost counts, in that order; and their slopes.

At a kink the slope is PyTorch's: that of the outer piece of `relu6`, `hardsigmoid` and `hardswish`, and of the piece
below 0 of `relu`, `leaky_relu` and `elu`.
"""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from shapecalc.reference.base import Array, Call, constant, kernel, outputs_times
from shapecalc.reference.erf import erf
from shapecalc.reference.gradients import Gradients, Past, backward

# An exponential that overflows is meant to: 1 / (1 + ∞) is 0, and where `exp` of a large cell is not chosen it is lost.
overflowing = np.errstate(over="ignore")


@kernel("relu", workspace=outputs_times(0))
def relu(_call: Call, x: Array) -> Array:
    """max(x, 0).

    Source: torch.nn.ReLU.
    """
    result: Array = np.maximum(x, constant(x, 0))
    return result


@backward("relu")
def relu_backward(past: Past, gradient: Array) -> Gradients:
    """The gradient where x is above 0; none at 0."""
    return let_through(past.inputs[0] > 0, gradient)


def let_through(passes: Array, gradient: Array) -> Gradients:
    """The gradient where it passes, 0 elsewhere."""
    return Gradients((np.where(passes, gradient, constant(gradient, 0)),))


@kernel("relu6", workspace=outputs_times(1))
def relu6(_call: Call, x: Array) -> Array:
    """min(max(x, 0), 6).

    Source: torch.nn.ReLU6.
    """
    result: Array = np.minimum(np.maximum(x, constant(x, 0)), constant(x, 6))
    return result


@backward("relu6")
def relu6_backward(past: Past, gradient: Array) -> Gradients:
    """The gradient between 0 and 6; none at either."""
    (x,) = past.inputs
    return let_through((x > 0) & (x < 6), gradient)  # noqa: PLR2004 - as its name says


@kernel("leaky_relu", workspace=outputs_times(2))
def leaky_relu(call: Call, x: Array) -> Array:
    """X where it is positive, else `negative_slope` · x.

    Source: torch.nn.LeakyReLU.
    """
    return np.where(x > 0, x, x * call.fields["negative_slope"])


@backward("leaky_relu")
def leaky_relu_backward(past: Past, gradient: Array) -> Gradients:
    """The gradient where x is above 0, else `negative_slope` of it."""
    return Gradients((np.where(past.inputs[0] > 0, gradient, gradient * past.call.fields["negative_slope"]),))


@kernel("elu", workspace=outputs_times(2))
@overflowing
def elu(call: Call, x: Array) -> Array:
    """X where it is positive, else alpha · (exp(x) − 1).

    Source: torch.nn.ELU.
    """
    return np.where(x > 0, x, np.expm1(x) * call.fields["alpha"])


@backward("elu")
@overflowing
def elu_backward(past: Past, gradient: Array) -> Gradients:
    """The gradient where x is above 0, else alpha · exp(x) times it: that is alpha at 0."""
    (x,) = past.inputs
    return Gradients((gradient * np.where(x > 0, constant(x, 1), np.exp(x) * past.call.fields["alpha"]),))


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


@backward("gelu")
def gelu_backward(past: Past, gradient: Array) -> Gradients:
    """With Φ for what x is multiplied by: Φ + x · Φ′, where Φ′ is the bell curve, or that of tanh."""
    (x,) = past.inputs
    if past.call.fields["approximate"] == "tanh":
        risen = np.tanh((x + x * x * x * 0.044715) * sqrt(2 / pi))
        slope = (1 - risen * risen) * (1 + x * x * (3 * 0.044715)) * sqrt(0.5 / pi)
    else:
        risen = erf(x * sqrt(0.5))
        slope = np.exp(x * x * -0.5) * sqrt(0.5 / pi)
    return Gradients((gradient * ((risen + 1) * 0.5 + x * slope),))


@kernel("sigmoid", workspace=outputs_times(1))
def sigmoid(_call: Call, x: Array) -> Array:
    """1 / (1 + exp(−x)).

    Source: torch.nn.Sigmoid.
    """
    return logistic(x)


@backward("sigmoid")
def sigmoid_backward(past: Past, gradient: Array) -> Gradients:
    """With y for what it gave: y · (1 − y)."""
    (y,) = past.outputs
    return Gradients((gradient * y * (1 - y),))


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


@backward("silu")
def silu_backward(past: Past, gradient: Array) -> Gradients:
    """With s for sigmoid(x): s · (1 + x · (1 − s))."""
    (x,) = past.inputs
    s = logistic(x)
    return Gradients((gradient * s * (1 + x * (1 - s)),))


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


@backward("hardsigmoid")
def hardsigmoid_backward(past: Past, gradient: Array) -> Gradients:
    """A sixth of the gradient between −3 and 3; none at either."""
    return let_through(abs(past.inputs[0]) < 3, gradient / 6)  # noqa: PLR2004 - where it is not flat


@kernel("hardswish", workspace=outputs_times(2))
def hardswish(_call: Call, x: Array) -> Array:
    """X · hardsigmoid(x).

    Source: torch.nn.Hardswish.
    """
    return hard_logistic(x) * x


@backward("hardswish")
def hardswish_backward(past: Past, gradient: Array) -> Gradients:
    """None up to −3, all of it from 3 on, x/3 + 1/2 times the gradient between."""
    (x,) = past.inputs
    between = np.where(x <= -3, constant(x, 0), x / 3 + 0.5)  # noqa: PLR2004 - where it is not straight
    return Gradients((gradient * np.where(x >= 3, constant(x, 1), between),))  # noqa: PLR2004


@kernel("tanh", workspace=outputs_times(0))
def tanh(_call: Call, x: Array) -> Array:
    """Hyperbolic tangent.

    Source: torch.nn.Tanh.
    """
    result: Array = np.tanh(x)
    return result


@backward("tanh")
def tanh_backward(past: Past, gradient: Array) -> Gradients:
    """With y for what it gave: 1 − y²."""
    (y,) = past.outputs
    return Gradients((gradient * (1 - y * y),))


@kernel("softplus", workspace=outputs_times(3))
@overflowing
def softplus(call: Call, x: Array) -> Array:
    """log(1 + exp(beta · x)) / beta; x itself where beta · x is above `threshold`.

    Source: torch.nn.Softplus.
    """
    scaled = x * call.fields["beta"]
    return np.where(scaled > call.fields["threshold"], x, np.log1p(np.exp(scaled)) / call.fields["beta"])


@backward("softplus")
def softplus_backward(past: Past, gradient: Array) -> Gradients:
    """sigmoid(beta · x); 1 where beta · x is above `threshold`."""
    scaled = past.inputs[0] * past.call.fields["beta"]
    linear = scaled > past.call.fields["threshold"]
    return Gradients((gradient * np.where(linear, constant(scaled, 1), logistic(scaled)),))


@kernel("softmax", workspace=outputs_times(2))
def softmax(call: Call, x: Array) -> Array:
    """exp(x − max) over its sum along `dim`.

    Source: torch.nn.Softmax.
    """
    axis = call.fields["dim"]
    risen = np.exp(x - x.max(axis=axis, keepdims=True))
    result: Array = risen / risen.sum(axis=axis, keepdims=True)
    return result


@backward("softmax")
def softmax_backward(past: Past, gradient: Array) -> Gradients:
    """With y for what it gave: y · (dY − the sum of dY · y along `dim`)."""
    return Gradients((softmax_slope(past.outputs[0], gradient, past.call.fields["dim"]),))


def softmax_slope(y: Array, gradient: Array, axis: int) -> Array:
    """The gradient by what entered a softmax, of what it gave: where y is 0, as behind a mask, it is 0."""
    weighed = gradient * y
    weighed -= y * weighed.sum(axis=axis, keepdims=True)
    return weighed


@kernel("log_softmax", workspace=outputs_times(2))
def log_softmax(call: Call, x: Array) -> Array:
    """X − max − log of the sum of exp(x − max) along `dim`.

    Source: torch.nn.LogSoftmax.
    """
    axis = call.fields["dim"]
    shifted = x - x.max(axis=axis, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return result


@backward("log_softmax")
def log_softmax_backward(past: Past, gradient: Array) -> Gradients:
    """With y for what it gave: dY − exp(y) · the sum of dY along `dim`."""
    (y,) = past.outputs
    return Gradients((gradient - np.exp(y) * gradient.sum(axis=past.call.fields["dim"], keepdims=True),))
