"""Layers that select a range of an axis, move elements along it, or join and separate tensors along a new one."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, ceil_div, condition, pretty, product, show
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import layer
from shapecalc.layers.broadcasting import Clash, align, listed, settle
from shapecalc.layers.constraints import REFUSING, Constraints, require_one_dtype, undecided
from shapecalc.layers.fields import Axis, Count, Integer, OptionalIndex, Several
from shapecalc.layers.merging import MOST_PARTS
from shapecalc.layers.ranks import one_rank
from shapecalc.layers.reshaping import Moving
from shapecalc.layers.roles import Role, Roles, common, without
from shapecalc.layers.saved import Storage

FAMILY = "reshaping"


@layer("slice")
@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Moving):
    """Selects the elements from `start` to before `end` of one axis, every `step`-th of them.

    Python ends a slice silently at the end of its axis; here `end` must not be beyond it.

    Fields:
        dim: Axis to slice; a negative index counts from the last axis.
        start: First index, by default 0; a negative index counts from the end. A symbol of the input is a size.
        end: Index after the last one, by default the length of the axis; a negative index counts from the end. A symbol
            of the input is a size.
        step: Distance from each selected index to the next.

    Input: [*]
    Output: [*] with ⌈(end − start) / step⌉ along `dim`
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: x[..., start:end:step] in PyTorch; torch.narrow

    >>> Slice(dim=2, end=-5).output_shape((1, 25, 105))          # Chomp1d of a TCN
    (1, 25, 100)
    """

    foreign_names = "~slice ~stridedslice ~slicelayer ~chomp# ~narrow"
    foreign_notes = (
        "narrow | use `slice: {dim: …, start: …, end: …}`, whose `end` is start + length",
        "chomp# | use `slice: {dim: -1, end: -5}`, which removes the last 5 elements",
    )
    foreign_fields = (
        "dim: axis axes dimension dims",
        "start: starts begin ~offset from",
        "end: ends stop to",
        "step: steps stride strides",
        "nothing: length size | use `end`: start + length",
    )
    keeps_axes = True
    dim: Axis
    start: OptionalIndex = None
    end: OptionalIndex = None
    step: Count = 1

    @property
    def storage(self) -> Storage:
        """A view of the input; a range of the first axis has no gaps."""
        return Storage.SAME if self.dim == 0 and self.step == 1 else Storage.VIEW

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with the length of the range along `dim`."""
        axis = axis_index(self.dim, len(x), "dim", x)
        size = x[axis]
        start = 0 if self.start is None else self._index(self.start, "start", x, axis, constraints)
        end = size if self.end is None else self._index(self.end, "end", x, axis, constraints)
        error = LayerError(
            "SC302",
            expects=f"at least one element of axis {axis} of {show(x)}",
            receives=f"none from {pretty(start)} to {pretty(end)}",
            field="start" if self.end is None else "end",
        )
        _require(end - start - 1, error, constraints)
        return (*x[:axis], ceil_div(end - start, self.step), *x[axis + 1 :])

    def _index(self, value: Dim, field: str, x: Shape, axis: int, constraints: Constraints) -> Dim:
        """Return an index from the front; require that it is one of the axis, or its length."""
        size = x[axis]
        negative = isinstance(value, int) and value < 0
        index = size + value if negative else value
        least = f"−{pretty(size)}" if isinstance(size, int) else f"−({pretty(size)})"
        error = LayerError(
            "SC310",
            expects=f"an index from {least} to {pretty(size)} of axis {axis} of {show(x)}",
            receives=pretty(value),
            field=field,
            help=f"leave `{field}` out" if not negative and field == "end" else None,
        )
        _require(index if negative else size - index, error, constraints)
        return index

    def passes_gradient_on(self, *shapes: Shape) -> tuple[bool, ...]:
        """The gradient of the input has zeros where nothing is selected."""
        x, y = shapes
        return (x == y,)


