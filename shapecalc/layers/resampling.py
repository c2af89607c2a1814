"""Upsampling, and interpolation on another grid."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, ceil_div, floor_div, product, show
from shapecalc.layers.axes import per_axis, spatial_rank
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.comparisons import at_least
from shapecalc.layers.constraints import REFUSING, Constraints, undecided
from shapecalc.layers.fields import LARGEST_DIM, Bool, Number, OneOf, OptionalSizesLike, Several
from shapecalc.layers.padding import size_like
from shapecalc.layers.pooling import AdaptiveAvgPool
from shapecalc.layers.saved import Saved

EXACT_NUMERATORS = 2**22
"""Numerators below this times a size of 31 bits are exact in float64."""
INTERPOLATING = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}
"""The modes of interpolation, with the number of spatial axes of each."""
ANTIALIASED = {"bilinear": 1, "bicubic": 2}
"""The modes that `antialias` changes, with the elements that each reads on either side where the sizes are equal."""


@layer("upsample", main="scale_factor")
@dataclass(frozen=True, slots=True, kw_only=True)
class Upsample(Layer):
    """Repeats or interpolates elements, to a `size` or by a `scale_factor`.

    Fields:
        scale_factor: Factor that multiplies the length of each spatial axis; either it or `size` is given.
        size: Size of the output along each spatial axis, in which symbols of the input may stand, such as
            `["${2 * H}", W]`; `{like: step}` is a second input, whose spatial size it is.
        mode: Copy of the nearest element (`nearest-exact`: nearest to the centre), linear or cubic interpolation, or
            the mean of the elements below each output element (`area`).
        align_corners: Whether the first and last elements of input and output coincide; allowed only with
            interpolation.
        antialias: Whether each output of `bilinear` or `bicubic` is a weighted mean of all elements below it where the
            output is smaller, as in PIL; the cubic weights are sharper then (A = −0.5 for −0.75).

    Input: [N, C, *spatial]; without `size` and `scale_factor` a second one, [*, *, *spatial], of which only the spatial
        size is read
    Output: [N, C, *size], or on each axis ⌊n · scale_factor⌋
    Parameters: none
    Costs: MACs 0; FLOPs = 0 for nearest; 2ᵈ⁺¹ − 1 per output for linear interpolation over d axes (2ᵈ products and
        their sum; the weights are the same for all channels and not counted), 31 for bicubic; for area those of
        adaptive_avg_pool; with `antialias` 4⌈k · max(n/m, 1)⌉ + 1 per element of [N, C, H, W_out] and then of the
        output, for the axis from n to m elements, k = 1 for bilinear and 2 for bicubic; n/m is 1/`scale_factor` if
        that is given
    Source: torch.nn.functional.interpolate
    """

    foreign_names = (
        "upsampling# upsamplingnearest2d ~upsamplingbilinear2d upsamplenearest ~upsamplebilinear ~resize ~resizing "
        "~interp ~interpolate"
    )
    foreign_notes = (
        "upsamplingbilinear2d upsamplebilinear | use `upsample` with `mode: bilinear` and `align_corners: true`",
        (
            "resize resizing interp interpolate | use `upsample` with `size` or `scale_factor` of the spatial axes, "
            "and `mode`"
        ),
    )
    foreign_caveats = (
        "upsampling#: size | use `upsample: {scale_factor: …}`: the `size` of Keras's UpSampling is a factor",
    )
    foreign_fields = (
        "size: outputsize targetsize ~shape",  # ONNX's shape and scales have batch and channels too
        "scale_factor: factor scalefactors",
        "scale_factor: ~scale ~scales ~stride | use `scale_factor`, without batch and channels",
        "nothing: height width | use `size: [height, width]`",
        ("nothing: recomputescalefactor croptoaspectratio padtoaspectratio coordinatetransformationmode nearestmode"),
        "mode: interpolation method interpolationmode",
        "align_corners: align corners aligncorner",
        "antialias: aa antialiasing",
    )
    takes: ClassVar[tuple[int, int]] = (1, 2)
    reads_map = True
    scale_factor: Annotated[float | tuple[float, ...] | None, Several(Number(above=0))] = None
    size: OptionalSizesLike = None
    mode: Annotated[str, OneOf(("nearest", *INTERPOLATING, "nearest-exact", "area"))] = "nearest"
    align_corners: Bool = False
    antialias: Bool = False

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 if fields contradict each other."""
        if self.antialias and self.mode not in ANTIALIASED:
            raise LayerError(
                "SC205",
                expects="`antialias` only with `mode: bilinear` or `mode: bicubic`",
                receives=f"`mode: {self.mode}`",
                field="antialias",
            )
        if self.size is not None and self.scale_factor is not None:
            raise LayerError("SC205", expects="one of `size` and `scale_factor`", receives="both", field="size")
        if self.align_corners and self.mode not in INTERPOLATING:
            raise LayerError(
                "SC205",
                expects="`align_corners` only where `mode` interpolates",
                receives=f"`mode: {self.mode}`",
                field="align_corners",
            )

    def output_shape(self, x: Shape, like: Shape | None = None, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, C, *size].

        >>> Upsample(scale_factor=1.5).output_shape((1, 3, 7, 8))
        (1, 3, 10, 12)
        """
        rank = spatial_rank(x)
        given = next((name for name in ("size", "scale_factor") if getattr(self, name) is not None), None)
        if (given is None) == (like is None):
            expects = "one of `size`, `scale_factor` and a second input"
            raise LayerError("SC205", expects=expects, receives="none" if like is None else "both", field=given)
        if INTERPOLATING.get(self.mode, rank) != rank:
            mode = next(mode for mode, axes in INTERPOLATING.items() if axes == rank)
            raise LayerError(
                "SC305",
                expects=f"{INTERPOLATING[self.mode]} spatial axes with `mode: {self.mode}`",
                receives=show(x),
                field="mode",
                help=f"write `mode: {mode}`",
                replacement=mode,
            )
        if like is not None or self.size is not None:
            spatial = per_axis(self.size, rank, "size") if like is None else size_like(x, like)
        else:
            spatial = self._scaled_size(x, constraints)
        if self.mode == "area":
            _check_decided(x, spatial, "`mode: area`")
        elif self.antialias and (self.scale_factor is None or self.align_corners):
            _check_decided(x, spatial, "`antialias: true`")
        return (x[0], x[1], *spatial)

    def _scaled_size(self, x: Shape, constraints: Constraints) -> Shape:
        """Return ⌊n · scale_factor⌋ for each spatial axis."""
        scales = per_axis(self.scale_factor, len(x) - 2, "scale_factor")
        spatial = tuple(_scaled(n, scale) for n, scale in zip(x[2:], scales, strict=True))
        if any(isinstance(n, int) and n < 1 for n in spatial):
            raise LayerError(
                "SC302", f"leaves no cell of {show(x)} at this `scale_factor`", field="scale_factor", label="too small"
            )
        for n in spatial:
            constraints.require_nonnegative(n - 1)
        return spatial

    def operations(self, *shapes: Shape) -> Dim:
        """Return the products and sums of the interpolation, or the additions and divisions of the means."""
        x, y = shapes[0], shapes[-1]
        if self.mode == "area":
            return AdaptiveAvgPool(output_size=1).operations(x, y)
        if self.mode not in INTERPOLATING:
            return 0
        if self.antialias:
            rows, columns = (2 * self._elements_read(x, y, axis) - 1 for axis in (2, 3))
            total: Dim = product((*x[:3], y[3])) * columns + product(y) * rows
            return total
        elements: int = (4 if self.mode == "bicubic" else 2) ** (len(x) - 2)
        return product(y) * (2 * elements - 1)

    def _elements_read(self, x: Shape, y: Shape, axis: int) -> Dim:
        """Return how many elements along an axis each output is a mean of with `antialias`, some with the weight 0."""
        reach = ANTIALIASED[self.mode]
        below, above = (y[axis] - 1, x[axis] - 1) if self.align_corners else (y[axis], x[axis])
        if self.scale_factor is not None and not self.align_corners:
            scale: float = per_axis(self.scale_factor, 2, "scale_factor")[axis - 2]
            return 2 * max(math.ceil(reach * (1 / scale)), reach) + 1
        if below in (above, 0):
            return 2 * reach + 1
        assert isinstance(below, int)  # `output_shape` has checked it
        return 2 * at_least(ceil_div(reach * above, below), reach) + 1

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return the input for `area`, which is an adaptive_avg_pool; else nothing."""
        return AdaptiveAvgPool(output_size=1).saved(shapes[0], shapes[-1]) if self.mode == "area" else ()


