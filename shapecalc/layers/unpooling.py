"""The inverse of a maximum pool: maxima back to their places, and zeros elsewhere."""

from dataclasses import dataclass
from typing import ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.axes import per_axis, spatial_rank
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import OptionalPerAxis, PerAxis, PerAxisFromZero
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "pooling"


@layer("max_unpool", main="kernel_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaxUnpool(Layer):
    """Each element at the place that a second input states, `from: [x, pool.indices]`; zeros elsewhere.

    Fields:
        kernel_size: Size of the window of the max_pool along each spatial axis.
        stride: Its step from one window to the next along each spatial axis; by default the size of the window.
        padding: Elements that it added at both ends of each spatial axis.
        output_size: Size of its input along each spatial axis; by default the smallest that it can have had.

    Input: [N, C, *positions], and the indices of a max_pool with `return_indices`, int64, in the same shape
    Output: [N, C, *output_size], by default (n − 1)s − 2p + f on each axis
    Parameters: none
    Costs: MACs 0; FLOPs 0: elements are only moved
    Source: torch.nn.MaxUnpool2d
    """

    foreign_names = "maxunpool# maxunpooling# ~unpool# ~unpooling#"
    foreign_fields = ("kernel_size: kernel kernelshape poolsize", "stride: strides", "output_size: outputshape")
    takes: ClassVar[tuple[int, int]] = (2, 2)
    reads: ClassVar[tuple[str, ...]] = ("float32", "int64")
    reads_map = True
    kernel_size: PerAxis
    stride: OptionalPerAxis = None
    padding: PerAxisFromZero = 0
    output_size: OptionalPerAxis = None

    def output_shape(self, x: Shape, indices: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, C, *output_size].

        >>> MaxUnpool(kernel_size=2).output_shape((1, 64, 16, 16), (1, 64, 16, 16))
        (1, 64, 32, 32)
        """
        rank = spatial_rank(x)
        error = LayerError("SC301", expects=f"indices in the shape {show(x)}", receives=show(indices))
        constraints.require_equal(x, indices, error)
        kernel = per_axis(self.kernel_size, rank, "kernel_size")
        strides = kernel if self.stride is None else per_axis(self.stride, rank, "stride")
        pads = per_axis(self.padding, rank, "padding")
        sizes: Shape = tuple((n - 1) * s - 2 * p + f for n, f, s, p in zip(x[2:], kernel, strides, pads, strict=True))
        if self.output_size is not None:
            sizes = per_axis(self.output_size, rank, "output_size")
        for size in sizes:
            if isinstance(size, int) and size < 1:
                raise LayerError("SC302", f"leaves no cell of {show(x)}: the padding is too large", field="padding")
            constraints.require_nonnegative(size - 1)
        return (x[0], x[1], *sizes)

    def index_bound(self, x: Shape, indices: Shape) -> Dim:
        """Return the number of places of a channel."""
        return product(self.output_shape(x, x)[2:])

    def operations(self, x: Shape, indices: Shape, y: Shape) -> Dim:
        """Return 0."""
        return 0

    def saved(self, x: Shape, indices: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the indices."""
        return (saved_input((x, indices), 1, "indices"),)
