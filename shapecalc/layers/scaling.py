"""A trainable scale and shift along one axis."""

from dataclasses import dataclass

from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Axis, Bool, OptionalCount
from shapecalc.layers.normalization import Normalizing
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "normalization"


@layer("scale")
@dataclass(frozen=True, slots=True, kw_only=True)
class Scale(Normalizing):
    """Multiplies each channel by a trainable factor and, with `bias`, adds a trainable bias.

    The factor alone is the layer scale of ConvNeXt; factor and bias are the trainable coefficient and bias of LeNet-5's
    sub-sampling maps.

    Fields:
        dim: Axis with one factor for each index; a negative index counts from the last axis.
        bias: Whether a trainable bias is added as well, one for each index of `dim`.
        num_features: Size of axis `dim`. By default it follows from the input; a given value is checked against it.

    Input: [N, C, *], or any shape that has axis `dim`
    Output: as the input
    Parameters: weight [C], bias [C] (`bias`)
    Costs: MACs 0; FLOPs = 1 per element, 2 with `bias`
    Source: Liu et al. 2022 (ConvNeXt), layer scale; LeCun, Bottou, Bengio, Haffner 1998, section II.B
    """

    foreign_names = "~layerscale# ~learnablescale ~scaleshift"
    foreign_fields = (
        "dim: axis",
        "bias: usebias biasterm hasbias withbias center",
        "num_features: features numchannels channels c",
        "nothing: initvalues initvalue gamma scale",
    )
    dim: Axis = 1
    bias: Bool = False
    num_features: OptionalCount = None

    @property
    def in_keras(self) -> bool:
        """False: its Rescaling has a constant factor."""
        return False

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        channels = x[axis_index(self.dim, len(x), "dim", x)]
        constraints.require_stated(self.num_features, channels, "num_features", "channels", x=x)
        return x

    @property
    def has_bias(self) -> bool:
        """Whether it has a bias."""
        return self.bias

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the weight and, with `bias`, the bias.

        >>> Scale(dim=-1).parameters((1, 56, 56, 96))    # ConvNeXt-T, first stage
        {'weight': (96,)}
        """
        channels = (x[self.dim],)
        return {"weight": channels, "bias": channels} if self.bias else {"weight": channels}

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one multiplication per element, and one addition with `bias`."""
        return (2 if self.bias else 1) * product(x)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, from which the factor's gradient is computed."""
        return (saved_input((x,)),)