@layer("roll")
@dataclass(frozen=True, slots=True, kw_only=True)
class Roll(Moving):
    """Moves the elements along axes; those beyond the end continue at the start.

    Fields:
        shifts: Number of positions towards the end, or a list, one for each of `dims`; negative towards the start.
        dims: Axis, or a list of axes, along which elements move; a negative index counts from the last axis.

    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.roll, with `dims`; Liu et al. 2021 (Swin Transformer), figure 4
    """

    foreign_names = "~cyclicshift ~circshift"
    foreign_fields = ("shifts: shift ~shiftsize", "dims: dim axis axes dimension dimensions")
    keeps_axes = True
    shifts: Annotated[int | tuple[int, ...], Several(Integer(minimum=None))]
    dims: Annotated[int | tuple[int, ...], Several(Integer(minimum=None))]

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 unless there is one shift for each axis."""
        shifts, dims = (len(value) if isinstance(value, tuple) else 1 for value in (self.shifts, self.dims))
        if shifts != dims:
            axes = "1 axis" if dims == 1 else f"{dims} axes"
            raise LayerError(
                "SC205", expects=f"one shift for each of {axes}", receives=shifts, preposition="in", field="shifts"
            )

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        for position, dim in _each(self.dims):
            axis_index(dim, len(x), "dims", x, position)
        return x


@layer("flip", main="dims")
@dataclass(frozen=True, slots=True, kw_only=True)
class Flip(Moving):
    """Reverses the order of the elements along axes.

    Fields:
        dims: Axis, or a list of different axes, to reverse; a negative index counts from the last axis.

    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.flip
    """

    foreign_names = "~fliplr ~flipud ~reverse"
    foreign_notes = ("fliplr flipud reverse | use `flip` with the axes to reverse",)
    foreign_fields = ("dims: dim axis axes dimension dimensions",)
    keeps_axes = True
    dims: Annotated[int | tuple[int, ...], Several(Integer(minimum=None))]

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        axes: set[int] = set()
        for position, dim in _each(self.dims):
            axis = axis_index(dim, len(x), "dims", x, position)
            if axis in axes:
                expects, receives = f"each axis of {show(x)} at most once", f"axis {axis} again"
                raise LayerError(
                    "SC205", expects=expects, receives=receives, preposition="in", field="dims", index=position
                )
            axes.add(axis)
        return x


@layer("stack")
@dataclass(frozen=True, slots=True, kw_only=True)
class Stack(Moving):
    """Joins inputs of one shape along a new axis, axis `dim` of the output.

    Fields:
        dim: Index of the new axis in the output; −1 makes it the last one.

    Input: one or more of [*], all equal
    Output: [*] with the number of inputs at `dim`
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.stack, whose `dim` is 0 by default
    """

    foreign_names = "~stack ~pack"
    foreign_fields = ("dim: axis dimension newaxis",)
    takes: ClassVar[tuple[int, int]] = (1, 4096)
    merges: ClassVar[bool] = True
    dim: Axis

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with the new axis.

        >>> Stack(dim=1).output_shape((2, 7), (2, 7), (2, 7))
        (2, 3, 7)
        """
        first = inputs[0]
        if any(len(x) != len(first) for x in inputs):
            shown = listed(map(show, inputs))
            raise LayerError("SC315", expects="inputs of one rank", receives=shown, help=one_rank(inputs))
        axis = axis_index(self.dim, len(first) + 1, "dim", first)
        columns = [tuple(dict.fromkeys(x[index] for x in inputs)) for index in range(len(first))]
        clashes = [Clash(index, sizes) for index, sizes in enumerate(columns) if len(sizes) > 1]
        met = settle("inputs of one shape", inputs, clashes, constraints, align)
        sizes = tuple(met.get(index, size) for index, size in enumerate(first))
        return (*sizes[:axis], len(inputs), *sizes[axis:])

    promotes: ClassVar[bool] = True

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return the dtype of all inputs; raise `LayerError` SC206 if there are several."""
        require_one_dtype(arriving)
        return arriving[0]

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles that all inputs agree on, and an unknown one."""
        y = shapes[-1]
        agreed, axis = common(roles, len(y) - 1), self.dim % len(y)
        return (*agreed[:axis], Role.UNKNOWN, *agreed[axis:])

    def operations(self, *shapes: Shape) -> Dim:
        """Return 0: elements are copied, none is computed."""
        return 0

    def passes_gradient_on(self, *shapes: Shape) -> tuple[bool, ...]:
        """The gradient of each input is a part of the output's."""
        return (True,) * (len(shapes) - 1)


@layer("unbind", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Unbind(Moving):
    """Separates an axis into one output per index, without the axis.

    Fields:
        dim: Axis to remove; a negative index counts from the last axis.

    Input: [*]
    Output: `0`, `1` and so on: [*] without `dim`
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.unbind, whose `dim` is 0 by default
    """

    foreign_names = "~unstack ~unpack"
    foreign_fields = ("dim: axis dimension",)
    dim: Axis

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """None: their number is the length of the axis."""
        return None

    @property
    def storage(self) -> Storage:
        """Outputs are views of the input."""
        return Storage.VIEW

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape of the first output."""
        return self.outputs(x, constraints=constraints)["0"]

    def outputs(self, x: Shape, *, constraints: Constraints = REFUSING) -> dict[str, Shape]:
        """Return the shape of every output by its number.

        >>> Unbind(dim=0).outputs((3, 2, 8))
        {'0': (2, 8), '1': (2, 8), '2': (2, 8)}
        """
        axis = axis_index(self.dim, len(x), "dim", x)
        size = x[axis]
        if isinstance(size, Expr):
            message = f"expects a number along axis {axis}, which it separates, receives {show(x)}"
            raise undecided(message, size, field="dim")
        if size > MOST_PARTS:
            raise LayerError("SC309", f"gives {size} pieces of {show(x)}, more than {MOST_PARTS}", field="dim")
        return {str(number): (*x[:axis], *x[axis + 1 :]) for number in range(size)}

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the axes that remain."""
        return without(roles[0], (self.dim % len(roles[0]),))

    def passes_gradient_on(self, *shapes: Shape) -> tuple[bool, ...]:
        """The gradient of the input joins those of all outputs."""
        x, y = shapes
        return (product(x) == product(y),)


def _require(value: Dim, error: LayerError, constraints: Constraints) -> None:
    """Require that a dim is not negative; raise `error` if it is at every size."""
    if condition(value, Relation.NONNEGATIVE) is False:
        raise error
    constraints.require_nonnegative(value)


def _each(dims: int | tuple[int, ...]) -> list[tuple[tuple[int, ...], int]]:
    """Return each axis with its index in the list of a field, () if the field is a single axis."""
    return [((place,), dim) for place, dim in enumerate(dims)] if isinstance(dims, tuple) else [((), dims)]
