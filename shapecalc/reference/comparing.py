"""Comparisons, logic of true and false, and conversion to another dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.reference.base import Array, Call, constant, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from collections.abc import Callable


def compared(compare: Callable[..., Any], call: Call, arrays: tuple[Array, ...]) -> Array:
    """Return a comparison of two arrays, or of one with `other`.

    Raises `ValueError` if the shapes do not broadcast, or a second array is missing or one too many.
    """
    other, (x, *rest) = call.fields["other"], arrays
    if len(rest) != (other is None):
        raise ValueError(f"compares two arrays, or one and a number, receives {len(arrays)}")
    result: Array = compare(x, *rest, *(() if other is None else (constant(x, other),)))
    return result.astype(bool)


@kernel("equal", workspace=outputs_times(1))
def equal(call: Call, *arrays: Array) -> Array:
    """Return whether elements are equal.

    Source: torch.eq.
    """
    return compared(np.equal, call, arrays)


@kernel("not_equal", workspace=outputs_times(1))
def not_equal(call: Call, *arrays: Array) -> Array:
    """Return whether elements differ.

    Source: torch.ne.
    """
    return compared(np.not_equal, call, arrays)


@kernel("less", workspace=outputs_times(1))
def less(call: Call, *arrays: Array) -> Array:
    """Return whether elements are less.

    Source: torch.lt.
    """
    return compared(np.less, call, arrays)


@kernel("less_equal", workspace=outputs_times(1))
def less_equal(call: Call, *arrays: Array) -> Array:
    """Return whether elements are less or equal.

    Source: torch.le.
    """
    return compared(np.less_equal, call, arrays)


@kernel("greater", workspace=outputs_times(1))
def greater(call: Call, *arrays: Array) -> Array:
    """Return whether elements are greater.

    Source: torch.gt.
    """
    return compared(np.greater, call, arrays)


@kernel("greater_equal", workspace=outputs_times(1))
def greater_equal(call: Call, *arrays: Array) -> Array:
    """Return whether elements are greater or equal.

    Source: torch.ge.
    """
    return compared(np.greater_equal, call, arrays)


@kernel("logical_not", workspace=outputs_times(0))
def logical_not(_call: Call, x: Array) -> Array:
    """Return false for true, and true for false.

    Source: torch.logical_not.
    """
    return np.logical_not(truth(x))


@kernel("logical_and", workspace=outputs_times(1))
def logical_and(_call: Call, *arrays: Array) -> Array:
    """Return whether all are true.

    Raises `ValueError` if the shapes do not broadcast.
    Source: torch.logical_and.
    """
    return np.asarray(np.stack(np.broadcast_arrays(*map(truth, arrays))).all(axis=0))


@kernel("logical_or", workspace=outputs_times(1))
def logical_or(_call: Call, *arrays: Array) -> Array:
    """Return whether at least one is true.

    Raises `ValueError` if the shapes do not broadcast.
    Source: torch.logical_or.
    """
    return np.asarray(np.stack(np.broadcast_arrays(*map(truth, arrays))).any(axis=0))


def truth(x: Array) -> Array:
    """Return the array, whose elements are checked to be true or false.

    Raises `ValueError` if they are numbers.
    """
    if x.dtype != bool:
        raise ValueError(f"reads values that are true or false, receives {x.dtype}")
    return x


@backward("equal")
@backward("not_equal")
@backward("less")
@backward("less_equal")
@backward("greater")
@backward("greater_equal")
@backward("logical_not")
@backward("logical_and")
@backward("logical_or")
def no_gradient(ctx: Context, _gradient: Array) -> Gradients:
    """Return no gradient: true and false change by steps."""
    return Gradients((None,) * len(ctx.inputs))


@kernel("cast", workspace=outputs_times(1))
def cast(call: Call, x: Array) -> Array:
    """Return a copy of another dtype; floating-point numbers that stay so keep theirs.

    Source: torch.Tensor.to.
    """
    dtype = call.fields["dtype"]
    if dtype == "bool":
        return x != constant(x, 0) if x.dtype != bool else x.copy()
    if dtype == "float32" and x.dtype.kind in "fO":
        return x.copy()
    return (x.astype(float) if x.dtype == object else x).astype(dtype)


@backward("cast")
def cast_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient of floating-point numbers that stay so, none of others."""
    (x,), floats = ctx.inputs, ctx.call.fields["dtype"] == "float32"
    return Gradients((gradient.copy() if floats and x.dtype.kind in "fO" else None,))
