"""Fully connected layers, and distances to fixed centres."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, Count, OptionalCount
from shapecalc.layers.roles import Role, Roles
from shapecalc.layers.saved import Saved, saved_input
from shapecalc.layers.weights import ComputedWeight, Epsilon, Factor, WeightAxis


@layer("linear", main="out_features")
@dataclass(frozen=True, slots=True, kw_only=True)
class Linear(ComputedWeight):
    """Fully connected layer, y = x Wᵀ + b, on the last axis; each neuron is a row of W with its bias.

    Fields:
        out_features: Number of output features: the size of the last axis of the output.
        bias: Whether a trainable bias is added to each output feature.
        in_features: Number of input features. By default it follows from the input; a given value is checked against
            it.

    Input: [*, features]
    Output: [*, out_features]
    Parameters: weight [out_features, features]; bias [out_features]; with `weight_norm` instead of the weight
        parametrizations.weight.original0, g, of length 1 on the axis other than `weight_norm_dim`, and
        parametrizations.weight.original1, v; gain [out_features, 1] with `gain`
    Costs: MACs = rows × features × out_features; FLOPs = 2 × MACs + 1 per output with `bias`; + what computes the
        weight, once for all rows: 3 per element and 1 per g with `weight_norm`, 5 per element and 2 per row of W with
        `standardize`, 1 each more with `gain`
    Source: torch.nn.Linear; torch.nn.utils.parametrizations.weight_norm; Qiao et al. 2019 (`standardize`); Brock, De,
        Smith 2021 (`gain`)
    """

    foreign_names = "dense fc fullyconnected ~innerproduct ~gemm lazylinear ~affine ~connected ~addmm"
    foreign_notes = (
        "innerproduct | use `flatten`, then `linear`: Caffe's InnerProduct flattens its input itself",
        "connected | use `flatten`, `linear` and the activation as steps: darknet's has them inside",
        "gemm addmm | use `linear` if the second matrix is a weight, `matmul` if it is an input",
    )
    foreign_fields = (
        "out_features: units numunits nunits features out outputsize outputdim outdim outchannels hidden hiddensize",
        "out_features: hiddenunits numoutput neurons numneurons ~filters ~width",
        "in_features: ~in inputsize inputdim indim inputfeatures inchannels numinput ~inputs",
        "bias: usebias biasterm hasbias withbias",
        "nothing: transpose transa transb alpha beta axis",
    )
    bias_axis = -1
    reads_features = True
    out_features: Count
    bias: Bool = True
    in_features: OptionalCount = None
    weight_norm: Bool = False
    weight_norm_dim: WeightAxis = 0
    standardize: Bool = False
    gain: Bool = False
    gamma: Factor = 1.0
    eps: Epsilon = 1e-6

    @classmethod
    def decided_by(cls, weight: Shape, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the number of output features."""
        return {"out_features": weight[0]}

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape with `out_features` as its last axis.

        >>> Linear(out_features=10).output_shape((1, 84))
        (1, 10)
        """
        if not x:
            raise LayerError("SC305", expects="at least one axis", receives="a single number")
        self.check_weight(2)
        if self.in_features is not None and x[-1] != self.in_features and _unflattened(x, self.in_features):
            raise LayerError(
                "SC303",
                expects=f"{self.in_features} input features in the last axis",
                receives=show(x),
                field="in_features",
                label=f"{self.in_features} = {' x '.join(str(dim) for dim in x[1:])}",
                help="put `flatten` before it",
            )
        # A map that still has its height and width is more likely to lack a `flatten`.
        constraints.require_stated(self.in_features, x[-1], "in_features", "input features", x=x, sure=len(x) < 4)
        return (*x[:-1], self.out_features)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the input with features last."""
        return (*roles[0][:-1], Role.FEATURES)

    @property
    def has_bias(self) -> bool:
        """Whether it has a bias next to a `weight`, which `weight_norm` computes from two tensors."""
        return self.bias and not self.weight_norm

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the weight, or what it is computed from, and, with `bias`, the bias."""
        return self.tensors_of((self.out_features, x[-1]), (self.out_features,) if self.bias else None)

    def macs(self, x: Shape, y: Shape) -> Dim:
        """Return the number of input elements × out_features."""
        return product(x) * self.out_features

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, of which the weight's gradient is computed; with several leading axes it is contiguous."""
        x_saved = saved_input((x,), in_order=len(x) > 2)._replace(for_weights=True)
        return (x_saved, *self.saved_weight((self.out_features, x[-1])))

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one addition per output with `bias`, and what computes the weight."""
        added = product(y) if self.bias else 0
        return added + self.weight_operations((self.out_features, x[-1])) if self.computes_weight else added


@layer("rbf", main="out_features")
@dataclass(frozen=True, slots=True, kw_only=True)
class Rbf(Layer):
    """Radial basis functions: squared distances to fixed centres, yᵢ = Σⱼ (xⱼ − wᵢⱼ)², on the last axis.

    Fields:
        out_features: Number of centres: the size of the last axis of the output.

    Input: [*, features]
    Output: [*, out_features]
    Parameters: none
    Buffers: weight [out_features, features], a centre per row
    Costs: MACs 0; FLOPs = 3 × features − 1 per output: subtract, square, add up
    Source: LeCun, Bottou, Bengio, Haffner 1998, section II.B, equation 7
    """

    foreign_names = "~rbflayer ~radialbasis ~radialbasisfunction ~radialbasisfunctions"
    reads_features = True
    out_features: Count

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape with `out_features` as its last axis.

        >>> Rbf(out_features=10).output_shape((1, 84))    # LeNet-5: a 7 x 12 picture of each digit
        (1, 10)
        """
        if not x:
            raise LayerError("SC305", expects="at least one axis", receives="a single number")
        return (*x[:-1], self.out_features)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the input with features last."""
        return (*roles[0][:-1], Role.FEATURES)

    @property
    def in_keras(self) -> bool:
        """False: nor does PyTorch have such a layer."""
        return False

    def buffers(self, x: Shape) -> dict[str, Shape]:
        """Return the centres, which are stored but not trained."""
        return {"weight": (self.out_features, x[-1])}

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return per output a subtraction and a square for each feature, and an addition for each but one."""
        return product(y) * (3 * x[-1] - 1)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return every difference."""
        return (Saved("differences", product(y) * x[-1]),)


def _unflattened(x: Shape, in_features: int) -> bool:
    return len(x) > 2 and all(isinstance(dim, int) for dim in x[1:]) and product(x[1:]) == in_features
