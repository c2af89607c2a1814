"""Layers that compare numbers and combine the answers, which are true or false; and conversion to another dtype."""

from dataclasses import dataclass
from math import isinf
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.broadcasting import broadcast
from shapecalc.layers.constraints import REFUSING, Constraints, require_one_dtype
from shapecalc.layers.fields import Number, OneOf
from shapecalc.layers.roles import Roles, common

FAMILY = "merging"


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementComparison(Layer):
    """An elementwise comparison of two inputs, or of one input with a number.

    Fields:
        other: Number that the input is compared with, in place of a second input.
    """

    foreign_fields = ("other: value ~y ~b scalar number",)
    takes: ClassVar[tuple[int, int]] = (1, 2)
    letters: ClassVar[tuple[str, ...]] = ("x", "y")
    reads: ClassVar[str] = "any"
    gives: ClassVar[str] = "bool"
    other: Annotated[float | None, Number()] = None

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape that the inputs broadcast to.

        >>> NotEqual(other=1).output_shape((2, 7))
        (2, 7)
        """
        wanted = 2 if self.other is None else 1
        if len(inputs) != wanted:
            expects = "1 input next to `other`" if wanted == 1 else "2 inputs, or one and `other`"
            help_text = (
                "leave `other` out" if wanted == 1 else f"write `{self.type}: …` with the number, or `from: [a, b]`"
            )
            raise LayerError("SC313", expects=expects, receives=len(inputs), help=help_text)
        return broadcast(inputs, constraints)

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return bool; raise `LayerError` SC206 for inputs of two dtypes, SC202 if `other` is not one of theirs."""
        require_one_dtype(arriving)
        require_fits("other", self.other, arriving[0])
        return "bool"

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles that the inputs agree on."""
        return common(roles, len(shapes[-1]))

    def operations(self, *shapes: Shape) -> Dim:
        """Return one comparison per output."""
        return product(shapes[-1])


def require_fits(field: str, value: float | None, dtype: str) -> None:
    """Raise `LayerError` SC202 if a number is not one of the dtype of the elements that it is used with."""
    if value is None or dtype == "float32":
        return
    if isinf(value) or value != int(value) or (dtype == "bool" and value not in (0, 1)):
        what = "0 or 1, false or true" if dtype == "bool" else "an integer"
        expects = f"{what}, because the input is {dtype},"
        raise LayerError("SC202", expects=expects, receives=value, preposition="as", field=field)


@layer("equal", main="other")
class Equal(ElementComparison):
    """Whether elements are equal: x = y, or x = `other`, such as the positions of a padding token.

    Input: [*], of any dtype; two of one dtype whose shapes broadcast, or one and `other`
    Output: [*], bool
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per output
    Source: torch.eq
    """

    __slots__ = ()
    foreign_names = "eq equals"


@layer("not_equal", main="other")
class NotEqual(ElementComparison):
    """Whether elements differ: x ≠ y, or x ≠ `other`, such as the positions of all tokens but the padding.

    Input: [*], of any dtype; two of one dtype whose shapes broadcast, or one and `other`
    Output: [*], bool
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per output
    Source: torch.ne
    """

    __slots__ = ()
    foreign_names = "ne notequals"


@layer("less", main="other")
class Less(ElementComparison):
    """Whether elements are less: x < y, or x < `other`.

    Input: [*], of any dtype; two of one dtype whose shapes broadcast, or one and `other`
    Output: [*], bool
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per output
    Source: torch.lt
    """

    __slots__ = ()
    foreign_names = "lt lessthan"


@layer("less_equal", main="other")
class LessEqual(ElementComparison):
    """Whether elements are less or equal: x ≤ y, or x ≤ `other`.

    Input: [*], of any dtype; two of one dtype whose shapes broadcast, or one and `other`
    Output: [*], bool
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per output
    Source: torch.le
    """

    __slots__ = ()
    foreign_names = "le lessorequal"


@layer("greater", main="other")
class Greater(ElementComparison):
    """Whether elements are greater: x > y, or x > `other`.

    Input: [*], of any dtype; two of one dtype whose shapes broadcast, or one and `other`
    Output: [*], bool
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per output
    Source: torch.gt
    """

    __slots__ = ()
    foreign_names = "gt greaterthan"


@layer("greater_equal", main="other")
class GreaterEqual(ElementComparison):
    """Whether elements are greater or equal: x ≥ y, or x ≥ `other`.

    Input: [*], of any dtype; two of one dtype whose shapes broadcast, or one and `other`
    Output: [*], bool
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per output
    Source: torch.ge
    """

    __slots__ = ()
    foreign_names = "ge greaterorequal"


class Logical(Layer):
    """Base class of elementwise logic, of values that are true or false."""

    __slots__ = ()
    reads: ClassVar[str] = "bool"
    gives: ClassVar[str] = "bool"

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape that the inputs broadcast to."""
        return broadcast(inputs, constraints)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles that the inputs agree on."""
        return common(roles, len(shapes[-1]))

    def operations(self, *shapes: Shape) -> Dim:
        """Return 0: nothing is computed with numbers."""
        return 0


@layer("logical_not")
@dataclass(frozen=True, slots=True)
class LogicalNot(Logical):
    """Turns true into false, and false into true.

    Input: [*], bool
    Output: [*], bool
    Parameters: none
    Costs: MACs 0; FLOPs 0: nothing is computed with numbers
    Source: torch.logical_not
    """

    foreign_names = "not"


@layer("logical_and")
@dataclass(frozen=True, slots=True)
class LogicalAnd(Logical):
    """Whether all inputs are true, such as a causal mask and that of padding.

    Input: two or more of [*], bool, whose shapes broadcast
    Output: [*], bool
    Parameters: none
    Costs: MACs 0; FLOPs 0: nothing is computed with numbers
    Source: torch.logical_and
    """

    foreign_names = "and"
    takes: ClassVar[tuple[int, int]] = (2, 64)
    merges: ClassVar[bool] = True


@layer("logical_or")
@dataclass(frozen=True, slots=True)
class LogicalOr(Logical):
    """Whether at least one input is true.

    Input: two or more of [*], bool, whose shapes broadcast
    Output: [*], bool
    Parameters: none
    Costs: MACs 0; FLOPs 0: nothing is computed with numbers
    Source: torch.logical_or
    """

    foreign_names = "or"
    takes: ClassVar[tuple[int, int]] = (2, 64)
    merges: ClassVar[bool] = True


@layer("cast", main="dtype")
@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(Layer):
    """Converts elements to another dtype: true is 1, false 0; a fraction is cut off; all numbers but 0 are true.

    Fields:
        dtype: Type of the output's elements.

    Input: [*], of any dtype
    Output: [*], of `dtype`
    Parameters: none
    Costs: MACs 0; FLOPs = 1 comparison per output of bool; 0 for other dtypes: elements are copied
    Source: torch.Tensor.to
    """

    foreign_names = "astype typeas ~to ~type ~float ~long"
    foreign_notes = (
        "to type | use `cast` with the dtype",
        "float | use `cast: float32`",
        "long | use `cast: int64`",
    )
    foreign_fields = ("dtype: ~to type ~outputdtype",)
    reads: ClassVar[str] = "any"
    keeps_axes = True
    dtype: Annotated[str, OneOf(("float32", "int64", "bool"))]

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        return x

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return `dtype`."""
        return self.dtype

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one comparison with 0 per output of bool, else 0: elements are copied."""
        return product(y) if self.dtype == "bool" else 0
