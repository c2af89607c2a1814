"""Activation functions of two or three pieces: a trainable slope, exponential pieces, bounds and a threshold."""

from dataclasses import dataclass
from typing import Annotated

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Shape, show
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.elementwise import Elementwise
from shapecalc.layers.fields import Number, OptionalCount
from shapecalc.layers.initial import Initial
from shapecalc.layers.intervals import RealInterval

FAMILY = "activation"

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@layer("prelu", main="num_parameters")
@dataclass(frozen=True, slots=True, kw_only=True)
class Prelu(Elementwise):
    """Rectified linear unit with trainable slopes: x if x is positive, else weight · x.

    Fields:
        num_parameters: Number of slopes: 1 for all elements, or one for each channel, which is the default.

    Derivative: 1 if x is positive, else the slope; with respect to a slope x, summed where x is not positive
    Input: [N, C, *], or any shape if `num_parameters` is 1
    Output: as the input
    Parameters: weight [num_parameters]
    Costs: MACs 0; FLOPs = 2 per element (compare, multiply)
    Source: torch.nn.PReLU, whose `num_parameters` is 1 by default; He et al. 2015, equation 1
    """

    foreign_names = "parametricrelu"
    foreign_caveats = (
        "prelu parametricrelu: no numparameters sharedaxes | use `prelu: 1` for a single slope, not one per channel",
    )
    foreign_fields = ("num_parameters: numparams channels ~numslopes", "nothing: sharedaxes init alphainitializer")
    cost = 2
    value_range = Layer.value_range
    num_parameters: OptionalCount = None

    @property
    def in_keras(self) -> bool:
        """False: Keras has a slope for each element, or shares them along axes that are stated."""
        return False

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape.

        >>> Prelu(num_parameters=1).output_shape((5,)), Prelu().parameters((1, 10, 5, 5))      # MTCNN, P-Net
        ((5,), {'weight': (10,)})
        """
        if self.num_parameters == 1:
            return x
        if len(x) < 2:
            help_text = f"write `{self.type}: 1` for one slope"
            raise LayerError("SC305", expects="[N, C, *]", receives=show(x), label="has no channels", help=help_text)
        constraints.require_stated(self.num_parameters, x[1], "num_parameters", "channels", x=x)
        return x

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the slopes."""
        return {"weight": (1 if self.num_parameters == 1 else x[1],)}

    def initial(self, name: str, *inputs: Shape) -> Initial:
        """Return 1/4 for each slope."""
        return Initial("constant", value=0.25)


@layer("selu")
class Selu(Elementwise):
    """Scaled exponential linear unit: λx if x is positive, else λα(eˣ − 1), with λ = 1.0507 and α = 1.67326.

    Derivative: λ if x is positive, else λαeˣ, which is the output + λα
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 5 per element (compare, exp, subtract, two multiplications)
    Source: torch.nn.SELU; Klambauer et al. 2017, equation 2
    """

    __slots__ = ()
    codomain = RealInterval(-SELU_SCALE * SELU_ALPHA)
    cost = 5
    in_place = True


@layer("celu", main="alpha")
@dataclass(frozen=True, slots=True, kw_only=True)
class Celu(Elementwise):
    """Continuously differentiable exponential linear unit: x if x is positive, else α(e^(x/α) − 1).

    Fields:
        alpha: Factor α: the output tends to −α.

    Derivative: 1 if x is positive, else e^(x/α)
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 5 per element (compare, divide, exp, subtract, multiply)
    Source: torch.nn.CELU; Barron 2017, equation 2
    """

    cost = 5
    in_place = True
    alpha: Annotated[float, Number(above=0)] = 1.0

    @property
    def value_range(self) -> RealInterval:
        """From −α, which is not reached."""
        return RealInterval(-self.alpha)


@layer("hardtanh")
@dataclass(frozen=True, slots=True, kw_only=True)
class Hardtanh(Elementwise):
    """Linear between two bounds, constant outside: min(max(x, min_val), max_val).

    Fields:
        min_val: Lower bound of the output.
        max_val: Upper bound of the output.

    Derivative: 1 if min_val < x < max_val, else 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 2 per element (two compares)
    Source: torch.nn.Hardtanh
    """

    foreign_fields = ("min_val: min minimum ~low minvalue", "max_val: max maximum ~high maxvalue")
    cost = 2
    in_place = True
    min_val: Annotated[float, Number()] = -1.0
    max_val: Annotated[float, Number()] = 1.0

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 if the lower bound is not below the upper one."""
        if self.min_val >= self.max_val:
            expects = f"`min_val` below `max_val`, {self.max_val:g}"
            raise LayerError("SC205", expects=expects, receives=f"{self.min_val:g}", field="min_val")

    @property
    def value_range(self) -> RealInterval:
        """From bound to bound."""
        return RealInterval(self.min_val, self.max_val, includes_low=True, includes_high=True)


@layer("threshold")
@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdFunction(Elementwise):
    """x if x is above a threshold, else a constant.

    Fields:
        threshold: Number above which x passes.
        value: Output for all other x.

    Derivative: 1 if x is above the threshold, else 0
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element (compare)
    Source: torch.nn.Threshold
    """

    foreign_names = "~thresholdedrelu ~thresholdrelu"
    foreign_notes = ("thresholdedrelu thresholdrelu | use `threshold: {threshold: 1, value: 0}`",)
    foreign_fields = ("threshold: theta ~alpha",)
    cost = 1
    in_place = True
    threshold: Annotated[float, Number()]
    value: Annotated[float, Number()]

    @property
    def value_range(self) -> RealInterval:
        """Numbers above the threshold, and the constant."""
        return RealInterval(min(self.threshold, self.value), includes_low=self.value <= self.threshold)
