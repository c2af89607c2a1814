"""Upsampling, samples at given places, windows as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.importers.graph import Value
    from shapecalc.importers.torch_export.steps import Steps

MODES = {"nearest1d": "nearest", "nearest2d": "nearest", "nearest3d": "nearest", "linear1d": "linear",
         "bilinear2d": "bilinear", "trilinear3d": "trilinear", "bicubic2d": "bicubic"}  # fmt: skip


def _upsampling(mode: str, *, antialias: bool = False) -> Callable[..., Value]:
    def function(to: Steps, x: Value, output_size: Any = None, align_corners: bool = False,
                 scale_factors: Sequence[float] | None = None, **scales: Any) -> Value:  # fmt: skip
        given = [scale for scale in scales.values() if scale is not None]
        factors = list(scale_factors or (given if len(given) == x.rank - 2 else ()))
        fields: dict[str, Any] = {"mode": mode, "antialias": antialias}
        if align_corners and mode != "nearest":
            fields["align_corners"] = True
        if factors and not antialias and (output_size is None or _agree(x, factors, output_size)):
            fields["scale_factor"] = [int(each) if each == int(each) else each for each in factors]
        else:
            fields["size"] = output_size if output_size is not None else _stated(to)
        return to.step("upsample", x, **fields)

    return function


def _agree(x: Value, factors: Sequence[float], output_size: Sequence[Any]) -> bool:
    return all(
        isinstance(size, int) and int(size * factor) == after
        for size, factor, after in zip(x.shape[2:], factors, output_size, strict=True)
    )


def _stated(to: Steps) -> Any:
    if to.meta is None or to.meta.shape is None:
        raise Unreadable("an upsampling without a size")
    return to.meta.shape[2:]


for _name, _mode in MODES.items():
    operator(f"upsample_{_name}")(_upsampling(_mode))
    operator(f"_upsample_{_name}_aa")(_upsampling(_mode, antialias=True))


@operator("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")
def grid_sample(to: Steps, x: Value, grid: Value, interpolation_mode: int, padding_mode: int,
                align_corners: bool) -> Value:  # fmt: skip
    """Elements at the places of a grid."""
    mode = ("bilinear", "nearest", "bicubic")[interpolation_mode]
    padding = ("zeros", "border", "reflection")[padding_mode]
    return to.step("grid_sample", x, grid, mode=mode, padding_mode=padding, align_corners=align_corners)


@operator("affine_grid_generator")
def affine_grid(to: Steps, theta: Value, size: Any, align_corners: bool) -> Value:
    """The grid of an affine map."""
    return to.step("affine_grid", theta, size=size[2:], align_corners=align_corners)


@operator("im2col")
def unfold(to: Steps, x: Value, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Value:
    """Windows as columns."""
    return to.step("unfold", x, kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)


@operator("col2im")
def fold(to: Steps, x: Value, output_size: Any, kernel_size: Any, dilation: Any, padding: Any,
         stride: Any) -> Value:  # fmt: skip
    """Columns as windows, which are added."""
    return to.step("fold", x, output_size=output_size, kernel_size=kernel_size, dilation=dilation, padding=padding,
                   stride=stride)  # fmt: skip
