"""Weights that are computed from other tensors: weight normalization and weight standardization."""

from typing import Annotated

from shapecalc.diagnostics.errors import FieldName, LayerError
from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.base import Layer
from shapecalc.layers.fields import Integer, Number
from shapecalc.layers.initial import Initial
from shapecalc.layers.saved import Saved

NORM, DIRECTION = "parametrizations.weight.original0", "parametrizations.weight.original1"
"""Names of g and v, as torch.nn.utils.parametrizations.weight_norm makes them."""

WeightAxis = Annotated[int, Integer(minimum=0)]
Factor = Annotated[float, Number()]
Epsilon = Annotated[float, Number(minimum=0)]


class ComputedWeight(Layer):
    """Base class of layers whose weight may be computed from other tensors.

    Fields:
        weight_norm: Whether the weight is g · v/‖v‖, with trainable lengths g and directions v.
        weight_norm_dim: Axis of the weight with a length g for each entry; ‖v‖ is over the other axes.
        standardize: Whether each filter has its mean subtracted and is divided by √(variance + eps).
        gain: Whether each standardized filter is multiplied by gamma/√fan_in and by a trainable gain.
        gamma: Number that each standardized filter is multiplied by, with `gain`.
        eps: Number added to the variance of each filter, with `standardize`.
    """

    __slots__ = ()
    weight_norm: bool
    weight_norm_dim: int
    standardize: bool = False
    gain: bool = False
    gamma: float = 1.0
    eps: float = 1e-6

    @property
    def computes_weight(self) -> bool:
        """Whether the weight is computed from other tensors."""
        return self.weight_norm or self.standardize

    @property
    def in_keras(self) -> bool:
        """Whether the weight is a tensor of its own, as in Keras."""
        return not self.computes_weight

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 for a field that has no effect, or for both ways of computing the weight."""
        if self.weight_norm and self.standardize:
            raise LayerError(
                "SC205", expects="one of `weight_norm` and `standardize`", receives="both", field="standardize"
            )
        if (self.weight_norm_dim, self.gain, self.gamma, self.eps) == (0, False, 1.0, 1e-6):
            return
        for name, default, needed in (
            ("weight_norm_dim", 0, "weight_norm"),
            ("gain", False, "standardize"),
            ("gamma", 1.0, "gain"),
            ("eps", 1e-6, "standardize"),
        ):
            if getattr(self, name) != default and not getattr(self, needed):
                raise without_flag(name, needed)

    def tensors_of(self, weight: Shape, bias: Shape | None) -> dict[str, Shape]:
        """Return the trainable tensors that a weight of this shape is computed from, and the bias.

        Raises `LayerError` SC310 if the weight has no axis `weight_norm_dim`.
        """
        biases = {} if bias is None else {"bias": bias}
        if self.weight_norm:
            return {**biases, NORM: self._lengths(weight), DIRECTION: weight}
        gains = {"gain": (weight[0], *(1,) * (len(weight) - 1))} if self.gain else {}
        return {"weight": weight, **biases, **gains}

    def check_weight(self, rank: int) -> None:
        """Raise `LayerError` SC310 if a weight of `rank` axes has no axis `weight_norm_dim`."""
        if self.weight_norm_dim >= rank:
            raise LayerError(
                "SC310",
                expects=f"an axis of the weight, from 0 to {rank - 1}",
                receives=self.weight_norm_dim,
                preposition="as",
                field="weight_norm_dim",
            )

    def weight_operations(self, weight: Shape) -> Dim:
        """Return the operations that compute the weight, once for all samples.

        g · v/‖v‖: square, add and multiply for each element, less the first addition, a root and a division per length.
        Standardized: mean, subtraction, square, variance and division for each element; eps and a root per filter.
        """
        if self.weight_norm:
            return 3 * product(weight) + weight[self.weight_norm_dim]
        if not self.standardize:
            return 0
        operations = 5 * product(weight) + 2 * weight[0]
        return operations + product(weight) + weight[0] if self.gain else operations

    def saved_weight(self, weight: Shape) -> tuple[Saved, ...]:
        """Return what computing the weight saves: statistics, and the weight itself."""
        computed = Saved("weight", product(weight))
        if self.weight_norm:
            count, axis = weight[self.weight_norm_dim], self.weight_norm_dim
            if axis in (0, len(weight) - 1):
                return (Saved("norms", count), computed)
            return (Saved("norms", 2 * count), Saved("directions, turned", product(weight)), computed)
        if not self.standardize:
            return ()
        factors = (Saved("scale", weight[0]),) if self.gain else ()
        return (Saved("mean and deviation", 2 * weight[0], dtype="float32"), *factors, computed)

    def initial(self, name: str, *inputs: Shape) -> Initial:
        """Return lengths g that leave v as it is, gains of 1, and otherwise the distribution of any weight."""
        if name == NORM:
            return Initial("norm", of=DIRECTION)
        if name == "gain":
            return Initial("constant")
        if name == "bias" and self.weight_norm:
            return Layer.initial(self, DIRECTION, *inputs)
        return Layer.initial(self, name, *inputs)

    def _lengths(self, weight: Shape) -> Shape:
        return tuple(size if axis == self.weight_norm_dim else 1 for axis, size in enumerate(weight))


def without_flag(field: str, flag: str) -> LayerError:
    """Return the SC205 error for a field that has no effect because a flag is not set."""
    return LayerError(
        "SC205",
        expects=f"`{flag}: true` with `{field}`",
        receives="none",
        field=field,
        help=("write ", FieldName(flag, "true"), ", or leave ", FieldName(field), " out"),
    )
