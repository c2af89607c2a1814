"""Operators on maps: upsampling, shuffles, windows, samples, Fourier transforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .records import Data
from .values import Converter, common, handles, shape_of

if TYPE_CHECKING:
    import torch


@handles("upsample_nearest2d", "upsample_bilinear2d", "upsample_nearest1d", "upsample_linear1d", "upsample_nearest3d")
def upsample(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert an upsampling."""
    fields: dict[str, Any] = {}
    if a.get("scale_factors"):
        fields["scale_factor"] = common(
            [int(factor) if factor == int(factor) else factor for factor in a["scale_factors"]]
        )
    else:
        fields["size"] = common(list(a["output_size"]))
    name = str(node.target)
    if "nearest" not in name:
        fields["mode"] = "bilinear" if "bilinear" in name else "linear"
        if a["align_corners"]:
            fields["align_corners"] = True
    return to.emit("upsample", fields, a.get("input", a.get("self")), shape=shape_of(node))


@handles("pixel_shuffle", "pixel_unshuffle", "channel_shuffle")
def shuffle(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a shuffle."""
    name = node.target._schema.name.removeprefix("aten::")
    factor = a.get("upscale_factor", a.get("downscale_factor", a.get("groups")))
    return to.emit(name, factor, a["self"], shape=shape_of(node))


@handles("im2col")
def unfold(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert the windows of a map."""
    fields = {name: common(list(a[name])) for name in ("kernel_size", "dilation", "padding", "stride")}
    return to.emit("unfold", fields, a["self"], shape=shape_of(node))


@handles("col2im")
def fold(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert the sum of windows of a map."""
    fields = {name: common(list(a[name])) for name in ("output_size", "kernel_size", "dilation", "padding", "stride")}
    return to.emit("fold", fields, a["self"], shape=shape_of(node))


@handles("upsample_bicubic2d")
def bicubic(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert a bicubic upsampling."""
    fields: dict[str, Any] = {"size": common(list(shape_of(node)[2:])), "mode": "bicubic"}
    if a["align_corners"]:
        fields["align_corners"] = True
    return to.emit("upsample", fields, to.value(a.get("input", a.get("self"))), shape=shape_of(node))


@handles("grid_sampler")
def grid_sample(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Convert samples at places that data decides."""
    fields: dict[str, Any] = {}
    if a["interpolation_mode"]:
        fields["mode"] = ["bilinear", "nearest", "bicubic"][a["interpolation_mode"]]
    if a["padding_mode"]:
        fields["padding_mode"] = ["zeros", "border", "reflection"][a["padding_mode"]]
    if a["align_corners"]:
        fields["align_corners"] = True
    return to.emit("grid_sample", fields, to.value(a["input"]), to.value(a["grid"]), shape=shape_of(node))


@handles("fft_fftn")
def fourier(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> tuple[Data, Data]:
    """Convert a Fourier transform, whose real and imaginary parts are two outputs."""
    shape = shape_of(node)
    real = to.emit("fft", {"dim": list(a["dim"])}, a["self"], shape=shape)
    real.note = ("complex",)
    return real


@handles("real")
def real_part(_: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Return the first output of a Fourier transform."""
    assert a["self"].note == ("complex",), node
    return Data(a["self"].step, a["self"].shape)
