"""Layers that select elements: by a condition, by their indices, or by their place in a matrix."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.broadcasting import broadcast
from shapecalc.layers.comparing import require_fits
from shapecalc.layers.constraints import REFUSING, Constraints, require_one_dtype
from shapecalc.layers.fields import Axis, Integer, Number, Several
from shapecalc.layers.reshaping import Moving
from shapecalc.layers.roles import Roles, common
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "reshaping"

Filling = Annotated[float | None, Number(infinite=True)]


@layer("where")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionalSelection(Layer):
    """Selects elements by a condition: those of x where it is true, those of y where it is false.

    Fields:
        x: Number in place of the input x.
        y: Number in place of the input y.

    Input: condition [*], bool; x and y [*], of one dtype, each left out if its field is given; shapes broadcast
    Output: the shape that all of them broadcast to, of the dtype of x and y; float32 if both are numbers
    Parameters: none
    Costs: MACs 0; FLOPs 0: elements are selected, none is computed
    Source: torch.where
    """

    foreign_names = "selectv2 ~ifelse"
    foreign_fields = ("x: ~input ~self ~a ~then true ontrue", "y: ~other ~b ~else false onfalse")
    takes: ClassVar[tuple[int, int]] = (1, 3)
    letters: ClassVar[tuple[str, ...]] = ("condition", "x", "y")
    reads: ClassVar[tuple[str, ...]] = ("bool", "any")
    x: Filling = None
    y: Filling = None

    @property
    def _numbers(self) -> dict[str, float]:
        """The numbers in place of inputs, by field."""
        named = {"x": self.x, "y": self.y}
        return {name: value for name, value in named.items() if value is not None}

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape that all inputs broadcast to.

        >>> ConditionalSelection(y=0.0).output_shape((2, 1, 7), (2, 5, 7))
        (2, 5, 7)
        """
        names = [
            "the condition",
            *(letter for letter, value in zip("xy", (self.x, self.y), strict=True) if value is None),
        ]
        if len(inputs) != len(names):
            receives = len(inputs)
            raise LayerError(
                "SC313",
                expects=f"{len(names)} input{'s' if len(names) > 1 else ''}, {' and '.join(names)}",
                receives=receives,
                help="name them in `from:`, the condition first; numbers are `x`, for true, and `y`, for false",
            )
        return broadcast(inputs, constraints)

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return the dtype of x and y; raise `LayerError` SC206 if there are two."""
        selected = arriving[1:]
        if not selected:
            return "float32"
        require_one_dtype(selected)
        for field, value in self._numbers.items():
            require_fits(field, value, selected[0])
        return selected[0]

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles that the inputs agree on."""
        return common(roles, len(shapes[-1]))

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return the condition."""
        return (Saved("condition", product(shapes[0]), 0),) if len(shapes) > 2 else ()

    def operations(self, *shapes: Shape) -> Dim:
        """Return 0: elements are selected, none is computed."""
        return 0


@layer("masked_fill", main="value")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedFill(Layer):
    """Sets elements to `value` where a mask is true, such as scores of padding to −.inf before `softmax`.

    Fields:
        value: Number that replaces the elements; `.inf` and `-.inf` are allowed.

    Input: x [*]; mask, bool, whose shape broadcasts to that of x
    Output: the shape and dtype of x
    Parameters: none
    Costs: MACs 0; FLOPs 0: elements are replaced, none is computed
    Source: torch.Tensor.masked_fill
    """

    foreign_fields = ("value: fill fillvalue ~number",)
    takes: ClassVar[tuple[int, int]] = (2, 2)
    letters: ClassVar[tuple[str, ...]] = ("x", "mask")
    reads: ClassVar[tuple[str, ...]] = ("any", "bool")
    gives: ClassVar[str] = "same"
    keeps_axes = True
    value: Annotated[float, Number(infinite=True)]

    def output_shape(self, x: Shape, mask: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape of x.

        >>> MaskedFill(value=0.0).output_shape((2, 4, 7, 7), (7, 7))
        (2, 4, 7, 7)
        """
        y = broadcast((x, mask), constraints)
        if len(y) != len(x) or any(wide == 1 != size for wide, size in zip(x, y, strict=True)):
            receives = f"{show(mask)} for {show(x)}"
            help_text = "put the input first and the mask second in `from:`" if len(mask) > len(x) else None
            raise LayerError("SC315", expects="a mask that broadcasts to its input", receives=receives, help=help_text)
        return y

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return the dtype of x; raise `LayerError` SC202 if `value` is not a number of it."""
        require_fits("value", self.value, arriving[0])
        return arriving[0]

    def saved(self, x: Shape, mask: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the mask."""
        return (Saved("mask", product(mask), 1),)

    def operations(self, *shapes: Shape) -> Dim:
        """Return 0: elements are replaced, none is computed."""
        return 0


