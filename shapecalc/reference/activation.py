"""Activations, as the operations that their cost counts, in that order; and their derivatives.

At a kink the derivative is PyTorch's: of `relu6`, `hardsigmoid` and `hardswish` that of the outer piece; of `relu`,
`leaky_relu` and `elu` that of the piece below 0.
"""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from shapecalc.reference.base import Array, Call, Work, constant, kernel, largest, maximum, minimum, outputs_times
from shapecalc.reference.erf import erf
from shapecalc.reference.gradients import Context, Gradients, backward

# Overflow is correct here: 1 / (1 + ∞) is 0, and `exp` of a large element is discarded by `np.where`.
overflowing = np.errstate(over="ignore")


@kernel("relu", workspace=outputs_times(0))
def relu(_call: Call, x: Array) -> Array:
    """Return max(x, 0).

    Source: torch.nn.ReLU.
    """
    return maximum(x, constant(x, 0))


@backward("relu")
def relu_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient if x > 0, else 0."""
    return gradient_where(ctx.inputs[0] > 0, gradient)


def gradient_where(passes: Array, gradient: Array) -> Gradients:
    """Return the gradient where `passes`, 0 elsewhere."""
    return Gradients((np.where(passes, gradient, constant(gradient, 0)),))


@kernel("relu6", workspace=outputs_times(1))
def relu6(_call: Call, x: Array) -> Array:
    """Return min(max(x, 0), 6).

    Source: torch.nn.ReLU6.
    """
    return minimum(maximum(x, constant(x, 0)), constant(x, 6))


@backward("relu6")
def relu6_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient if 0 < x < 6, else 0."""
    (x,) = ctx.inputs
    return gradient_where((x > 0) & (x < 6), gradient)  # noqa: PLR2004 - as its name says


@kernel("leaky_relu", workspace=outputs_times(2))
def leaky_relu(call: Call, x: Array) -> Array:
    """Return x if x > 0, else `negative_slope` · x.

    Source: torch.nn.LeakyReLU.
    """
    return np.where(x > 0, x, x * call.fields["negative_slope"])


@backward("leaky_relu")
def leaky_relu_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient if x > 0, else `negative_slope` times the gradient."""
    return Gradients((np.where(ctx.inputs[0] > 0, gradient, gradient * ctx.call.fields["negative_slope"]),))


@kernel("elu", workspace=outputs_times(2))
@overflowing
def elu(call: Call, x: Array) -> Array:
    """Return x if x > 0, else alpha · (exp(x) − 1).

    Source: torch.nn.ELU.
    """
    return np.where(x > 0, x, np.expm1(x) * call.fields["alpha"])


@backward("elu")
@overflowing
def elu_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient if x > 0, else alpha · exp(x) times the gradient: alpha at 0."""
    (x,) = ctx.inputs
    return Gradients((gradient * np.where(x > 0, constant(x, 1), np.exp(x) * ctx.call.fields["alpha"]),))


@kernel("gelu", workspace=outputs_times(7))
def gelu(call: Call, x: Array) -> Array:
    """Return x · (1 + erf(x/√2)) / 2, or with `tanh` x · (1 + tanh(√(2/π) · (x + 0.044715·x³))) / 2.

    Source: torch.nn.GELU.
    """
    if call.fields["approximate"] == "tanh":
        squashed = np.tanh((x + x * x * x * 0.044715) * sqrt(2 / pi))
    else:
        squashed = erf(x * sqrt(0.5))
    phi = call.work.named("Φ", (squashed + 1) * 0.5)
    return phi * x


@backward("gelu")
def gelu_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return (Φ + x · Φ′) · dY, where Φ is the factor of x in `gelu`; without `tanh` Φ′ is the normal density."""
    (x,) = ctx.inputs
    if ctx.call.fields["approximate"] == "tanh":
        squashed = np.tanh((x + x * x * x * 0.044715) * sqrt(2 / pi))
        slope = (1 - squashed * squashed) * (1 + x * x * (3 * 0.044715)) * sqrt(0.5 / pi)
    else:
        squashed = erf(x * sqrt(0.5))
        slope = np.exp(x * x * -0.5) * sqrt(0.5 / pi)
    named = ctx.call.work.named
    return Gradients((gradient * (named("Φ", (squashed + 1) * 0.5) + x * named("Φ′", slope)),))


@kernel("sigmoid", workspace=outputs_times(1))
def sigmoid(_call: Call, x: Array) -> Array:
    """Return 1 / (1 + exp(−x)).

    Source: torch.nn.Sigmoid.
    """
    return logistic(x)


@backward("sigmoid")
def sigmoid_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return y · (1 − y) · dY."""
    (y,) = ctx.outputs
    return Gradients((gradient * y * (1 - y),))


@overflowing
def logistic(x: Array, out: Array | None = None) -> Array:
    """Return 1 / (1 + exp(−x)), in `out` if given."""
    result: Array = np.exp(np.negative(x, out=out), out=out)
    np.add(1, result, out=result)
    return np.divide(1, result, out=result)


@kernel("silu", workspace=outputs_times(2))
def silu(call: Call, x: Array) -> Array:
    """Return x · sigmoid(x).

    Source: torch.nn.SiLU.
    """
    result: Array = call.work.named("s", logistic(x)) * x
    return result


