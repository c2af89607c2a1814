"""Activation functions that make small numbers smaller: shrinkage, hard and soft, and by tanh."""

from dataclasses import dataclass
from typing import Annotated

from shapecalc.dims import Shape, product
from shapecalc.layers.base import layer
from shapecalc.layers.elementwise import Elementwise
from shapecalc.layers.fields import Number
from shapecalc.layers.intervals import RealInterval
from shapecalc.layers.saved import Saved

FAMILY = "activation"


@layer("hard_shrink", main="lambd")
@dataclass(frozen=True, slots=True, kw_only=True)
class HardShrink(Elementwise):
    """x if |x| is above λ, else 0.

    Fields:
        lambd: Bound λ of the interval around 0.

    Derivative: 1 if |x| is above λ, else 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 2 per element (absolute value, compare)
    Source: torch.nn.Hardshrink
    """

    foreign_fields = ("lambd: lambda threshold",)
    codomain = RealInterval()
    cost = 2
    lambd: Annotated[float, Number(minimum=0)] = 0.5


@layer("soft_shrink", main="lambd")
@dataclass(frozen=True, slots=True, kw_only=True)
class SoftShrink(Elementwise):
    """x less its part between −λ and λ, x − min(max(x, −λ), λ): 0 in between.

    Fields:
        lambd: Bound λ of the interval around 0.

    Derivative: 1 if |x| is above λ, else 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 3 per element (two compares, subtract)
    Source: torch.nn.Softshrink
    """

    foreign_fields = ("lambd: lambda threshold",)
    codomain = RealInterval()
    cost = 3
    lambd: Annotated[float, Number(minimum=0)] = 0.5


@layer("tanhshrink")
class Tanhshrink(Elementwise):
    """x less its hyperbolic tangent, x − tanh(x).

    Derivative: tanh²(x)
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 2 per element (tanh, subtract)
    Source: torch.nn.Tanhshrink
    """

    __slots__ = ()
    codomain = RealInterval()
    cost = 2

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the hyperbolic tangent."""
        return (Saved("tanh", product(x)),)
