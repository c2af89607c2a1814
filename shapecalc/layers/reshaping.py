"""Layers that rearrange elements without arithmetic."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, exact_quotient, floor_div, pretty, product, show
from shapecalc.layers.axes import axis_index, axis_indices
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints, undecided
from shapecalc.layers.fields import Axis, Integer, Several, Size
from shapecalc.layers.matching import cancelled, differing_pairs
from shapecalc.layers.roles import Role, Roles, joined_role, reshaped_roles, without
from shapecalc.layers.saved import Storage


class Moving(Layer):
    """Base class of layers without arithmetic."""

    __slots__ = ()
    reads: ClassVar[str] = "any"
    gives: ClassVar[str] = "same"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 0: elements are rearranged, none is computed."""
        return 0


@layer("identity")
@dataclass(frozen=True, slots=True)
class Identity(Moving):
    """Returns its input.

    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.Identity
    """

    foreign_names = "noop passthrough"
    keeps_axes = True

    @property
    def storage(self) -> Storage:
        """The output is the input."""
        return Storage.SAME

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        return x


@layer("flatten", main="start_dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Flatten(Moving):
    """Flattens the axes from `start_dim` to `end_dim`, both included, into one.

    Fields:
        start_dim: First axis to join; a negative index counts from the last axis.
        end_dim: Last axis to join; a negative index counts from the last axis.

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
        """A view if the axes are in order in memory, else a copy."""
        return Storage.JOINED

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with the joined axes as one.

        >>> Flatten().output_shape((1, 16, 5, 5))
        (1, 400)
        """
        start, end = self._joined(x)
        return (*x[:start], product(x[start : end + 1]), *x[end + 1 :])

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles with the joined axes as one."""
        x, _ = shapes
        start, end = self._joined(x)
        joined = slice(start, end + 1)
        return (*roles[0][:start], joined_role(roles[0][joined], x[joined]), *roles[0][end + 1 :])

    def explain(self, x: Shape, y: Shape) -> str:
        """Return the joined axis as a product; empty for an expression, which already shows it."""
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
                expects="`start_dim` at or before `end_dim`",
                receives=f"axes {start} and {end} of {show(x)}",
                field="start_dim",
            )
        return start, end


@layer("reshape", main="shape")
@dataclass(frozen=True, slots=True, kw_only=True)
class Reshape(Moving):
    """Gives the same elements another shape, batch axis included.

    Fields:
        shape: Size of each output axis, a number, a symbol of the input or `"${…}"` over symbols: 0 copies the size of
            the input axis at the same index, one −1 takes what is left.

    Input: [*]
    Output: `shape`; 0 copies the size of the input's axis (as in ONNX), one −1 is inferred
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.reshape; ONNX Reshape for 0
    """

    foreign_names = "~reshape ~view ~unflatten"
    foreign_notes = (
        "reshape | use `reshape` with the batch axis: Keras's `Reshape((4, 8))` is `reshape: [0, 4, 8]`",
        "unflatten | use `reshape`, which lists every axis; 0 copies the size of one",
    )
    foreign_fields = (
        "shape: ~targetshape | use `shape` with the batch axis: Keras's (4, 8) is [0, 4, 8]",
        "shape: newshape ~size ~dims ~outputshape",
    )
    shape: Annotated[tuple[Dim, ...], Several(Size(minimum=-1), single=False)]

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 if there is a second −1."""
        if self.shape.count(-1) > 1:
            index = len(self.shape) - 1 - self.shape[::-1].index(-1)
            raise LayerError(
                "SC205", expects="at most one -1", receives="several", preposition="in", field="shape", index=(index,)
            )

    @property
    def storage(self) -> Storage:
        """A view if the axes are in order in memory, else a copy."""
        return Storage.JOINED

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
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
            filled[position] = self._left(x, constraints) if left is None else left
        elif product(filled) != total:
            self._require_equal(x, constraints)
        return tuple(filled)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the axes that are the same in both shapes."""
        return reshaped_roles(roles[0], *shapes)

    def _left(self, x: Shape, constraints: Constraints) -> Dim:
        """Return the size in place of −1; require that it is an integer, and raise `LayerError` SC307 if it is not."""
        arriving, stated, error = self._parts(x)
        left, needed = cancelled(product(arriving), stated)
        if isinstance(left, int) and isinstance(needed, int):
            raise error
        if not isinstance(needed, int):
            raise undecided(error.message, needed, field="shape", fix="write a size in place of -1")
        constraints.require(left % needed, Relation.ZERO, error)
        return floor_div(left, needed)

    def _require_equal(self, x: Shape, constraints: Constraints) -> None:
        """Require that the output has as many elements; raise `LayerError` SC307 if it has not at any size."""
        arriving, stated, error = self._parts(x)
        for first, second in differing_pairs(arriving, stated):
            constraints.require(first - second, Relation.ZERO, error)

    def _parts(self, x: Shape) -> tuple[Shape, Shape, LayerError]:
        """Return the sizes that arrive and those that are stated, and the error if they do not fit."""
        # Axes that a 0 copies are on both sides: without them the number of elements may have no symbol.
        copied = {position for position, size in enumerate(self.shape) if size == 0}
        stated = tuple(size for size in self.shape if size not in (0, -1))
        arriving = tuple(dim for position, dim in enumerate(x) if position not in copied)
        needed = pretty(product(stated))
        several = "a multiple of " if -1 in self.shape else ""
        beside = " beside the axes that it keeps" if copied else ""
        error = LayerError(
            "SC307",
            expects=f"{several}{needed} numbers{beside}",
            receives=f"{pretty(product(arriving))} in {show(x)}",
            field="shape",
            label=f"expects {several}{needed}",
        )
        return arriving, stated, error


_EVERY_AXIS = "use `permute`, which lists every axis: transpose(1, 2) of three axes is `permute: [0, 2, 1]`"


@layer("permute", main="dims")
@dataclass(frozen=True, slots=True, kw_only=True)
class Permute(Moving):
    """Permutes the axes.

    Fields:
        dims: Index of an input axis for each output axis; a negative index counts from the last axis.

    Input: [*]
    Output: axis i is the input's axis dims[i]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.permute
    """

    foreign_names = "~permute ~transpose ~swapaxes ~swapdims ~movedim ~moveaxis"
    foreign_notes = (
        "permute | use `permute` with the batch axis: Keras's `Permute((2, 1))` is `permute: [0, 2, 1]`",
        f"transpose swapaxes swapdims movedim moveaxis | {_EVERY_AXIS}",
    )
    foreign_fields = ("dims: ~axes perm permutation ~order ~dim", f"nothing: dim0 dim1 axis0 axis1 | {_EVERY_AXIS}")
    dims: Annotated[tuple[int, ...], Several(Integer(minimum=None), single=False)]

    @property
    def storage(self) -> Storage:
        """A view of the input with another order of axes."""
        return Storage.VIEW

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles in the order of `dims`."""
        return tuple(roles[0][dim] for dim in self.dims)

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the axes in the order of `dims`.

        >>> Permute(dims=(0, 2, 3, 1)).output_shape((1, 3, 32, 48))
        (1, 32, 48, 3)
        """
        if len(self.dims) != len(x):
            expects = f"one entry in `dims` for each axis of {show(x)}"
            raise LayerError("SC204", expects=expects, receives=len(self.dims), field="dims")
        order = [axis_index(dim, len(x), "dims", x, (entry,)) for entry, dim in enumerate(self.dims)]
        if len(set(order)) != len(order):
            raise LayerError(
                "SC205",
                expects=f"each axis of {show(x)} once",
                receives=list(self.dims),
                preposition="in",
                field="dims",
            )
        return tuple(x[axis] for axis in order)


@layer("squeeze", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Squeeze(Moving):
    """Removes axes of size 1.

    PyTorch ignores an axis of another size, and without `dim` removes every axis of size 1, including a batch of one
    sample; here the former is an error and `dim` is required.

    Fields:
        dim: Axis to remove, or a list of axes, each of size 1; a negative index counts from the last axis.

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
        """The output is the input's memory."""
        return Storage.SAME

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape without the axes of size 1.

        >>> Squeeze(dim=(2, 3)).output_shape((5, 64, 1, 1))
        (5, 64)
        """
        gone = axis_indices(self.dim, "dim", x)
        for entry, axis in enumerate(gone):
            if x[axis] != 1:
                self._require_one(x, axis, (entry,) if isinstance(self.dim, tuple) else (), constraints)
        return tuple(size for axis, size in enumerate(x) if axis not in gone)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the axes that remain."""
        dims = self.dim if isinstance(self.dim, tuple) else (self.dim,)
        return without(roles[0], [dim % len(roles[0]) for dim in dims])

    def _require_one(self, x: Shape, axis: int, index: tuple[int, ...], constraints: Constraints) -> None:
        size = x[axis]
        offered = [] if index else [candidate for candidate, other in enumerate(x) if other == 1]
        error = LayerError(
            "SC307",
            expects=f"1 along axis {axis} to take it away",
            receives=f"{pretty(size)} in {show(x)}",
            field="dim",
            label=f"axis {axis} is {pretty(size)}",
            help="write " + " or ".join(f"`dim: {candidate}`" for candidate in offered) if offered else None,
            index=index,
            replacement=str(offered[0]) if offered else None,
        )
        constraints.require(size - 1, Relation.ZERO, error)


@layer("unsqueeze", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Unsqueeze(Moving):
    """Inserts an axis of size 1, axis `dim` of the output.

    Fields:
        dim: Index of the new axis in the output; −1 makes it the last one.

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
        """The output is the input's memory."""
        return Storage.SAME

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with the axis of size 1.

        >>> Unsqueeze(dim=1).output_shape((5, 28, 28)), Unsqueeze(dim=-1).output_shape((5, 28))
        ((5, 1, 28, 28), (5, 28, 1))
        """
        axis = axis_index(self.dim, len(x) + 1, "dim", x)
        return (*x[:axis], 1, *x[axis:])

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the input, and an unknown one."""
        axis = self.dim % len(shapes[-1])
        return (*roles[0][:axis], Role.UNKNOWN, *roles[0][axis:])
