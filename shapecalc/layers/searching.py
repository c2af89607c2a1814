"""Layers that search an axis: the index of its maximum, and its greatest elements with their indices."""

from dataclasses import dataclass
from typing import ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Axis, Bool, Count
from shapecalc.layers.roles import Roles, without
from shapecalc.layers.saved import Saved

FAMILY = "reducing"


@layer("argmax", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Argmax(Layer):
    """Index of the maximum along one axis, of several the first.

    Fields:
        dim: Axis to search; a negative index counts from the last axis.
        keepdim: Whether the axis remains with size 1.

    Input: [*]
    Output: [*] without `dim`, or with 1 there (`keepdim`); int64
    Parameters: none
    Costs: MACs 0; FLOPs = n − 1 comparisons per row of n
    Source: torch.argmax
    """

    foreign_names = "~argmax"
    foreign_notes = ("argmax | use `argmax` with `dim`, and `keepdim` if the axis remains",)
    foreign_fields = ("keepdim: keepdims keepdimension", "dim: axis dimension", "nothing: selectlastindex")
    reads: ClassVar[str] = "float32|int64"
    gives: ClassVar[str] = "int64"
    dim: Axis
    keepdim: Bool = False

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape without `dim`, or with 1 there.

        >>> Argmax(dim=-1).output_shape((2, 7, 1000))
        (2, 7)
        """
        axis = axis_index(self.dim, len(x), "dim", x)
        return (*x[:axis], *((1,) if self.keepdim else ()), *x[axis + 1 :])

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the axes that remain."""
        return roles[0] if self.keepdim else without(roles[0], (self.dim % len(roles[0]),))

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one comparison fewer per row than it has elements."""
        return product(x) - product(y)


@layer("topk", main="k")
@dataclass(frozen=True, slots=True, kw_only=True)
class Topk(Layer):
    """The k greatest elements along an axis in descending order, and their indices.

    Fields:
        k: Number of elements.
        dim: Axis to search; a negative index counts from the last axis.
        largest: Whether the greatest elements are selected; else the smallest, in ascending order.

    Input: [*], with at least k along `dim`
    Output: `values` [*] with k along `dim`; `indices`, the same, int64
    Parameters: none
    Costs: MACs 0; FLOPs = k(n − 1) − k(k − 1)/2 comparisons per row of n, those of k searches
    Source: torch.topk
    """

    foreign_fields = ("k: ~num ~n", "dim: axis dimension", "nothing: sorted")
    reads: ClassVar[str] = "float32|int64"
    keeps_axes = True
    k: Count
    dim: Axis = -1
    largest: Bool = True

    @property
    def output_names(self) -> tuple[str, ...]:
        """Values and indices."""
        return ("values", "indices")

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with k along `dim`."""
        return self.outputs(x, constraints=constraints)["values"]

    def outputs(self, x: Shape, *, constraints: Constraints = REFUSING) -> dict[str, Shape]:
        """Return the shape with k along `dim`, twice.

        >>> Topk(k=2).outputs((4, 7, 8))                                     # Mixtral: two of eight experts
        {'values': (4, 7, 2), 'indices': (4, 7, 2)}
        """
        axis = axis_index(self.dim, len(x), "dim", x)
        error = LayerError(
            "SC304",
            expects=f"at least {self.k} elements along axis {axis}",
            receives=show(x),
            field="k",
            help=f"write `k: {x[axis]}` or less" if isinstance(x[axis], int) else None,
        )
        constraints.require_room(x[axis] - self.k, error)
        y = (*x[:axis], self.k, *x[axis + 1 :])
        return {"values": y, "indices": y}

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return the input's dtype for the values, int64 for the indices."""
        return "int64" if output == "indices" else arriving[0]

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return the comparisons of k searches, each among one element fewer."""
        axis = self.dim % len(x)
        rows = product((*x[:axis], *x[axis + 1 :]))
        return self.k * (product(x) - rows) - self.k * (self.k - 1) // 2 * rows

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the indices."""
        return (Saved("indices", product(y), "indices", dtype="int64"),)
