"""Layers that remove one axis: by an index, or by the mean, maximum or sum over it."""

from dataclasses import dataclass
from typing import ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.base import Layer, axis_index, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Axis, Bool
from shapecalc.layers.roles import Roles, without
from shapecalc.layers.saved import Saved, Storage, saved_input, saved_output


@layer("select")
@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Layer):
    """Selects one index of an axis, such as the last time step: `select: {dim: 0, index: -1}`.

    Fields:
        dim: Axis to remove; a negative index counts from the last axis.
        index: Index along the axis, from 0; a negative index counts from the end.

    Input: [*]
    Output: [*] without `dim`
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.select
    """

    foreign_fields = ("dim: axis dimension", "index: idx indices position pos")
    reads: ClassVar[str] = "any"
    gives: ClassVar[str] = "same"
    dim: Axis
    index: Axis

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape without `dim`.

        >>> Select(dim=0, index=-1).output_shape((5, 3, 20))
        (3, 20)
        """
        axis = axis_index(self.dim, len(x), "dim", x)
        size = x[axis]
        if isinstance(size, int) and not -size <= self.index < size:
            raise LayerError(
                "SC310",
                expects=f"an index from {-size} to {size - 1} of axis {axis} of {show(x)}",
                receives=self.index,
                field="index",
            )
        constraints.require_nonnegative(size - (self.index + 1 if self.index >= 0 else -self.index))
        return (*x[:axis], *x[axis + 1 :])

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the axes that remain."""
        return without(roles[0], (self.dim % len(roles[0]),))

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 0: elements are selected, none is computed."""
        return 0

    @property
    def storage(self) -> Storage:
        """A view of the input; one index of the first axis has no gaps."""
        return Storage.SAME if self.dim == 0 else Storage.VIEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction(Layer):
    """A reduction over `dim`; with `keepdim` the axis remains with size 1.

    Fields:
        dim: Axis to reduce; a negative index counts from the last axis.
        keepdim: Whether the axis remains with size 1.
    """

    foreign_fields = ("keepdim: keepdims keepdimension", "dim: axis axes dimension dims")
    dim: Axis
    keepdim: Bool = False

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape without `dim`, or with 1 there."""
        axis = axis_index(self.dim, len(x), "dim", x)
        return (*x[:axis], *((1,) if self.keepdim else ()), *x[axis + 1 :])

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the axes that remain."""
        return roles[0] if self.keepdim else without(roles[0], (self.dim % len(roles[0]),))

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one operation fewer per row than it has elements."""
        return product(x) - product(y)


@layer("mean", main="dim")
class Mean(Reduction):
    """Mean over one axis.

    Input: [*]
    Output: [*] without `dim`, or with 1 there (`keepdim`)
    Parameters: none
    Costs: MACs 0; FLOPs = n per row of n: additions, and one division
    Source: torch.mean
    """

    __slots__ = ()
    foreign_names = "~mean ~reducemean"
    foreign_notes = ("mean | use `mean` with `dim` for that along an axis; of several inputs use `add` and `divide`",)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one operation per element."""
        return product(x)


@layer("max", main="dim")
class Max(Reduction):
    """Maximum over one axis.

    Input: [*]
    Output: [*] without `dim`, or with 1 there (`keepdim`)
    Parameters: none
    Costs: MACs 0; FLOPs = n − 1 per row of n
    Source: torch.amax
    """

    __slots__ = ()
    foreign_names = "~max ~reducemax amax"
    foreign_notes = ("max | use `max` with `dim` for that along an axis, `maximum` for that of several inputs",)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return input and output: the gradient flows to where they are equal."""
        return (saved_input((x,)), saved_output(y))


@layer("sum", main="dim")
class Sum(Reduction):
    """Sum over one axis.

    Input: [*]
    Output: [*] without `dim`, or with 1 there (`keepdim`)
    Parameters: none
    Costs: MACs 0; FLOPs = n − 1 per row of n
    Source: torch.sum
    """

    __slots__ = ()
    foreign_names = "~sum ~reducesum"
    foreign_notes = ("sum | use `sum` with `dim` for that along an axis, `add` for that of several inputs",)
