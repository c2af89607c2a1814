"""Sampling of a map at positions that another tensor states, and the positions of an affine map."""

from dataclasses import dataclass
from typing import Annotated

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.axes import spatial_rank
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, OneOf, Several, Size
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "resampling"


@layer("grid_sample")
@dataclass(frozen=True, slots=True, kw_only=True)
class GridSample(Layer):
    """Elements of a map at positions that a grid states, from −1 at one end of each axis to 1 at the other.

    Fields:
        mode: Linear interpolation over two or three spatial axes (`bilinear`), cubic interpolation over two
            (`bicubic`), or the nearest element.
        padding_mode: What lies outside of the map, zeros, the nearest element of its edge (`border`), or its mirror
            image (`reflection`).
        align_corners: Whether −1 and 1 are the centres of the first and last elements, or else their outer edges.

    Input: [N, C, H, W] and a grid [N, H_out, W_out, 2] of positions (x, y); or [N, C, D, H, W] and
        [N, D_out, H_out, W_out, 3] of positions (x, y, z)
    Output: [N, C, H_out, W_out] or [N, C, D_out, H_out, W_out]
    Parameters: none
    Costs: MACs 0; over d axes FLOPs = 4 per entry of the grid (3 with `align_corners`), 2 more with `border`, 11 more
        with `reflection`, and for `bilinear` 2 more, 2ᵈ(d − 1) per position for the weights, and 2ᵈ⁺¹ − 1 per output;
        for `bicubic`, which bounds indices instead, 4 (3 with `align_corners`) and 26 for share and weights per entry,
        and 35 per output
    Source: torch.nn.functional.grid_sample
    """

    foreign_names = "gridsample2d gridsample3d ~gridsampler ~bilinearsampler ~spatialtransformer"
    foreign_fields = ("mode: interpolation interpolationmode", "padding_mode: padding paddingmode")
    takes = (2, 2)
    mode: Annotated[str, OneOf(("bilinear", "nearest", "bicubic"))] = "bilinear"
    padding_mode: Annotated[str, OneOf(("zeros", "border", "reflection"))] = "zeros"
    align_corners: Bool = False

    def output_shape(self, x: Shape, grid: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, C, *positions].

        >>> GridSample().output_shape((1, 3, 28, 28), (1, 14, 7, 2))
        (1, 3, 14, 7)
        """
        rank = spatial_rank(x)
        if rank == 1:
            raise LayerError("SC305", expects="[N, C, *spatial] with 2 or 3 spatial axes", receives=show(x))
        if self.mode == "bicubic" and rank != 2:
            raise LayerError("SC305", expects="2 spatial axes with `mode: bicubic`", receives=show(x), field="mode")
        if len(grid) != len(x):
            expects = f"a grid [N, {', '.join(('D_out', 'H_out', 'W_out')[-rank:])}, {rank}]"
            raise LayerError("SC305", expects=expects, receives=show(grid))
        wanted = (x[0], *grid[1:-1], rank)
        error = LayerError("SC301", expects=f"{show(wanted)} as grid", receives=show(grid))
        constraints.require_equal(wanted, grid, error)
        return (x[0], x[1], *grid[1:-1])

    def operations(self, x: Shape, grid: Shape, y: Shape) -> Dim:
        """Return what computes positions and weights, and the products and sums of each output."""
        rank = len(x) - 2
        per_entry = 3 if self.align_corners else 4
        if self.mode == "bicubic":
            return (per_entry + 26) * product(grid) + 35 * product(y)
        per_entry += {"zeros": 0, "border": 2, "reflection": 11}[self.padding_mode]
        if self.mode == "nearest":
            return per_entry * product(grid)
        elements: int = 2**rank
        weights = product(grid[:-1]) * elements * (rank - 1)
        return (per_entry + 2) * product(grid) + weights + product(y) * (2 * elements - 1)

    def saved(self, x: Shape, grid: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the map and the grid."""
        return (saved_input((x, grid)), saved_input((x, grid), 1, "grid"))


@layer("affine_grid", main="size")
@dataclass(frozen=True, slots=True, kw_only=True)
class AffineGrid(Layer):
    """The grid of grid_sample that an affine map gives: A · (x, y, 1) at each position of an output.

    Fields:
        size: Size of the output of grid_sample along each of its two or three spatial axes, also a symbol of the input.
        align_corners: Whether −1 and 1 are the centres of the first and last elements, or else their outer edges.

    Input: A [N, 2, 3]; [N, 3, 4] with three axes
    Output: [N, *size, 2]; [N, *size, 3] with three axes
    Parameters: none
    Costs: MACs = N × ∏size × d(d + 1) over d axes; FLOPs = 2 × MACs
    Source: torch.nn.functional.affine_grid; Jaderberg et al. 2015
    """

    foreign_names = "~affinegridgenerator"
    foreign_fields = ("size: outputsize outsize",)
    size: Annotated[tuple[Dim, ...], Several(Size(), single=False)]
    align_corners: Bool = False

    def output_shape(self, a: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, *size, axes].

        >>> AffineGrid(size=(28, 14)).output_shape((5, 2, 3))
        (5, 28, 14, 2)
        """
        axes = len(self.size)
        if axes not in (2, 3):
            raise LayerError("SC204", expects="2 or 3 entries", receives=axes, preposition="in", field="size")
        if len(a) != 3:
            raise LayerError("SC305", expects=f"[N, {axes}, {axes + 1}]", receives=show(a))
        wanted = (a[0], axes, axes + 1)
        constraints.require_equal(wanted, a, LayerError("SC301", expects=show(wanted), receives=show(a)))
        return (a[0], *self.size, axes)

    def macs(self, a: Shape, y: Shape) -> Dim:
        """Return the number of entries of the grid × those of a row of A."""
        return product(y) * a[2]

    def backward_macs(self, *shapes: Shape, truncate: int | None = None) -> tuple[Dim, Dim]:
        """Return the multiply-accumulates of the gradient with respect to A: the positions are constants."""
        return (self.macs(*shapes), 0)

    def operations(self, a: Shape, y: Shape) -> Dim:
        """Return 0: the positions are the same for every input."""
        return 0
