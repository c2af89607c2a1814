"""Roots, powers, exponentials, logarithms, sine and cosine of each element, and their derivatives."""

from __future__ import annotations

from math import pi, sqrt as sqrt_of

import numpy as np

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.erf import erf as error_function
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("sqrt", workspace=outputs_times(0))
def sqrt(_call: Call, x: Array) -> Array:
    """Return the square root.

    Source: torch.sqrt.
    """
    result: Array = np.sqrt(x)
    return result


@backward("sqrt")
def sqrt_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dY / 2y."""
    (y,) = ctx.outputs
    return Gradients((gradient / (y + y),))


@kernel("rsqrt", workspace=outputs_times(0))
def rsqrt(_call: Call, x: Array) -> Array:
    """Return 1 / √x.

    Source: torch.rsqrt.
    """
    result: Array = 1 / np.sqrt(x)
    return result


@backward("rsqrt")
def rsqrt_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return −y³ / 2 · dY."""
    (y,) = ctx.outputs
    return Gradients((gradient * (y * y * y * -0.5),))


@kernel("exp", workspace=outputs_times(0))
def exp(_call: Call, x: Array) -> Array:
    """Return eˣ.

    Source: torch.exp.
    """
    result: Array = np.exp(x)
    return result


@backward("exp")
def exp_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return y · dY."""
    (y,) = ctx.outputs
    return Gradients((gradient * y,))


@kernel("expm1", workspace=outputs_times(0))
def expm1(_call: Call, x: Array) -> Array:
    """Return eˣ − 1.

    Source: torch.expm1.
    """
    result: Array = np.expm1(x)
    return result


@backward("expm1")
def expm1_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return (y + 1) · dY."""
    (y,) = ctx.outputs
    return Gradients((gradient * (y + 1),))


@kernel("log", workspace=outputs_times(0))
def log(_call: Call, x: Array) -> Array:
    """Return the natural logarithm.

    Source: torch.log.
    """
    result: Array = np.log(x)
    return result


@backward("log")
def log_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dY / x."""
    (x,) = ctx.inputs
    return Gradients((gradient / x,))


@kernel("log1p", workspace=outputs_times(0))
def log1p(_call: Call, x: Array) -> Array:
    """Return log(1 + x).

    Source: torch.log1p.
    """
    result: Array = np.log1p(x)
    return result


@backward("log1p")
def log1p_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dY / (1 + x)."""
    (x,) = ctx.inputs
    return Gradients((gradient / (x + 1),))


@kernel("square", workspace=outputs_times(0))
def square(_call: Call, x: Array) -> Array:
    """Return x².

    Source: torch.square.
    """
    result: Array = x * x
    return result


@backward("square")
def square_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return 2x · dY."""
    (x,) = ctx.inputs
    return Gradients((None if x.dtype.kind in "iu" else gradient * (x + x),))


@kernel("reciprocal", workspace=outputs_times(0))
def reciprocal(_call: Call, x: Array) -> Array:
    """Return 1 / x.

    Source: torch.reciprocal.
    """
    result: Array = 1 / x
    return result


@backward("reciprocal")
def reciprocal_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return −y² · dY."""
    (y,) = ctx.outputs
    return Gradients((-gradient * (y * y),))


@kernel("erf", workspace=outputs_times(5))
def erf(_call: Call, x: Array) -> Array:
    """Return the error function.

    Source: torch.erf.
    """
    result: Array = error_function(x)
    return result


@backward("erf")
def erf_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return 2/√π · exp(−x²) · dY."""
    (x,) = ctx.inputs
    return Gradients((gradient * (np.exp(-(x * x)) * (2 / sqrt_of(pi))),))


@kernel("sin", workspace=outputs_times(0))
def sin(_call: Call, x: Array) -> Array:
    """Return the sine.

    Source: torch.sin.
    """
    result: Array = np.sin(x)
    return result


@backward("sin")
def sin_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return cos(x) · dY."""
    (x,) = ctx.inputs
    return Gradients((gradient * np.cos(x),))


@kernel("cos", workspace=outputs_times(0))
def cos(_call: Call, x: Array) -> Array:
    """Return the cosine.

    Source: torch.cos.
    """
    result: Array = np.cos(x)
    return result


@backward("cos")
def cos_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return −sin(x) · dY."""
    (x,) = ctx.inputs
    return Gradients((-gradient * np.sin(x),))
