"""Pooling by the norm of every window."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from shapecalc.reference.base import Array, Call, RunShapes, constant, kernel, sign
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.pooling import divisors, padded_pool, pool, pool_workspace, reduce_windows
from shapecalc.reference.windows import Window, at


def power_workspace(run: RunShapes) -> int:
    """Return the bytes of the powers of the input, and of two arrays of the size of the output."""
    return pool_workspace(run) + run.itemsize * (2 * prod(run.inputs[0]) + prod(run.outputs[0]))


@kernel("lp_pool", workspace=power_workspace)
def lp_pool(call: Call, x: Array) -> Array:
    """Return the root of the sum of the powers of every window.

    Source: torch.nn.LPPool2d; ONNX LpPool.
    """
    p = call.fields["norm_type"]
    total = reduce_windows(padded_pool(call, powers(call, x)), 0, np.add)
    if call.fields["ceil_mode"] and call.fields["scale_overhang"]:
        total *= overhang_factors(call, x)
    if p == 1:
        return total
    root: Array = np.sqrt(total) if p == 2 else total ** (1 / p)  # noqa: PLR2004 - the Euclidean norm
    return root


def powers(call: Call, x: Array) -> Array:
    """Return the elements to the power `norm_type`, of absolute values if that makes a difference."""
    p = call.fields["norm_type"]
    base = abs(x) if call.fields["absolute"] and p % 2 else x
    if p == 1:
        return base
    result: Array = base * base if p == 2 else base**p  # noqa: PLR2004
    return result


def overhang_factors(call: Call, x: Array) -> Any:
    """Return for each position of the window the number of its elements over those on the padded input."""
    counted = {**call.fields, "divisor_override": None, "count_include_pad": True}
    return prod(Window.of(call.fields, x.ndim - 2).size) / divisors(counted, x)


@backward("lp_pool")
def lp_pool_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return x^(p − 1) · Σ y^(1 − p) · dY over the windows of each element, 0 for windows whose norm is 0."""
    (x,), (y,), call = ctx.inputs, ctx.outputs, ctx.call
    p = call.fields["norm_type"]
    zero, one = constant(x, 0), constant(x, 1)
    share = np.where(y == zero, zero, gradient * np.where(y == zero, one, y) ** (1 - p))
    if call.fields["ceil_mode"] and call.fields["scale_overhang"]:
        share = share * overhang_factors(call, x)
    onto = np.zeros_like(x)
    for positions, read in pool(call, x).taps:
        cells = at(onto, read)
        np.add(cells, at(share, positions), out=cells)
    base = abs(x) if call.fields["absolute"] and p % 2 else x
    slope = onto if p == 1 else onto * base ** (p - 1)
    return Gradients((slope * sign(x) if base is not x else slope,))
