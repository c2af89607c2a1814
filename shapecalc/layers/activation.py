"""Activation functions, which keep the shape of the input: elementwise or along one axis."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.elementwise import Elementwise
from shapecalc.layers.fields import Axis, Number, OneOf
from shapecalc.layers.intervals import RealInterval
from shapecalc.layers.saved import Saved, saved_output


@layer("relu")
class Relu(Elementwise):
    """Rectified linear unit, max(0, x).

    Derivative: 1 if x is positive, else 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element (compare)
    Source: torch.nn.ReLU
    """

    __slots__ = ()
    foreign_names = "rectifier"
    foreign_fields = (
        "nothing: maxvalue | use `relu6` if it is 6",
        "nothing: negativeslope alpha slope | use `leaky_relu`, which has a slope",
        "nothing: threshold",
    )
    codomain = RealInterval(0, includes_low=True)
    cost = 1
    reads_output = True
    in_place = True


@layer("relu6")
class Relu6(Elementwise):
    """Rectified linear unit that stops at 6, min(max(0, x), 6).

    Derivative: 1 if 0 < x < 6, else 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 2 per element (two compares)
    Source: torch.nn.ReLU6
    """

    __slots__ = ()
    codomain = RealInterval(0, 6, includes_low=True, includes_high=True)
    cost = 2
    in_place = True


@layer("leaky_relu", main="negative_slope")
@dataclass(frozen=True, slots=True, kw_only=True)
class LeakyRelu(Elementwise):
    """Leaky rectified linear unit: x if x is positive, else negative_slope · x.

    Fields:
        negative_slope: Factor that multiplies elements below 0.

    Derivative: 1 if x is positive, else negative_slope
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 2 per element (compare, multiply)
    Source: torch.nn.LeakyReLU
    """

    foreign_names = "lrelu ~leaky"
    foreign_notes = ("leaky | use `leaky_relu: 0.1`: the slope of darknet's",)
    foreign_fields = ("negative_slope: alpha slope negslope leak",)
    cost = 2
    in_place = True
    negative_slope: Annotated[float, Number()] = 0.01

    @property
    def value_range(self) -> RealInterval:
        """All real numbers, unless the slope is negative or 0."""
        return RealInterval() if self.negative_slope > 0 else RealInterval(0, includes_low=True)


@layer("elu", main="alpha")
@dataclass(frozen=True, slots=True, kw_only=True)
class Elu(Elementwise):
    """Exponential linear unit: x if x is positive, else α(eˣ − 1).

    Fields:
        alpha: Factor α of the branch below 0: the output tends to −α.

    Derivative: 1 if x is positive, else αeˣ, which is the output + α
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 4 per element (compare, exp, subtract, multiply)
    Source: torch.nn.ELU
    """

    foreign_fields = ("alpha: ~a",)
    cost = 4
    in_place = True
    alpha: Annotated[float, Number()] = 1.0

    @property
    def value_range(self) -> RealInterval:
        """From −α, which is not reached; from 0 if α is negative or 0."""
        return RealInterval(-self.alpha) if self.alpha > 0 else RealInterval(0, includes_low=True)


@layer("gelu", main="approximate")
@dataclass(frozen=True, slots=True, kw_only=True)
class Gelu(Elementwise):
    """Gaussian error linear unit, x/2 · (1 + erf(x/√2)); `approximate: tanh` for the formula with tanh.

    Fields:
        approximate: Formula to use: the exact one with erf (`none`), or an approximation with tanh.

    Derivative: Φ(x) + x · φ(x), with the normal distribution Φ(x) = (1 + erf(x/√2))/2 and its density
        φ(x) = e^(−x²/2)/√(2π)
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 5 per element (scale, erf, add, times x, halve); with tanh 9 (square, cube, scale, add,
        scale, tanh, add, times x, halve)
    Source: torch.nn.GELU
    """

    foreign_fields = ("approximate: approx approximation",)
    cost = 5
    approximate: Annotated[str, OneOf(("none", "tanh"))] = "none"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 5 operations per element, or 9 for the approximation."""
        return (9 if self.approximate == "tanh" else self.cost) * product(x)

    @property
    def value_range(self) -> RealInterval:
        """From the minimum, which is near x = −0.752."""
        low = -0.170040750571254 if self.approximate == "tanh" else -0.169971207479904
        return RealInterval(low, includes_low=True)


@layer("silu")
class Silu(Elementwise):
    """Sigmoid linear unit (swish), x · σ(x).

    Derivative: σ(x) · (1 + x · (1 − σ(x)))
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 5 per element (the sigmoid's 4, multiply)
    Source: torch.nn.SiLU
    """

    __slots__ = ()
    foreign_names = "swish"
    codomain = RealInterval(-0.278464542761074, includes_low=True)
    cost = 5


@layer("hardswish")
class Hardswish(Elementwise):
    """Piecewise linear approximation of SiLU, x · min(max(x + 3, 0), 6)/6.

    Derivative: 0 up to x = −3, 1 from x = 3 on, x/3 + 1/2 in between
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 5 per element (add, two comparisons, divide, multiply)
    Source: torch.nn.Hardswish
    """

    __slots__ = ()
    foreign_names = "hswish"
    codomain = RealInterval(-0.375, includes_low=True)
    cost = 5


