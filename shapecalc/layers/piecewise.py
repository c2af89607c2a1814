"""Piecewise linear functions of each element that are no activation: absolute value, sign, rounding and bounds."""

from dataclasses import dataclass
from typing import Annotated

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.base import layer
from shapecalc.layers.elementwise import INTEGERS_TOO, Function
from shapecalc.layers.fields import Number

FAMILY = "merging"


@layer("abs")
class Abs(Function):
    """Absolute value, |x|.

    Derivative: the sign of x: 0 at x = 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.abs
    """

    __slots__ = ()
    cost = 1
    foreign_names = "absolute absval"
    reads = INTEGERS_TOO
    gives = "same"


@layer("negative")
class Negative(Function):
    """Negative, −x.

    Derivative: −1
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.neg
    """

    __slots__ = ()
    cost = 1
    foreign_names = "neg negate"
    reads = INTEGERS_TOO
    gives = "same"
    reads_nothing = True


@layer("sign")
class Sign(Function):
    """Sign, −1 for negative numbers, 0 for 0, 1 for positive ones.

    Derivative: 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 2 per element (two compares)
    Source: torch.sign
    """

    __slots__ = ()
    cost = 2
    foreign_names = "sgn"
    reads = INTEGERS_TOO
    gives = "same"
    reads_nothing = True


@layer("floor")
class FloorFunction(Function):
    """The greatest integer that is not above x.

    Derivative: 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.floor
    """

    __slots__ = ()
    cost = 1
    reads_nothing = True


@layer("ceil")
class Ceil(Function):
    """The least integer that is not below x.

    Derivative: 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.ceil
    """

    __slots__ = ()
    cost = 1
    reads_nothing = True


@layer("round")
class Round(Function):
    """The nearest integer, of two equally near the even one.

    Derivative: 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.round
    """

    __slots__ = ()
    cost = 1
    reads_nothing = True


@layer("clamp")
@dataclass(frozen=True, slots=True, kw_only=True)
class Clamp(Function):
    """Limits each element to bounds, min(max(x, min), max), of which one may be left out.

    Fields:
        min: Lower bound; none by default.
        max: Upper bound; none by default. If it is below `min`, it is the output.

    Derivative: 1 from `min` to `max`, else 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element and bound (compare)
    Source: torch.clamp
    """

    foreign_names = "clip"
    foreign_fields = ("min: minimum low lower amin minval clipvaluemin", "max: maximum high upper amax maxval")
    reads = INTEGERS_TOO
    min: Annotated[float | None, Number()] = None
    max: Annotated[float | None, Number()] = None

    def check_fields(self) -> None:
        """Raise `LayerError` without a bound."""
        if self.min is None and self.max is None:
            raise LayerError("SC106", "expects `min`, `max` or both, receives none", help="write `clamp: {min: 0}`")

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return float32 for integers too if a bound is a float."""
        return "float32" if float in (type(self.min), type(self.max)) else arriving[0]

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one comparison per element and bound."""
        return ((self.min is not None) + (self.max is not None)) * product(x)
