"""Layers whose output at an index along an axis is computed from all elements up to that index."""

from dataclasses import dataclass
from typing import ClassVar

from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Axis

FAMILY = "reducing"


@layer("cumsum", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Cumsum(Layer):
    """Cumulative sum along `dim`: yᵢ = x₀ + … + xᵢ, such as the positions of the tokens that a mask counts.

    Fields:
        dim: Axis along which elements are summed; a negative index counts from the last axis.

    Input: [*], float32, int64 or bool
    Output: [*]; int64 if the input is bool, else as the input
    Parameters: none
    Costs: MACs 0; FLOPs = n − 1 per row of n
    Source: torch.cumsum
    """

    foreign_names = "cumulativesum"
    foreign_fields = ("dim: axis dimension", "nothing: exclusive reverse")
    reads: ClassVar[str] = "any"
    keeps_axes = True
    looks_back = True
    dim: Axis

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape.

        >>> Cumsum(dim=1).output_shape((2, 7))
        (2, 7)
        """
        axis_index(self.dim, len(x), "dim", x)
        return x

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return the input's dtype; of values that are true or false the number of true ones."""
        return "int64" if arriving[0] == "bool" else arriving[0]

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one addition fewer per row than it has elements."""
        axis = self.dim % len(x)
        return product(x) - product((*x[:axis], *x[axis + 1 :]))
