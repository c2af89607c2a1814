"""Norms of vectors along one axis, several or all, and vectors that are divided by their norm."""

from dataclasses import dataclass
from math import inf
from typing import Annotated

from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.axes import axis_indices
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Axes, Number
from shapecalc.layers.reducing import Reduction
from shapecalc.layers.saved import Saved, saved_input, saved_output

FAMILY = "normalization"


def norm_operations(p: float, elements: Dim, rows: Dim) -> Dim:
    """Return the operations of the norms of rows that have `elements` elements together."""
    if p == 2:  # square, sum, root
        return 2 * elements
    if p in (0, 1, inf, -inf):  # compare or absolute value; sum or extreme
        return 2 * elements - rows
    return 3 * elements  # absolute value, power, sum, root


@layer("norm", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Norm(Reduction):
    """Norm of the vector of all elements along one axis, several or all: (Σ |x|ᵖ)^(1/p).

    Fields:
        p: Order of the norm: `.inf` for the greatest absolute value, `-.inf` for the least, 0 for the number of
            elements that are not 0.

    Input: [*]
    Output: [*] without the axes of `dim`, or with 1 there (`keepdim`)
    Parameters: none
    Costs: MACs 0; FLOPs per row of n = 2n if p is 2 (square, sum, root); 2n − 1 if it is 0, 1, ∞ or −∞; else 3n
        (absolute value, power, sum, root)
    Source: torch.linalg.vector_norm
    """

    foreign_names = "vectornorm ~reducel1 ~reducel2 ~normp ~globallppool#"
    foreign_notes = (
        "reducel1 | use `norm: {p: 1}`",
        "reducel2 | use `norm`, whose `p` is 2",
        "globallppool# | use `norm` with the spatial axes in `dim`, `keepdim: true` and `p`",
    )
    foreign_fields = (*Reduction.foreign_fields, "p: ord order")
    p: Annotated[float, Number(infinite=True)] = 2.0

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return the operations of each norm."""
        return norm_operations(self.p, product(x), product(y))

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return input and output."""
        return (saved_input((x,)), saved_output(y))


@layer("normalize", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Normalize(Layer):
    """Divides each vector along an axis by its norm, x / max(‖x‖ₚ, eps).

    Fields:
        dim: Axis along which the vectors are, by default the channels, or a list of axes; a negative index counts from
            the last axis.
        p: Order of the norm: 2 for the Euclidean one, `.inf` for the greatest absolute value.
        eps: Least number that is divided by.

    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = those of `norm`, + 1 per vector (compare with eps) and 1 per element (divide)
    Source: torch.nn.functional.normalize
    """

    foreign_names = (
        "l2norm l2normalize l2normalization ~normalize ~l1norm ~lpnorm ~lpnormalization ~pnorm ~unitnormalization "
        "~unitnorm"
    )
    foreign_notes = (
        "normalize | use `normalize`; Caffe's also has a trainable factor for each channel, `scale`",
        "l1norm | use `normalize: {p: 1}`",
        "unitnormalization lpnormalization | use `normalize: -1`: Keras and ONNX divide along the last axis by default",
    )
    foreign_fields = ("dim: axis axes dimension", "p: ord order", "eps: epsilon")
    keeps_axes = True
    dim: Axes = 1
    p: Annotated[float, Number(infinite=True)] = 2.0
    eps: Annotated[float, Number(minimum=0)] = 1e-12

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        axis_indices(self.dim, "dim", x)
        return x

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return the operations of each norm, a comparison for it, and a division per element."""
        rows = self._vectors(x)
        return norm_operations(self.p, product(x), rows) + rows + product(x)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, the norms, and the divisors."""
        rows = self._vectors(x)
        return (saved_input((x,)), Saved("norms", rows), Saved("divisors", rows))

    def _vectors(self, x: Shape) -> Dim:
        axes = axis_indices(self.dim, "dim", x)
        return product(tuple(size for axis, size in enumerate(x) if axis not in axes))