@backward("silu")
def silu_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return s · (1 + x · (1 − s)) · dY, where s = sigmoid(x)."""
    (x,) = ctx.inputs
    s = ctx.call.work.named("s", logistic(x))
    return Gradients((gradient * s * (1 + x * (1 - s)),))


def hard_logistic(x: Array) -> Array:
    """Return max(0, min(x + 3, 6)) / 6."""
    return minimum(maximum(x + 3, constant(x, 0)), constant(x, 6)) / 6


@kernel("hardsigmoid", workspace=outputs_times(2))
def hardsigmoid(call: Call, x: Array) -> Array:
    """Return max(0, min(x + 3, 6)) / 6; with another slope or offset max(0, min(alpha · x + beta, 1)).

    Source: torch.nn.Hardsigmoid.
    """
    alpha, beta = call.fields["alpha"], call.fields["beta"]
    if alpha is None and beta == 0.5:  # noqa: PLR2004 - at x = 0
        return hard_logistic(x)
    raised = x / 6 + beta if alpha is None else x * alpha + beta
    return minimum(maximum(raised, constant(x, 0)), constant(x, 1))


@backward("hardsigmoid")
def hardsigmoid_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return alpha, a sixth by default, of the gradient where it is not flat, else 0."""
    (x,), alpha, beta = ctx.inputs, ctx.call.fields["alpha"], ctx.call.fields["beta"]
    if alpha is None and beta == 0.5:  # noqa: PLR2004 - at x = 0
        return gradient_where(abs(x) < 3, gradient / 6)  # noqa: PLR2004 - where it is not flat
    raised = x / 6 + beta if alpha is None else x * alpha + beta
    return gradient_where((raised > 0) & (raised < 1), gradient / 6 if alpha is None else gradient * alpha)


@kernel("hardswish", workspace=outputs_times(2))
def hardswish(_call: Call, x: Array) -> Array:
    """Return x · hardsigmoid(x).

    Source: torch.nn.Hardswish.
    """
    return hard_logistic(x) * x


@backward("hardswish")
def hardswish_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return 0 up to x = −3, the gradient from 3 on, x/3 + 1/2 times the gradient in between."""
    (x,) = ctx.inputs
    between = np.where(x <= -3, constant(x, 0), x / 3 + 0.5)  # noqa: PLR2004 - where it is not straight
    return Gradients((gradient * np.where(x >= 3, constant(x, 1), between),))  # noqa: PLR2004


@kernel("tanh", workspace=outputs_times(0))
def tanh(_call: Call, x: Array) -> Array:
    """Return the hyperbolic tangent.

    Source: torch.nn.Tanh.
    """
    result: Array = np.tanh(x)
    return result


@backward("tanh")
def tanh_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return (1 − y²) · dY."""
    (y,) = ctx.outputs
    return Gradients((gradient * (1 - y * y),))


@kernel("softplus", workspace=outputs_times(3))
@overflowing
def softplus(call: Call, x: Array) -> Array:
    """Return log(1 + exp(beta · x)) / beta, or x if beta · x > `threshold`.

    Source: torch.nn.Softplus.
    """
    scaled = x * call.fields["beta"]
    return np.where(scaled > call.fields["threshold"], x, np.log1p(np.exp(scaled)) / call.fields["beta"])


@backward("softplus")
def softplus_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return sigmoid(beta · x) · dY, or dY if beta · x > `threshold`."""
    scaled = ctx.inputs[0] * ctx.call.fields["beta"]
    linear = scaled > ctx.call.fields["threshold"]
    return Gradients((gradient * np.where(linear, constant(scaled, 1), logistic(scaled)),))


@kernel("softmax", workspace=outputs_times(2))
def softmax(call: Call, x: Array) -> Array:
    """Return exp(x − max) over its sum along `dim`.

    Source: torch.nn.Softmax.
    """
    return normalized_exponentials(call.work, x, call.fields["dim"])


def normalized_exponentials(work: Work, x: Array, axis: int) -> Array:
    """Return exp(x − max) over its sum along an axis."""
    exponentials = np.exp(x - work.reduced("maximum", largest(x, axis, keepdims=True), axis))
    exponentials = work.named("exponentials", exponentials)
    result: Array = exponentials / work.reduced("sum", exponentials.sum(axis=axis, keepdims=True), axis)
    return result


@backward("softmax")
def softmax_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return y · (dY − sum of dY · y along `dim`)."""
    return Gradients((softmax_gradient(ctx.call.work, ctx.outputs[0], gradient, ctx.call.fields["dim"]),))


def softmax_gradient(work: Work, y: Array, gradient: Array, axis: int, name: str = "y") -> Array:
    """Return the gradient with respect to the input of a softmax: 0 if y is 0, as for masked scores."""
    weighted = gradient * y
    weighted -= y * work.reduced(f"sum of ∂L/∂{name}·{name}", weighted.sum(axis=axis, keepdims=True), axis)
    return weighted


@kernel("log_softmax", workspace=outputs_times(2))
def log_softmax(call: Call, x: Array) -> Array:
    """Return x − max − log of the sum of exp(x − max) along `dim`.

    Source: torch.nn.LogSoftmax.
    """
    axis = call.fields["dim"]
    shifted = x - call.work.reduced("maximum", largest(x, axis, keepdims=True), axis)
    total = call.work.named("exponentials", np.exp(shifted)).sum(axis=axis, keepdims=True)
    result: Array = shifted - np.log(call.work.reduced("sum", total, axis))
    return result


@backward("log_softmax")
def log_softmax_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dY − exp(y) · sum of dY along `dim`."""
    (y,), work, axis = ctx.outputs, ctx.call.work, ctx.call.fields["dim"]
    total = work.reduced("sum of ∂L/∂y", gradient.sum(axis=axis, keepdims=True), axis)
    return Gradients((gradient - work.named("exp(y)", np.exp(y)) * total,))
