"""Layers that move numbers and compute none."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, condition, exact_quotient, floor_div, pretty, product, show
from shapecalc.layers.base import Layer, axis_index, demand, layer
from shapecalc.layers.fields import Axis, Integer, Several
from shapecalc.layers.saved import Storage


class Moving(Layer):
    """A layer without arithmetic."""

    __slots__ = ()
    reads: ClassVar[str] = "any"
    gives: ClassVar[str] = "same"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 0: numbers move, none is computed."""
        return 0


@layer("identity")
@dataclass(frozen=True, slots=True)
class Identity(Moving):
    """Leaves everything as it is.

    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.Identity
    """

    foreign_names = "noop passthrough"

    @property
    def storage(self) -> Storage:
        """It is the input."""
        return Storage.SAME

    def output_shape(self, x: Shape) -> Shape:
        """Return the input's shape."""
        return x


@layer("flatten", main="start_dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Flatten(Moving):
    """Joins the axes from `start_dim` to `end_dim`, both included, into one.

    Input: [*]
    Output: [*, product of the joined axes, *]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.Flatten
    """

    foreign_fields = ("start_dim: ~start startaxis ~axis", "end_dim: ~end endaxis")  # ONNX's axis is neither
    start_dim: Axis = 1
    end_dim: Axis = -1

    @property
    def storage(self) -> Storage:
        """Nothing moves where the axes lie in order."""
        return Storage.JOINED

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape with the joined axes as one.

        >>> Flatten().output_shape((1, 16, 5, 5))
        (1, 400)
        """
        start, end = self._joined(x)
        return (*x[:start], product(x[start : end + 1]), *x[end + 1 :])

    def explain(self, x: Shape, y: Shape) -> str:
        """Return the product that the joined axis is; an expression shows it by itself."""
        start, end = self._joined(x)
        if isinstance(y[start], Expr):
            return ""
        return f"{pretty(y[start])} = {' x '.join(pretty(dim) for dim in x[start : end + 1])}"

    def _joined(self, x: Shape) -> tuple[int, int]:
        start = axis_index(self.start_dim, len(x), "start_dim", x)
        end = axis_index(self.end_dim, len(x), "end_dim", x)
        if start > end:
            raise LayerError(
                "SC205",
                f"expects `start_dim` at or before `end_dim`, receives axes {start} and {end} of {show(x)}",
                field="start_dim",
            )
        return start, end


@layer("reshape", main="shape")
@dataclass(frozen=True, slots=True, kw_only=True)
class Reshape(Moving):
    """Gives the same numbers another shape, batch axis included.

    Input: [*]
    Output: `shape`; 0 keeps the axis that stands there (as ONNX does), one −1 takes what is left over
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.reshape; ONNX Reshape for 0
    """

    foreign_names = "~view ~unflatten"
    foreign_fields = ("shape: ~targetshape newshape ~size ~dims ~outputshape",)  # Keras leaves the batch out
    shape: Annotated[tuple[int, ...], Several(Integer(minimum=-1), lone=False)]

    def check_fields(self) -> None:
        """Refuse a second −1."""
        if self.shape.count(-1) > 1:
            index = len(self.shape) - 1 - self.shape[::-1].index(-1)
            raise LayerError(
                "SC205", "expects at most one -1 in `shape`, receives several", field="shape", index=(index,)
            )

    @property
    def storage(self) -> Storage:
        """Nothing moves where the axes lie in order."""
        return Storage.JOINED

    def output_shape(self, x: Shape) -> Shape:
        """Return `shape` with 0 and −1 filled in.

        >>> Reshape(shape=(0, 16, -1)).output_shape((2, 400))
        (2, 16, 25)
        """
        filled: list[Dim] = []
        for position, size in enumerate(self.shape):
            if size == 0 and position >= len(x):
                raise LayerError(
                    "SC310",
                    f"keeps axis {position} by a 0 in `shape`, receives {show(x)}",
                    field="shape",
                    index=(position,),
                )
            filled.append(x[position] if size == 0 else size)
        total = product(x)
        if -1 in filled:
            position = filled.index(-1)
            left = exact_quotient(total, product(dim for dim in filled if dim != -1))
            if left is None:
                left = self._demanded(x)
            filled[position] = left
        elif product(filled) != total:
            self._demanded(x)
        return tuple(filled)

    def _demanded(self, x: Shape) -> Dim:
        """Return how many times the numbers that arrive hold those of `shape`; demand that it is a whole number.

        Raises `LayerError` SC307 where it is none.
        """
        # Axes that a 0 keeps stand on both sides: what is left may be numbers, and the question decided.
        kept = {position for position, size in enumerate(self.shape) if size == 0}
        needed = math.prod(size for size in self.shape if size > 0)
        arriving = product(dim for position, dim in enumerate(x) if position not in kept)
        several = "a multiple of " if -1 in self.shape else ""
        beside = " beside the axes that it keeps" if kept else ""
        message = f"expects {several}{needed} numbers{beside}, receives {pretty(arriving)} in {show(x)}"
        if isinstance(arriving, int):
            raise LayerError("SC307", message, field="shape", label=f"expects {several}{needed}")
        left = arriving % needed if several else arriving - needed
        demand(left, Relation.ZERO, "SC307", message, field="shape")
        return floor_div(arriving, needed)


@layer("permute", main="dims")
@dataclass(frozen=True, slots=True, kw_only=True)
class Permute(Moving):
    """Puts the axes in another order.

    Input: [*]
    Output: axis i is the input's axis dims[i]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.permute
    """

    foreign_names = "~transpose"
    foreign_fields = ("dims: ~axes perm permutation ~order ~dim",)
    dims: Annotated[tuple[int, ...], Several(Integer(minimum=None), lone=False)]

    @property
    def storage(self) -> Storage:
        """Nothing moves: the axes are counted in another order."""
        return Storage.VIEW

    def output_shape(self, x: Shape) -> Shape:
        """Return the axes in the order of `dims`.

        >>> Permute(dims=(0, 2, 3, 1)).output_shape((1, 3, 32, 48))
        (1, 32, 48, 3)
        """
        if len(self.dims) != len(x):
            message = f"expects one entry in `dims` for each axis of {show(x)}, receives {len(self.dims)}"
            raise LayerError("SC204", message, field="dims")
        order = [axis_index(dim, len(x), "dims", x, (entry,)) for entry, dim in enumerate(self.dims)]
        if len(set(order)) != len(order):
            raise LayerError(
                "SC205", f"expects each axis of {show(x)} once in `dims`, receives {list(self.dims)}", field="dims"
            )
        return tuple(x[axis] for axis in order)


@layer("squeeze", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Squeeze(Moving):
    """Takes axes of 1 away.

    `dim` is one axis or a list of them, each of which must be 1. PyTorch leaves an axis that is not 1 as it is, and
    without `dim` drops every 1 there happens to be, a batch of one sample among them: here neither passes in silence.

    Input: [*]
    Output: [*] without `dim`
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.squeeze
    """

    foreign_fields = ("dim: axis axes dimension dims",)
    dim: Annotated[int | tuple[int, ...], Several(Integer(minimum=None))]

    @property
    def storage(self) -> Storage:
        """Nothing moves."""
        return Storage.SAME

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape without the axes of 1.

        >>> Squeeze(dim=(2, 3)).output_shape((5, 64, 1, 1))
        (5, 64)
        """
        gone: set[int] = set()
        for entry, dim in enumerate(self.dim if isinstance(self.dim, tuple) else (self.dim,)):
            index = (entry,) if isinstance(self.dim, tuple) else ()
            axis = axis_index(dim, len(x), "dim", x, index)
            if axis in gone:
                message = f"expects each axis of {show(x)} at most once in `dim`, receives axis {axis} again"
                raise LayerError("SC205", message, field="dim", index=index)
            if x[axis] != 1:
                self._hold_one(x, axis, index)
            gone.add(axis)
        return tuple(size for axis, size in enumerate(x) if axis not in gone)

    def _hold_one(self, x: Shape, axis: int, index: tuple[int, ...]) -> None:
        size = x[axis]
        message = f"expects 1 along axis {axis} to take it away, receives {pretty(size)} in {show(x)}"
        if isinstance(size, Expr) and condition(size - 1, Relation.ZERO) is not False:
            demand(size - 1, Relation.ZERO, "SC307", message, field="dim")
            return
        offered = [] if index else [place for place, other in enumerate(x) if other == 1]
        raise LayerError(
            "SC307",
            message,
            field="dim",
            label=f"axis {axis} is {pretty(size)}",
            help="write " + " or ".join(f"`dim: {place}`" for place in offered) if offered else None,
            index=index,
            replacement=str(offered[0]) if offered else None,
        )


@layer("unsqueeze", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Unsqueeze(Moving):
    """Puts in an axis of 1, which is axis `dim` of what leaves: −1 puts it last.

    Input: [*]
    Output: [*] with 1 at `dim`
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.unsqueeze
    """

    foreign_names = "expanddims expanddim ~newaxis"
    foreign_fields = ("dim: axis axes dimension dims",)
    dim: Axis

    @property
    def storage(self) -> Storage:
        """Nothing moves."""
        return Storage.SAME

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape with the axis of 1.

        >>> Unsqueeze(dim=1).output_shape((5, 28, 28)), Unsqueeze(dim=-1).output_shape((5, 28))
        ((5, 1, 28, 28), (5, 28, 1))
        """
        axis = axis_index(self.dim, len(x) + 1, "dim", x)
        return (*x[:axis], 1, *x[axis:])
