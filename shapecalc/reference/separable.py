"""Depthwise separable convolution, as the two convolutions that it consists of."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

from shapecalc.reference.base import Array, Call, RunShapes, Work, kernel
from shapecalc.reference.conv import conv, conv_backward, conv_workspace
from shapecalc.reference.gradients import Context, Gradients, backward

BETWEEN = {"groups": 1, "padding_mode": "zeros", "bias": False}
POINTWISE = {**BETWEEN, "kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1}


def depthwise_call(call: Call) -> Call:
    """Return the call of the convolution with filters for each channel.

    Raises `ValueError` if its filters are not of one channel each.
    """
    weight = call.parameters["depthwise.weight"]
    if weight.shape[1] != 1:
        raise ValueError(f"a depthwise weight of {list(weight.shape)} has filters of {weight.shape[1]} channels")
    return replace(
        call, fields={**BETWEEN, **call.fields, "depthwise": True, "bias": False}, parameters={"weight": weight}
    )


def pointwise_call(call: Call) -> Call:
    """Return the call of the convolution that mixes channels."""
    names = ("weight", "bias") if call.fields["bias"] else ("weight",)
    tensors = {name: call.parameters[f"pointwise.{name}"] for name in names}
    return replace(call, fields={**POINTWISE, "bias": call.fields["bias"]}, parameters=tensors)


def separable_workspace(run: RunShapes) -> int:
    """Return the bytes of the tensor between the two convolutions, and of their workspaces."""
    (samples, *_), output = run.inputs[0], run.outputs[0]
    channels = run.parameters["depthwise.weight"][0]
    between = (samples, channels, *output[2:])
    fields: dict[str, Any] = {**BETWEEN, **run.fields}
    first = conv_workspace(run._replace(fields=fields, outputs=(between,)))
    second = conv_workspace(run._replace(fields=POINTWISE, inputs=(between,)))
    return run.itemsize * prod(between) + max(first, second)


@kernel("separable_conv", workspace=separable_workspace)
def separable_conv(call: Call, x: Array) -> Array:
    """Return the convolution of each channel by itself, then that over the channels.

    Source: keras.layers.SeparableConv2D.
    """
    return conv(pointwise_call(call), conv(depthwise_call(call), x))


@backward("separable_conv")
def separable_conv_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradients of the two convolutions, the second first; the tensor between them is computed again."""
    first, second = depthwise_call(ctx.call), pointwise_call(ctx.call)
    between = conv(replace(first, work=Work()), ctx.inputs[0])
    of_second = conv_backward(replace(ctx, call=second, inputs=(between,)), gradient)
    (passed,) = of_second.inputs
    assert passed is not None
    of_first = conv_backward(replace(ctx, call=first, outputs=(between,)), passed)
    named = {f"pointwise.{name}": array for name, array in of_second.parameters.items()}
    return Gradients(of_first.inputs, {"depthwise.weight": of_first.parameters["weight"], **named})