@layer("hardsigmoid")
@dataclass(frozen=True, slots=True, kw_only=True)
class Hardsigmoid(Elementwise):
    """Piecewise linear approximation of the sigmoid, min(max(x + 3, 0), 6)/6; in general min(max(αx + β, 0), 1).

    Fields:
        alpha: Slope α; 1/6 by default.
        beta: Value β at x = 0.

    Derivative: α if 0 < αx + β < 1, else 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 4 per element (add, two comparisons, divide)
    Source: torch.nn.Hardsigmoid, which has the slope 1/6; ONNX's HardSigmoid has 0.2 by default
    """

    foreign_names = "~hardsigmoid hsigmoid"
    foreign_notes = (
        "hardsigmoid | use `hardsigmoid`, which has slope 1/6 as PyTorch's; ONNX's is `hardsigmoid: {alpha: 0.2}`",
    )
    codomain = RealInterval(0, 1, includes_low=True, includes_high=True)
    cost = 4
    alpha: Annotated[float | None, Number(above=0)] = None
    beta: Annotated[float, Number()] = 0.5


@layer("sigmoid")
class Sigmoid(Elementwise):
    """The logistic function, 1/(1 + e⁻ˣ).

    Derivative: y · (1 − y), where y is the output: at most 1/4
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 4 per element (negate, exp, add, divide)
    Source: torch.nn.Sigmoid
    """

    __slots__ = ()
    foreign_names = "logistic"
    codomain = RealInterval(0, 1)
    cost = 4
    reads_output = True
    loss = "binary_cross_entropy"


@layer("tanh")
class Tanh(Elementwise):
    """Hyperbolic tangent.

    Derivative: 1 − y², where y is the output: at most 1
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.nn.Tanh
    """

    __slots__ = ()
    codomain = RealInterval(-1, 1)
    cost = 1
    reads_output = True


@layer("softplus", main="beta")
@dataclass(frozen=True, slots=True, kw_only=True)
class Softplus(Elementwise):
    """Smooth approximation of max(0, x), log(1 + e^(βx))/β; x itself if βx is above `threshold`.

    Fields:
        beta: Factor β: the larger it is, the closer the function is to max(0, x).
        threshold: Value of βx above which the output is x itself.

    Derivative: σ(βx); 1 if βx is above `threshold`
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 6 per element (scale, exp, add, log, divide, compare)
    Source: torch.nn.Softplus
    """

    cost = 6
    beta: Annotated[float, Number(above=0)] = 1.0
    threshold: Annotated[float, Number()] = 20.0

    @property
    def value_range(self) -> RealInterval:
        """Positive numbers, unless the threshold is negative: then x itself is the output above it."""
        return RealInterval(min(self.threshold / self.beta, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rowwise(Layer):
    """A function of the elements along one axis, `dim`.

    Fields:
        dim: Axis along which the values of softmax sum to 1; a negative index counts from the last axis.
    """

    codomain: ClassVar[RealInterval]
    """The values along an axis of two elements or more; a single one is always 1, or its logarithm."""
    foreign_fields = ("dim: axis dimension",)
    keeps_axes = True
    is_activation = True
    loss = "cross_entropy"
    dim: Axis = -1

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the output."""
        return (saved_output(y),)

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        axis_index(self.dim, len(x), "dim", x)
        return x

    @property
    def value_range(self) -> RealInterval:
        """The values that it takes for all real numbers."""
        return self.codomain

    def rows(self, x: Shape) -> Dim:
        """Return how many rows the input has along `dim`."""
        at = self.dim % len(x)
        return product((*x[:at], *x[at + 1 :]))


@layer("softmax", main="dim")
class Softmax(Rowwise):
    """Exponentials divided by their sum, eˣ / Σ eˣ: the elements along `dim` sum to 1.

    Derivative: of output yᵢ with respect to input xⱼ: yᵢ · (1 − yᵢ) if i = j, else −yᵢ · yⱼ
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 5n − 2 per row of n (max n − 1, subtract n, exp n, sum n − 1, divide n)
    Source: torch.nn.Softmax
    """

    __slots__ = ()
    foreign_names = "~softmax2d"
    foreign_notes = ("softmax2d | use `softmax: 1`: over the channels",)
    codomain = RealInterval(0, 1)
    probabilities = "plain"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 5n − 2 operations per row."""
        return 5 * product(x) - 2 * self.rows(x)


@layer("log_softmax", main="dim")
class LogSoftmax(Rowwise):
    """The logarithm of softmax, x − max − log Σ e^(x − max).

    Derivative: of output yᵢ with respect to input xⱼ: 1 − pᵢ if i = j, else −pⱼ, where p = e^y is the softmax
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 5n − 1 per row of n (max n − 1, subtract n, exp n, sum n − 1, log 1, subtract n)
    Source: torch.nn.LogSoftmax
    """

    __slots__ = ()
    codomain = RealInterval(high=0)
    probabilities = "log"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 5n − 1 operations per row."""
        return 5 * product(x) - self.rows(x)
