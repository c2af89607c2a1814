"""A trainable scale and shift along one axis."""

from __future__ import annotations

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


@kernel("scale", workspace=outputs_times(0))
def scale(call: Call, x: Array) -> Array:
    """Return x times `weight`, plus `bias` if there is one, both along axis `dim`.

    Raises `ValueError` if they have another number of entries.
    Source: Liu et al. 2022, layer scale.
    """
    along = along_axis(call, x)
    scaled: Array = x * call.parameters["weight"].reshape(along)
    if call.fields["bias"]:
        scaled += call.parameters["bias"].reshape(along)
    return scaled


@backward("scale")
def scale_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return dX = dY · weight; dW and db are sums of dY ⊙ X and of dY over all axes but `dim`."""
    (x,), call = ctx.inputs, ctx.call
    along = along_axis(call, x)
    others = tuple(axis for axis in range(x.ndim) if axis != range(x.ndim)[call.fields["dim"]])
    parameters = {"weight": (gradient * x).sum(axis=others)}
    if call.fields["bias"]:
        parameters["bias"] = gradient.sum(axis=others)
    return Gradients((gradient * call.parameters["weight"].reshape(along),), parameters)


def along_axis(call: Call, x: Array) -> list[int]:
    """Return the shape that broadcasts one number per entry of axis `dim`."""
    return [size if axis == range(x.ndim)[call.fields["dim"]] else 1 for axis, size in enumerate(x.shape)]
