"""Activation functions with two asymptotes or one that are computed from absolute values: softsign and log-sigmoid."""

from shapecalc.dims import Shape, product
from shapecalc.layers.base import layer
from shapecalc.layers.elementwise import Elementwise
from shapecalc.layers.intervals import RealInterval
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "activation"


@layer("softsign")
class Softsign(Elementwise):
    """x divided by 1 + |x|.

    Derivative: 1/(1 + |x|)²
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 3 per element (absolute value, add, divide)
    Source: torch.nn.Softsign
    """

    __slots__ = ()
    codomain = RealInterval(-1, 1)
    cost = 3

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input and the divisor."""
        return (saved_input((x,)), Saved("divisor", product(x)))


@layer("logsigmoid")
class LogSigmoid(Elementwise):
    """The logarithm of the sigmoid, min(x, 0) − log(1 + e^(−|x|)).

    Derivative: σ(−x), at most 1
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 7 per element (compare, absolute value, negate, exp, add, log, subtract)
    Source: torch.nn.LogSigmoid
    """

    __slots__ = ()
    codomain = RealInterval(high=0)
    cost = 7

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input and the exponential, which PyTorch saves on the CPU."""
        return (saved_input((x,)), Saved("exponential", product(x)))