@layer("gather", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Gather(Layer):
    """Selects along `dim` the element of each index: for dim 1, y[i, j] = x[i, index[i, j]].

    Fields:
        dim: Axis that the indices count along; a negative one counts from the last axis.

    Input: x [*]; index, int64, of as many axes, none but `dim` longer than that of x
    Output: the shape of index, the dtype of x
    Parameters: none
    Costs: MACs 0; FLOPs 0: elements are copied
    Source: torch.gather
    """

    foreign_names = "gatherelements takealongdim takealongaxis ~gather"
    foreign_notes = ("gather | use `take` for ONNX's Gather, `gather` for GatherElements",)
    foreign_fields = ("dim: ~axis dimension | ONNX's Gather is `take`", "nothing: sparsegrad batchdims")
    takes: ClassVar[tuple[int, int]] = (2, 2)
    letters: ClassVar[tuple[str, ...]] = ("x", "index")
    reads: ClassVar[tuple[str, ...]] = ("any", "int64")
    gives: ClassVar[str] = "same"
    dim: Axis

    def output_shape(self, x: Shape, index: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape of the indices.

        >>> Gather(dim=1).output_shape((2, 9, 5), (2, 3, 5))
        (2, 3, 5)
        """
        axis = axis_index(self.dim, len(x), "dim", x)
        shown = f"{show(index)} for {show(x)}"
        if len(x) != len(index):
            raise LayerError("SC315", expects="indices of as many axes as the input", receives=shown)
        for place, (size, count) in enumerate(zip(x, index, strict=True)):
            if place == axis:
                continue
            error = LayerError("SC315", expects="indices of no axis longer than the input's", receives=shown)
            constraints.require_room(size - count, error)
        return index

    def index_bound(self, *inputs: Shape) -> Dim | None:
        """Return the length of the axis."""
        return inputs[0][self.dim]

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the input's axes."""
        return roles[0]

    def saved(self, x: Shape, index: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, of which only the shape is read, and the indices."""
        return (saved_input((x,)), Saved("index", product(index), 1))

    def operations(self, *shapes: Shape) -> Dim:
        """Return 0: elements are copied."""
        return 0


@layer("take", main="index")
@dataclass(frozen=True, slots=True, kw_only=True)
class Take(Layer):
    """Selects entries of an axis by their indices, in their order: those of a list, or those of a second input.

    Fields:
        index: Indices along the axis, from 0; a negative one counts from the end. Without it a second input has them.
        dim: Axis that the indices count along; a negative one counts from the last axis.

    Input: x [*]; without `index` also the indices, int64, each from 0 to n − 1 for an axis of n
    Output: the shape of x, with the number of indices, or the shape of the second input, in place of `dim`
    Parameters: none
    Costs: MACs 0; FLOPs 0: entries are copied
    Source: torch.index_select; ONNX Gather for indices of several axes
    """

    foreign_names = "~indexselect"
    foreign_notes = ("indexselect | use `take` with the indices; its `dim` is 0 by default",)
    foreign_fields = ("index: indices idx ids ~rows", "dim: axis dimension", "nothing: mode batchdims")
    takes: ClassVar[tuple[int, int]] = (1, 2)
    letters: ClassVar[tuple[str, ...]] = ("x", "index")
    reads: ClassVar[tuple[str, ...]] = ("any", "int64")
    gives: ClassVar[str] = "same"
    index: Annotated[tuple[int, ...] | None, Several(Integer(minimum=None), single=False)] = None
    dim: Axis = 0

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with the indices' in place of `dim`.

        >>> Take(index=(2, 0, 2)).output_shape((3, 8)), Take(dim=1).output_shape((2, 9, 5), (4, 3))
        ((3, 8), (2, 4, 3, 5))
        """
        wanted = 2 if self.index is None else 1
        if len(inputs) != wanted:
            expects = "2 inputs, or one and `index`" if wanted == 2 else "1 input next to `index`"
            raise LayerError("SC313", expects=expects, receives=len(inputs))
        x = inputs[0]
        axis = axis_index(self.dim, len(x), "dim", x)
        if self.index is None:
            return (*x[:axis], *inputs[1], *x[axis + 1 :])
        self._check_indices(self.index, x, axis, constraints)
        return (*x[:axis], len(self.index), *x[axis + 1 :])

    def _check_indices(self, indices: tuple[int, ...], x: Shape, axis: int, constraints: Constraints) -> None:
        """Check the first index past the end, or the one that needs the longest axis."""
        size = x[axis]
        lengths = [index + 1 if index >= 0 else -index for index in indices]
        least = next((length for length in lengths if isinstance(size, int) and length > size), max(lengths))
        position = lengths.index(least)
        index = indices[position]
        expects, receives = f"entry {index} of axis {axis}", show(x)
        if isinstance(size, int):
            expects, receives = f"an index from {-size} to {size - 1} of axis {axis} of {show(x)}", str(index)
        error = LayerError("SC310", expects=expects, receives=receives, field="index", index=(position,))
        constraints.require_room(size - least, error)

    def index_bound(self, *inputs: Shape) -> Dim | None:
        """Return the length of the axis, if a second input has the indices."""
        return inputs[0][self.dim] if self.index is None else None

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the axes; those of several axes of indices are those of the second input."""
        axis = self.dim % len(roles[0])
        instead = (roles[0][axis],) if len(roles) == 1 or len(roles[1]) == 1 else roles[1]
        return (*roles[0][:axis], *instead, *roles[0][axis + 1 :])

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return the indices."""
        if self.index is None:
            return (Saved("index", product(shapes[1]), 1),)
        return (Saved("index", len(self.index), dtype="int64"),)

    def operations(self, *shapes: Shape) -> Dim:
        """Return 0: entries are copied."""
        return 0


class Triangle(Moving):
    """Base class of layers that set a triangle of each matrix to 0."""

    __slots__ = ()
    keeps_axes = True

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        if len(x) < 2:
            raise LayerError("SC305", expects="[*, rows, columns]", receives=show(x), label=f"receives rank {len(x)}")
        return x


@layer("tril", main="diagonal")
@dataclass(frozen=True, slots=True, kw_only=True)
class Tril(Triangle):
    """Lower triangle of each matrix; elements above the diagonal are set to 0, or to false.

    Fields:
        diagonal: Last diagonal that is left: 0 is the main one, 1 that above it, −1 that below it.

    Input: [*, rows, columns], of any dtype
    Output: [*, rows, columns]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.tril
    """

    foreign_names = "~trilu ~lowertriangle"
    foreign_notes = ("trilu | of ONNX's with upper 0 it is `tril`, with upper 1 `triu`",)
    foreign_fields = ("diagonal: ~k ~offset",)
    diagonal: Axis = 0


@layer("triu", main="diagonal")
@dataclass(frozen=True, slots=True, kw_only=True)
class Triu(Triangle):
    """Upper triangle of each matrix; elements below the diagonal are set to 0, or to false.

    Fields:
        diagonal: First diagonal that is left: 0 is the main one, 1 that above it, −1 that below it.

    Input: [*, rows, columns], of any dtype
    Output: [*, rows, columns]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.triu
    """

    foreign_names = "~uppertriangle"
    foreign_fields = ("diagonal: ~k ~offset",)
    diagonal: Axis = 0