def _check_decided(x: Shape, spatial: Shape, stated: str) -> None:
    """Raise `LayerError` SC311 if the windows of the means depend on a symbol of the output's size."""
    for n, o in zip(x[2:], spatial, strict=True):
        if not isinstance(o, int) and n != o:
            raise undecided(f"expects a number for each output axis with {stated}", o, field="mode")


def _scaled(n: Dim, scale: float) -> Dim:
    """Return ⌊n · scale⌋ as PyTorch rounds it, in float64.

    If the product of every size with the scale is an exact float64 (2, 1.5, 0.25: sizes have 31 bits of its 53), that
    is ⌊n · a/b⌋ for a symbol too; for a scale such as 1.1, which is not a float64, it depends on each size.
    """
    if isinstance(n, int):
        length = n * scale
        if length > LARGEST_DIM:
            message = f"gives an axis of {length:g}, more than {LARGEST_DIM} (2^31 - 1)"
            raise LayerError("SC309", message, field="scale_factor")
        return math.floor(length)
    exact = Fraction(scale)
    if exact.numerator >= EXACT_NUMERATORS:
        raise undecided(f"expects a `scale_factor` such as 2 or 1.5 here, receives {scale}", n, field="scale_factor")
    return floor_div(n * exact.numerator, exact.denominator)
