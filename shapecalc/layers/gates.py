"""Activation functions that multiply the input, or half of it, by a gate."""

from dataclasses import dataclass

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, exact_quotient, pretty, product, show
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.elementwise import Elementwise
from shapecalc.layers.fields import Axis
from shapecalc.layers.intervals import RealInterval
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "activation"


@layer("mish")
class Mish(Elementwise):
    """x times the hyperbolic tangent of its softplus, x · tanh(log(1 + eˣ)).

    Derivative: t + x · σ(x) · (1 − t²), with t = tanh(log(1 + eˣ))
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 5 per element (exp, add, log, tanh, multiply)
    Source: torch.nn.Mish; Misra 2019, equation 1
    """

    __slots__ = ()
    codomain = RealInterval(-0.308843413017251, includes_low=True)
    cost = 5


@layer("quick_gelu")
class QuickGelu(Elementwise):
    """Approximation of GELU by a sigmoid, x · σ(1.702x).

    Derivative: s · (1 + 1.702x · (1 − s)), with s = σ(1.702x)
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 6 per element (scale, the sigmoid's 4, multiply)
    Source: transformers, QuickGELUActivation; Hendrycks and Gimpel 2016, section 2
    """

    __slots__ = ()
    codomain = RealInterval(-0.1636101896363538, includes_low=True)
    cost = 6

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input and the sigmoid."""
        return (saved_input((x,)), Saved("sigmoid", product(x)))


@layer("glu", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Glu(Layer):
    """Gated linear unit: the first half of an axis times the sigmoid of the second, a · σ(b).

    Fields:
        dim: Axis that is halved; a negative index counts from the last axis.

    Input: [*], an even size along `dim`
    Output: [*], half of the size along `dim`
    Parameters: none
    Costs: MACs 0; FLOPs = 5 per output (the sigmoid's 4, multiply)
    Source: torch.nn.GLU; Dauphin et al. 2017, equation 1
    """

    foreign_names = "gatedlinearunit"
    foreign_fields = ("dim: axis dimension",)
    keeps_axes = True
    dim: Axis = -1

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with half of the size along `dim`.

        >>> Glu().output_shape((1, 10, 1024))
        (1, 10, 512)
        """
        axis = axis_index(self.dim, len(x), "dim", x)
        half = exact_quotient(x[axis], 2)
        if half is None:
            error = LayerError(
                "SC304", expects=f"an even size along axis {axis}", receives=f"{pretty(x[axis])} in {show(x)}"
            )
            if not isinstance(x[axis], Expr):
                raise error
            constraints.require(x[axis] % 2, Relation.ZERO, error)
            half = x[axis] // 2
        return (*x[:axis], half, *x[axis + 1 :])

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return five operations per output."""
        return 5 * product(y)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input."""
        return (saved_input((x,)),)
