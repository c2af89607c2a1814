"""Normalisation over the last axes."""

from dataclasses import dataclass
from typing import Annotated

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.base import layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, Integer, Several
from shapecalc.layers.normalization import (
    Epsilon,
    Normalizing,
    saved_statistics,
    statistics_operations,
)
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "normalization"
_LAST_AXES = "use `normalized_shape`, the sizes of the last axes; by default the last axis alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverLastAxes(Normalizing):
    """Base class of layer norm and RMS norm, which normalise over the last axes.

    Fields:
        normalized_shape: Sizes of the last axes, which are normalised together; by default the last axis alone.
    """

    reads_features = True
    normalized_shape: Annotated[int | tuple[int, ...] | None, Several(Integer())] = None

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        normalized = self._normalized(x)
        last = x[-len(normalized) :]
        error = LayerError(
            "SC301",
            expects=f"{show(normalized)} as its last axes",
            receives=show(x),
            field="normalized_shape",
            label=f"expected {show(last)}",
            help="leave `normalized_shape` out to normalise the last axis",
        )
        constraints.require_equal(last, normalized, error)
        return x

    def _normalized(self, x: Shape) -> Shape:
        if self.normalized_shape is None:
            return x[-1:]
        return self.normalized_shape if isinstance(self.normalized_shape, tuple) else (self.normalized_shape,)


@layer("layer_norm", main="normalized_shape")
@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNorm(OverLastAxes):
    """Normalises over the last axes, by default over the last one.

    Fields:
        eps: Number added to the variance, so that nothing is divided by 0.
        elementwise_affine: Whether each element of the normalised axes has a trainable weight.
        bias: Whether it also has a trainable bias, which requires `elementwise_affine`.

    Input: [*, *normalized_shape]
    Output: [*, *normalized_shape]
    Parameters: weight [*normalized_shape], bias [*normalized_shape] (`elementwise_affine`, `bias`)
    Costs: MACs 0; FLOPs = 5 per element + 2 per normalised group, + 1 per element for each of weight and bias
    Source: torch.nn.LayerNorm; Ba, Kiros, Hinton 2016
    """

    foreign_names = "layernormalization ln"
    foreign_fields = (
        "eps: epsilon",
        "normalized_shape: shape ~size ~dim normalizedsize hiddensize numfeatures ~features",
        "elementwise_affine: affine ~scale",
        "bias: center usebias",
        f"nothing: axis beginnormaxis rmsscaling | {_LAST_AXES}",
    )
    eps: Epsilon = 1e-5
    elementwise_affine: Bool = True
    bias: Bool = True

    @property
    def has_bias(self) -> bool:
        """Whether it has a bias."""
        return self.elementwise_affine and self.bias

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the weight and the bias, each with the shape of the normalised axes."""
        if not self.elementwise_affine:
            return {}
        normalized = self._normalized(x)
        return {"weight": normalized, "bias": normalized} if self.bias else {"weight": normalized}

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return the operations of the statistics, the weight and the bias."""
        groups = product(x[: len(x) - len(self._normalized(x))])
        return statistics_operations(product(x), groups=groups, affine=len(self.parameters(x)))

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and mean and 1/σ of each group."""
        return saved_statistics(x, product(x[: len(x) - len(self._normalized(x))]))


@layer("rms_norm", main="normalized_shape")
@dataclass(frozen=True, slots=True, kw_only=True)
class RmsNorm(OverLastAxes):
    """Divides by the root of the mean of squares over the last axes, x/√(Σx²/n + eps), without subtracting the mean.

    Fields:
        eps: Number added to the mean of squares, so that nothing is divided by 0; by default the float32 machine
            epsilon.
        elementwise_affine: Whether each element of the normalised axes has a trainable weight.

    Input: [*, *normalized_shape]
    Output: as the input
    Parameters: weight with the shape of the last axes (`elementwise_affine`)
    Costs: MACs 0; FLOPs = 3 per element (square, add, divide) + 2 per group (divide, add eps; n
        squares need n − 1 additions, the root counts as the n-th), + 1 per element with `elementwise_affine`
    Source: torch.nn.RMSNorm; Zhang and Sennrich 2019, equation 4
    """

    foreign_names = "rmsnorm rmsnormalization simplifiedlayernormalization t5layernorm"
    foreign_fields = (
        "normalized_shape: shape dim hiddensize",
        "eps: epsilon varianceepsilon rmsnormeps",
        "elementwise_affine: affine ~scale",
        f"nothing: axis | {_LAST_AXES}",
    )
    eps: Epsilon = 1.1920928955078125e-07
    elementwise_affine: Bool = True

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the weight with the shape of the last axes."""
        return {"weight": self._normalized(x)} if self.elementwise_affine else {}

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return the operations of the squares, their mean and root, the division and the weight."""
        rows = product(x[: len(x) - len(self._normalized(x))])
        return (4 if self.elementwise_affine else 3) * product(x) + 2 * rows

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, the root of each group, and the normalised elements if a weight multiplies them."""
        rows = product(x[: len(x) - len(self._normalized(x))])
        normalised = (Saved("normalised", product(x)),) if self.elementwise_affine else ()
        return (saved_input((x,)), Saved("1/root", rows, dtype="float32"), *normalised)
