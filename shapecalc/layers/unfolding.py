"""Layers that copy windows to columns (im2col), add columns to windows (col2im), and slide a window along one axis."""

from dataclasses import dataclass
from math import prod
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Relation, Shape, exact_quotient, floor_div, pretty, product, show
from shapecalc.layers.axes import axis_index, per_axis, spatial_rank
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Axis, Count, PerAxis, PerAxisFromZero, Several, Size
from shapecalc.layers.reshaping import Moving
from shapecalc.layers.roles import Role, Roles, filled
from shapecalc.layers.saved import Storage
from shapecalc.layers.windows import FOREIGN_FIELDS, output_size

FAMILY = "resampling"


@layer("unfold", main="kernel_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class Unfold(Moving):
    """Copies each window to a column of all its elements (im2col): a convolution is a `matmul` of them with a weight.

    Fields:
        kernel_size: Size of the window along each spatial axis.
        dilation: Distance between neighbouring elements of the window; 1 leaves no gaps.
        padding: Zeros added at both ends of each spatial axis.
        stride: Step from one window to the next along each spatial axis.

    Input: [N, C, *spatial]
    Output: [N, C × ∏kernel_size, ∏positions], on each axis ⌊(n + 2p − d(f − 1) − 1)/s⌋ + 1 positions
    Parameters: none
    Costs: MACs 0; FLOPs 0: elements are copied
    Source: torch.nn.Unfold, which takes two spatial axes
    """

    foreign_names = "im2col extractpatches ~extractimagepatches"
    foreign_notes = ("extractimagepatches | use `unfold`, which has the channels before the positions",)
    foreign_fields = FOREIGN_FIELDS
    reads: ClassVar[str] = "float32"
    gives: ClassVar[str] = "float32"
    reads_map = True
    kernel_size: PerAxis
    dilation: PerAxis = 1
    padding: PerAxisFromZero = 0
    stride: PerAxis = 1

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, C × ∏kernel_size, ∏positions].

        >>> Unfold(kernel_size=(2, 3)).output_shape((2, 5, 3, 4))                       # torch.nn.Unfold's own example
        (2, 30, 4)
        """
        rank = spatial_rank(x)
        kernel = per_axis(self.kernel_size, rank, "kernel_size")
        return (x[0], x[1] * product(kernel), product(_positions(self, x[2:], constraints)))

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return batch, channels and, of one spatial axis, its role; positions of several are in space."""
        spatial = Role.SPACE if len(roles[0]) > 3 else roles[0][2]
        return (*filled(roles[0][:2], (Role.BATCH, Role.CHANNELS)), spatial)


@layer("fold")
@dataclass(frozen=True, slots=True, kw_only=True)
class Fold(Layer):
    """Adds each column to the window that `unfold` copies it from (col2im): overlapping windows are summed.

    Fields:
        output_size: Size of each spatial axis of the output, a number or an expression over symbols, such as `[H, W]`;
            one size is for two axes.
        kernel_size: Size of the window along each spatial axis.
        dilation: Distance between neighbouring elements of the window; 1 leaves no gaps.
        padding: Elements cut off both ends of each spatial axis, those that `unfold` adds.
        stride: Step from one window to the next along each spatial axis.

    Input: [N, C × ∏kernel_size, ∏positions], positions as `unfold` has them for `output_size`
    Output: [N, C, *output_size]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 addition per element of the input, those that the padding cuts off included
    Source: torch.nn.Fold, which takes two spatial axes
    """

    foreign_names = "col2im"
    foreign_fields = (*FOREIGN_FIELDS, "output_size: imageshape size outputshape", "kernel_size: blockshape")
    output_size: Annotated[Dim | tuple[Dim, ...], Several(Size())]
    kernel_size: PerAxis
    dilation: PerAxis = 1
    padding: PerAxisFromZero = 0
    stride: PerAxis = 1

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, C, *output_size].

        >>> Fold(output_size=(4, 5), kernel_size=(2, 2)).output_shape((1, 12, 12))      # torch.nn.Fold's own example
        (1, 3, 4, 5)
        """
        if len(x) != 3:
            expects = "[N, C x window, positions]"
            raise LayerError("SC305", expects=expects, receives=show(x), label=f"receives rank {len(x)}")
        size = self.output_size if isinstance(self.output_size, tuple) else (self.output_size,) * 2
        kernel = per_axis(self.kernel_size, len(size), "kernel_size")
        positions = _positions(self, size, constraints)
        count, factors = product(positions), " x ".join(map(pretty, positions))
        expects = f"{pretty(count)} positions ({factors}) on the last axis"
        error = LayerError("SC301", expects=expects, receives=show(x), field="output_size")
        constraints.require(x[2] - count, Relation.ZERO, error)
        window = prod(kernel)
        channels = exact_quotient(x[1], window)
        if channels is None:
            error = LayerError(
                "SC304",
                expects=f"channels that the {window} elements of a window divide",
                receives=pretty(x[1]),
                field="kernel_size",
            )
            constraints.require(x[1] % window, Relation.ZERO, error)
            channels = floor_div(x[1], window)
        return (x[0], channels, *size)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return [batch, channels, *spatial]."""
        rank = len(shapes[-1]) - 2
        spatial = (Role.SPACE,) * rank if rank > 1 else roles[0][2:]
        return (*filled(roles[0][:2], (Role.BATCH, Role.CHANNELS)), *spatial)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one addition per element of the input."""
        return product(x)


def _positions(layer: Unfold | Fold, spatial: Shape, constraints: Constraints) -> Shape:
    """Return the number of positions of the window along each axis."""
    fields = ("kernel_size", "stride", "padding", "dilation")
    windows = zip(*(per_axis(getattr(layer, name), len(spatial), name) for name in fields), strict=True)
    return tuple(
        output_size(n, f, s, (p, p), d, axis=axis, constraints=constraints)
        for axis, (n, (f, s, p, d)) in enumerate(zip(spatial, windows, strict=True), start=2)
    )


@layer("sliding_window", main="size")
@dataclass(frozen=True, slots=True, kw_only=True)
class SlidingWindow(Moving):
    """Windows along one axis as a new last axis, such as the frames of a signal.

    Fields:
        size: Number of elements of a window.
        step: Step from one window to the next.
        dim: Axis that the window slides along; a negative index counts from the last axis.

    Input: [*]
    Output: [*, size], with ⌊(n − size)/step⌋ + 1 positions along `dim`
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.Tensor.unfold
    """

    foreign_names = "slidingwindowview ~frame ~framing"
    foreign_fields = (
        "size: framelength windowsize ~window",
        "step: stride framestep hop hoplength",
        "dim: axis dimension",
    )
    size: Count
    step: Count = 1
    dim: Axis = -1

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with the positions along `dim`, and an axis of `size`.

        >>> SlidingWindow(size=400, step=160).output_shape((2, 16000))
        (2, 98, 400)
        """
        axis = axis_index(self.dim, len(x), "dim", x)
        room = x[axis] - self.size
        expects, help_text = (
            f"at least {self.size} elements along axis {axis}",
            f"write `size: {pretty(x[axis])}` or less",
        )
        error = LayerError("SC302", expects=expects, receives=show(x), field="size", help=help_text)
        constraints.require_room(room, error)
        return (*x[:axis], floor_div(room, self.step) + 1, *x[axis + 1 :], self.size)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the input's axes, and an unknown one."""
        return (*roles[0], Role.UNKNOWN)

    @property
    def storage(self) -> Storage:
        """A view of the input, in which windows overlap."""
        return Storage.VIEW
