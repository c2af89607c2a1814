"""Layers that repeat elements: along axes of size 1, of a whole tensor, or one by one."""

from dataclasses import dataclass
from typing import Annotated

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Relation, Shape, pretty, show
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Axis, Several, Size, SizeOrSame
from shapecalc.layers.reshaping import Moving
from shapecalc.layers.roles import Roles, unknown
from shapecalc.layers.saved import Storage

FAMILY = "reshaping"


@layer("expand", main="size")
@dataclass(frozen=True, slots=True, kw_only=True)
class Expand(Moving):
    """Repeats the elements along axes of size 1, up to given sizes; further axes are put before the others.

    Fields:
        size: Size of each output axis, a number, a symbol of the input or `"${…}"` over symbols; −1 is the size of the
            input axis. The axes of the input are the last ones.

    Input: [*]
    Output: `size`
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.Tensor.expand
    """

    foreign_names = "~expand ~broadcastto ~broadcast ~expandas"
    foreign_notes = ("broadcastto broadcast | use `expand` with the size of every axis, −1 for one that stays",)
    foreign_fields = ("size: sizes shape ~outputshape dims",)
    size: Annotated[tuple[Dim, ...], Several(SizeOrSame(), single=False)]

    @property
    def storage(self) -> Storage:
        """A view, whose repeated elements are in memory once."""
        return Storage.VIEW

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return `size` with −1 filled in.

        >>> Expand(size=(8, -1, 768)).output_shape((1, 1, 768))       # the class token of each of eight pictures
        (8, 1, 768)
        """
        new = len(self.size) - len(x)
        if new < 0:
            expects = f"an entry in `size` for each axis of {show(x)}"
            raise LayerError("SC204", expects=expects, receives=len(self.size), field="size")
        sizes: list[Dim] = []
        for position, size in enumerate(self.size):
            axis = position - new
            if axis < 0 and size == -1:
                message = f"puts an axis before {show(x)}, whose size it expects, receives −1"
                raise LayerError("SC205", message, field="size", index=(position,))
            if size == -1:
                sizes.append(x[axis])
                continue
            sizes.append(size)
            if axis >= 0 and x[axis] not in (1, size):
                error = LayerError(
                    "SC314",
                    expects=f"1 or {pretty(size)} along axis {axis}",
                    receives=f"{pretty(x[axis])} in {show(x)}",
                    field="size",
                    index=(position,),
                )
                constraints.require(x[axis] - size, Relation.ZERO, error)
        return tuple(sizes)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the input, after unknown ones."""
        return (*unknown(len(shapes[-1]) - len(roles[0])), *roles[0])


@layer("tile", main="dims")
@dataclass(frozen=True, slots=True, kw_only=True)
class Tile(Moving):
    """Repeats the whole input along axes.

    Fields:
        dims: Number of copies along each axis, a number or an expression over symbols of the input; of the last axes if
            the input has more, and before its first axis if it has fewer.

    Input: [*]
    Output: the size of each axis × its number of copies
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.tile
    """

    foreign_names = "~tile ~repeat ~repeatvector"
    foreign_notes = (
        "repeat | use `tile` for copies of the whole, as in PyTorch; `repeat_interleave` as in NumPy",
        "repeatvector | use `unsqueeze: 1` and `tile: [1, n, 1]`",
    )
    foreign_fields = ("dims: repeats multiples reps ~sizes ~size n",)
    dims: Annotated[tuple[Dim, ...], Several(Size(), single=False)]

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with each size times its number of copies.

        >>> Tile(dims=(2, 1, 3)).output_shape((4, 5))
        (2, 4, 15)
        """
        new = len(self.dims) - len(x)
        sizes, copies = (*(1,) * new, *x), (*(1,) * -new, *self.dims)
        return tuple(size * count for size, count in zip(sizes, copies, strict=True))

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the input, after unknown ones."""
        return (*unknown(len(shapes[-1]) - len(roles[0])), *roles[0])


@layer("repeat_interleave")
@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatInterleave(Moving):
    """Repeats each element along one axis: the first `repeats` times, then the second, and so on.

    Fields:
        repeats: Number of copies of each element, a number or an expression over symbols of the input.
        dim: Axis along which elements are repeated; a negative index counts from the last axis.

    Input: [*]
    Output: [*] with `repeats` times the size along `dim`
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.repeat_interleave, with `dim`
    """

    foreign_names = "~repeatelements ~repeatkv"
    foreign_fields = ("repeats: repeat rep reps n times ~nrep", "dim: axis dimension")
    keeps_axes = True
    repeats: Annotated[Dim, Size()]
    dim: Axis

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with `repeats` times the size along `dim`.

        >>> RepeatInterleave(repeats=4, dim=1).output_shape((1, 8, 512, 128))       # Llama 3 8B, keys for all heads
        (1, 32, 512, 128)
        """
        axis = axis_index(self.dim, len(x), "dim", x)
        return (*x[:axis], x[axis] * self.repeats, *x[axis + 1 :])
