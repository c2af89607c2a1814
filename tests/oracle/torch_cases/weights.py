"""Computed weights (torch.nn.utils.parametrizations.weight_norm; timm's StdConv2d and ScaledStdConv2d); depthwise."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from torch_cases import Case

NORM, DIRECTION = "parametrizations.weight.original0", "parametrizations.weight.original1"
CONV = {1: functional.conv1d, 2: functional.conv2d}
EPS = 1e-6


def weight_norm(g: Any, v: Any, dim: int) -> Any:
    """What torch.nn.utils.parametrizations.weight_norm computes, by the function that it calls."""
    return torch._weight_norm(v, g, dim)


def standardized(weight: Any, gain: Any, gamma: float, eps: float) -> Any:
    """timm.layers.std_conv: StdConv2d.forward, with a gain ScaledStdConv2d.forward (1.0.31)."""
    scale = None if gain is None else (gain * (gamma * weight[0].numel() ** -0.5)).view(-1)
    flat = weight.reshape(1, len(weight), -1)
    return functional.batch_norm(flat, None, None, weight=scale, training=True, momentum=0.0, eps=eps).reshape_as(
        weight
    )


def normed(layer: str, fields: dict[str, Any], x: tuple[int, ...], weight: tuple[int, ...], out: int) -> Case:
    dim = fields.get("weight_norm_dim", 0)
    lengths = tuple(size if axis == dim else 1 for axis, size in enumerate(weight))
    bias = {"bias": (out,)} if fields.get("bias", True) else {}

    def forward(x: Any, bias: Any = None, **tensors: Any) -> Any:
        computed = weight_norm(tensors[NORM], tensors[DIRECTION], dim)
        if layer == "linear":
            return functional.linear(x, computed, bias)
        more = {name: fields[name] for name in ("stride", "padding", "groups") if name in fields}
        if layer == "conv_transpose":
            return functional.conv_transpose1d(x, computed, bias, **more)
        return CONV[x.ndim - 2](x, computed, bias, **more)

    return Case(layer, {**fields, "weight_norm": True}, (x,), forward, {**bias, NORM: lengths, DIRECTION: weight})


def standard(fields: dict[str, Any], x: tuple[int, ...], weight: tuple[int, ...]) -> Case:
    gains = {"gain": (weight[0], *(1,) * (len(weight) - 1))} if fields.get("gain") else {}
    bias = {"bias": (weight[0],)} if fields.get("bias", True) else {}

    def forward(x: Any, weight: Any, bias: Any = None, gain: Any = None) -> Any:
        computed = standardized(weight, gain, fields.get("gamma", 1.0), fields.get("eps", EPS))
        if computed.ndim == 2:
            return functional.linear(x, computed, bias)
        more = {name: fields[name] for name in ("stride", "padding", "groups") if name in fields}
        return CONV[x.ndim - 2](x, computed, bias, **more)

    layer = "linear" if len(weight) == 2 else "conv"
    shape = {"out_features": weight[0]} if layer == "linear" else {"out_channels": weight[0], "kernel_size": weight[2:]}
    return Case(layer, {**shape, **fields, "standardize": True}, (x,), forward, {"weight": weight, **bias, **gains})


def depthwise(fields: dict[str, Any], x: tuple[int, ...]) -> Case:
    channels, multiplier = x[1], fields.get("depth_multiplier", 1)
    tensors = {"weight": (channels * multiplier, 1, *fields["kernel_size"])}
    tensors |= {"bias": (channels * multiplier,)} if fields.get("bias", True) else {}

    def forward(x: Any, weight: Any, bias: Any = None) -> Any:
        more = {name: fields[name] for name in ("stride", "padding", "dilation") if name in fields}
        return CONV[x.ndim - 2](x, weight, bias, groups=channels, **more)

    return Case("conv", {**fields, "depthwise": True}, (x,), forward, tensors)


def separable(fields: dict[str, Any], x: tuple[int, ...]) -> Case:
    channels, multiplier, out = x[1], fields.get("depth_multiplier", 1), fields["out_channels"]
    tensors = {
        "depthwise.weight": (channels * multiplier, 1, *fields["kernel_size"]),
        "pointwise.weight": (out, channels * multiplier, *(1,) * (len(x) - 2)),
    }
    tensors |= {"pointwise.bias": (out,)} if fields.get("bias", True) else {}

    def forward(x: Any, **tensors: Any) -> Any:
        more = {name: fields[name] for name in ("stride", "padding", "dilation") if name in fields}
        conv = CONV[x.ndim - 2]
        between = conv(x, tensors["depthwise.weight"], None, groups=channels, **more)
        return conv(between, tensors["pointwise.weight"], tensors.get("pointwise.bias"))

    return Case("separable_conv", fields, (x,), forward, tensors)


MAP, ROW = (2, 4, 7, 9), (2, 6, 11)
CASES = [
    *(
        normed("conv", {"out_channels": 5, "kernel_size": [2, 3], "weight_norm_dim": dim}, MAP, (5, 4, 2, 3), 5)
        for dim in range(4)
    ),
    normed(
        "conv",
        {"out_channels": 4, "kernel_size": 4, "padding": 2, "groups": 2, "weight_norm_dim": 2, "bias": False},
        ROW,
        (4, 3, 4),
        4,
    ),
    *(
        normed(
            "conv_transpose",
            {"out_channels": 5, "kernel_size": 3, "stride": 2, "weight_norm_dim": dim},
            ROW,
            (6, 5, 3),
            5,
        )
        for dim in range(3)
    ),
    *(normed("linear", {"out_features": 5, "weight_norm_dim": dim}, (2, 7), (5, 7), 5) for dim in range(2)),
    normed("linear", {"out_features": 3, "bias": False}, (2, 5, 7), (3, 7), 3),
    standard({"padding": 1, "bias": False}, MAP, (5, 4, 3, 3)),
    standard({"eps": 0.25, "stride": 2}, ROW, (5, 6, 3)),
    standard({"gain": True, "gamma": 1.75, "eps": 1e-5, "padding": 1}, MAP, (5, 4, 3, 3)),
    standard({"gain": True, "groups": 2, "bias": False}, ROW, (4, 3, 3)),
    standard({}, (3, 7), (5, 7)),
    standard({"gain": True, "gamma": 0.5}, (3, 7), (5, 7)),
    depthwise({"kernel_size": [3, 2], "padding": 1}, MAP),
    depthwise({"kernel_size": [3], "depth_multiplier": 2, "stride": 2, "dilation": 2, "bias": False}, ROW),
    separable({"out_channels": 5, "kernel_size": [3, 2], "padding": 1, "stride": 2}, MAP),
    separable({"out_channels": 3, "kernel_size": [2], "depth_multiplier": 3, "dilation": 2, "bias": False}, ROW),
]
