"""Layers that remove axes: one by an index; one, several or all by a mean, an extreme, a sum and the like."""

from dataclasses import dataclass
from math import floor
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.axes import axis_index, axis_indices
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import AxesOrAll, Axis, Bool, Number
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
    """A reduction over the axes of `dim`; with `keepdim` they remain with size 1.

    Fields:
        dim: Axis to reduce, a list of axes, or null for all; a negative index counts from the last axis.
        keepdim: Whether the axes remain with size 1.
    """

    foreign_fields: ClassVar[tuple[str, ...]] = ("keepdim: keepdims keepdimension", "dim: axis axes dimension dims")
    dim: AxesOrAll
    keepdim: Bool = False

    def axes(self, x: Shape) -> tuple[int, ...]:
        """Return the axes that are reduced, counted from the front."""
        return axis_indices(self.dim, "dim", x)

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape without the axes, or with 1 there.

        >>> Mean(dim=(2, 3)).output_shape((1, 64, 7, 7)), Max(dim=None).output_shape((3, 4))
        ((1, 64), ())
        """
        axes = self.axes(x)
        if self.keepdim:
            return tuple(1 if axis in axes else size for axis, size in enumerate(x))
        return tuple(size for axis, size in enumerate(x) if axis not in axes)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the axes that remain."""
        return roles[0] if self.keepdim else without(roles[0], self.axes(shapes[0]))

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one operation fewer per row than it has elements."""
        return product(x) - product(y)


@layer("mean", main="dim")
class Mean(Reduction):
    """Mean over one axis, several or all.

    Input: [*]
    Output: [*] without the axes of `dim`, or with 1 there (`keepdim`)
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


class Integral(Reduction):
    """Base class of reductions that give integers for integers."""

    __slots__ = ()
    reads: ClassVar[str] = "float32|int64"
    gives: ClassVar[str] = "same"


class Chosen(Integral):
    """Base class of the greatest and the least element."""

    __slots__ = ()

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return input and output: the gradient flows to where they are equal."""
        return (saved_input((x,)), saved_output(y))


@layer("max", main="dim")
class Max(Chosen):
    """Maximum over one axis, several or all.

    Input: [*]
    Output: [*] without the axes of `dim`, or with 1 there (`keepdim`)
    Parameters: none
    Costs: MACs 0; FLOPs = n − 1 per row of n
    Source: torch.amax
    """

    __slots__ = ()
    foreign_names = "~max ~reducemax amax"
    foreign_notes = ("max | use `max` with `dim` for that along an axis, `maximum` for that of several inputs",)


@layer("min", main="dim")
class Min(Chosen):
    """Minimum over one axis, several or all.

    Input: [*]
    Output: [*] without the axes of `dim`, or with 1 there (`keepdim`)
    Parameters: none
    Costs: MACs 0; FLOPs = n − 1 per row of n
    Source: torch.amin
    """

    __slots__ = ()
    foreign_names = "~min ~reducemin amin"
    foreign_notes = ("min | use `min` with `dim` for that along an axis, `minimum` for that of several inputs",)


@layer("sum", main="dim")
class Sum(Integral):
    """Sum over one axis, several or all; of flags the number of true ones.

    Input: [*]
    Output: [*] without the axes of `dim`, or with 1 there (`keepdim`)
    Parameters: none
    Costs: MACs 0; FLOPs = n − 1 per row of n
    Source: torch.sum
    """

    __slots__ = ()
    foreign_names = "~sum ~reducesum ~reducelogsum ~reducesumsquare"
    foreign_notes = (
        "sum | use `sum` with `dim` for that along an axis, `add` for that of several inputs",
        "reducelogsum | use `sum`, then `log`",
        "reducesumsquare | use `square`, then `sum`",
    )
    reads: ClassVar[str] = "float32|int64|bool"

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return int64 for integers and flags, else float32."""
        return arriving[0] if arriving[0] == "float32" else "int64"


@layer("prod", main="dim")
class Prod(Integral):
    """Product over one axis, several or all.

    Input: [*]
    Output: [*] without the axes of `dim`, or with 1 there (`keepdim`)
    Parameters: none
    Costs: MACs 0; FLOPs = n − 1 per row of n
    Source: torch.prod, of one axis after another, the last one first
    """

    __slots__ = ()
    foreign_names = "~reduceprod"

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, the output, and the products over the last axes: PyTorch multiplies axis by axis."""
        records = [saved_input((x,)), saved_output(y)]
        left = list(x)
        for axis in () if self.dim is None else sorted(self.axes(x), reverse=True)[:-1]:
            left[axis] = 1
            records.append(Saved(f"product over axis {axis}", product(tuple(left))))
        return tuple(records)


@layer("logsumexp", main="dim")
class LogSumExp(Reduction):
    """Logarithm of the sum of exponentials over one axis, several or all: max + log Σ e^(x − max).

    Input: [*]
    Output: [*] without the axes of `dim`, or with 1 there (`keepdim`)
    Parameters: none
    Costs: MACs 0; FLOPs = 4n per row of n (max n − 1, subtract n, exp n, sum n − 1, log 1, add 1)
    Source: torch.logsumexp
    """

    __slots__ = ()
    foreign_names = "~reducelogsumexp"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return four operations per element."""
        return 4 * product(x)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return input and output, whose difference is the logarithm of the gradient."""
        return (saved_input((x,)), saved_output(y))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation(Reduction):
    """Base class of variance and standard deviation.

    Fields:
        correction: Number that is subtracted from the number of elements before the sum of squares is divided by it: 1
            for an estimate from a sample, 0 for the variance of the elements themselves.
    """

    foreign_fields = (*Reduction.foreign_fields, "correction: ddof ~unbiased")
    correction: Annotated[float, Number(minimum=0)] = 1

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape without the axes, or with 1 there."""
        least = floor(self.correction) + 1
        elements = product(tuple(x[axis] for axis in self.axes(x)))
        if isinstance(elements, int) and elements < least:
            expects = f"at least {least} elements to take the deviation of"
            help_text = "write `correction: 0`" if elements else None
            raise LayerError("SC302", expects=expects, receives=f"{elements} of {show(x)}", help=help_text)
        constraints.require_nonnegative(elements - least)
        return super(Deviation, self).output_shape(x, constraints=constraints)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return four operations per element."""
        return 4 * product(x)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input."""
        return (saved_input((x,)),)


@layer("var", main="dim")
class Var(Deviation):
    """Variance over one axis, several or all: Σ (x − mean)² / (n − correction).

    Input: [*]
    Output: [*] without the axes of `dim`, or with 1 there (`keepdim`)
    Parameters: none
    Costs: MACs 0; FLOPs = 4n per row of n (mean n, subtract n, square n, sum n − 1, divide 1)
    Source: torch.var
    """

    __slots__ = ()
    foreign_names = "variance ~reducevar"


@layer("std", main="dim")
class Std(Deviation):
    """Standard deviation over one axis, several or all: √(Σ (x − mean)² / (n − correction)).

    Input: [*]
    Output: [*] without the axes of `dim`, or with 1 there (`keepdim`)
    Parameters: none
    Costs: MACs 0; FLOPs = 4n + 1 per row of n (mean n, subtract n, square n, sum n − 1, divide 1, root 1)
    Source: torch.std
    """

    __slots__ = ()
    foreign_names = "~reducestd ~standarddeviation"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return four operations per element, and a root per row."""
        return 4 * product(x) + product(y)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return input and output."""
        return (saved_input((x,)), saved_output(y))
