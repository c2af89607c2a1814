"""Depthwise separable convolution."""

from dataclasses import dataclass
from functools import cache

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.conv import CONV_FIELDS, Conv
from shapecalc.layers.fields import Bool, ConvPadding, Count, OptionalCount, PerAxis
from shapecalc.layers.initial import Initial
from shapecalc.layers.roles import Roles
from shapecalc.layers.saved import Saved
from shapecalc.layers.windows import unread_warning

FAMILY = "conv"


@layer("separable_conv")
@dataclass(frozen=True, slots=True, kw_only=True)
class SeparableConv(Layer):
    """Depthwise convolution without bias, then a convolution with windows of one element, which mixes the channels.

    Fields:
        out_channels: Number of output channels.
        kernel_size: Size of the window of the depthwise convolution along each spatial axis.
        stride: Step from one window to the next along each spatial axis.
        padding: Zeros added at both ends of each spatial axis. `same` adds as few as give ⌈n/s⌉ positions, `valid`
            none, `causal` d(f − 1) before the one axis.
        dilation: Distance between neighbouring elements of the window; 1 leaves no gaps.
        depth_multiplier: Number of depthwise filters of each input channel.
        bias: Whether a trainable bias is added to each output channel.
        in_channels: Number of input channels. By default it follows from the input; a given value is checked against
            it.

    Input: [N, C_in, *spatial]
    Output: [N, out_channels, *positions], positions as of conv
    Parameters: depthwise.weight [C_in·m, 1, *kernel_size]; pointwise.weight [out_channels, C_in·m, 1, …];
        pointwise.bias [out_channels]. m: depth_multiplier
    Costs: MACs = N × ∏positions × C_in·m × (∏kernel_size + out_channels); FLOPs = 2 × MACs + 1 per output with `bias`
    Source: keras.layers.SeparableConv2D; Chollet 2017
    """

    foreign_names = (
        "separableconv# separableconvolution# ~depthwiseseparableconv# ~depthwiseseparableconvolution# ~sepconv# "
        "~xseparableconv#"
    )
    foreign_notes = (
        (
            "depthwiseseparableconv# depthwiseseparableconvolution# sepconv# xseparableconv# | use `separable_conv` if "
            "nothing is between the two convolutions, else two `conv`, the first with `depthwise: true`"
        ),
    )
    foreign_fields = (*CONV_FIELDS, "depth_multiplier: channelmultiplier")
    reads_map = True
    out_channels: Count
    kernel_size: PerAxis
    stride: PerAxis = 1
    padding: ConvPadding = 0
    dilation: PerAxis = 1
    depth_multiplier: Count = 1
    bias: Bool = True
    in_channels: OptionalCount = None

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, out_channels, *positions].

        >>> SeparableConv(out_channels=128, kernel_size=3, bias=False).output_shape((1, 64, 149, 149))    # Xception
        (1, 128, 147, 147)
        """
        depthwise, pointwise = _parts(self)
        return pointwise.output_shape(depthwise.output_shape(x, constraints=constraints), constraints=constraints)

    def warning(self, x: Shape) -> LayerError | None:
        """Return a warning of elements that no window reads, or None."""
        if self.padding == "causal":
            return None
        return unread_warning(x, self.kernel_size, self.stride, self.padding, self.dilation)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return [batch, channels, *spatial]."""
        return _parts(self)[0].axis_roles(roles, *shapes)

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the weights of the two convolutions and, with `bias`, the bias of the second."""
        depthwise, pointwise = _parts(self)
        between = depthwise.output_shape(x)
        return {
            **{f"depthwise.{name}": shape for name, shape in depthwise.parameters(x).items()},
            **{f"pointwise.{name}": shape for name, shape in pointwise.parameters(between).items()},
        }

    def initial(self, name: str, x: Shape) -> Initial:
        """Return the distribution of a weight or bias of the convolution that its name begins with."""
        depthwise, pointwise = _parts(self)
        part, _, own = name.partition(".")
        return depthwise.initial(own, x) if part == "depthwise" else pointwise.initial(own, depthwise.output_shape(x))

    def macs(self, x: Shape, y: Shape) -> Dim:
        """Return the sum of those of the two convolutions."""
        depthwise, pointwise = _parts(self)
        between = depthwise.output_shape(x)
        return depthwise.macs(x, between) + pointwise.macs(between, y)

    def spared_macs(self, x: Shape, y: Shape) -> Dim:
        """Return those of the depthwise convolution."""
        depthwise, _ = _parts(self)
        return depthwise.macs(x, depthwise.output_shape(x))

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input of each of the two convolutions."""
        depthwise, pointwise = _parts(self)
        between = depthwise.output_shape(x)
        (read,) = pointwise.saved(between, y)
        return (*depthwise.saved(x, between), Saved("between", read.elements))

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one addition per output with `bias`."""
        depthwise, pointwise = _parts(self)
        return pointwise.operations(depthwise.output_shape(x), y)


@cache
def _parts(both: SeparableConv) -> tuple[Conv, Conv]:
    """Return the depthwise convolution, and the one that mixes channels."""
    depthwise = Conv(
        kernel_size=both.kernel_size,
        stride=both.stride,
        padding=both.padding,
        dilation=both.dilation,
        in_channels=both.in_channels,
        depthwise=True,
        depth_multiplier=both.depth_multiplier,
        bias=False,
    )
    return depthwise, Conv(out_channels=both.out_channels, kernel_size=1, bias=both.bias)
