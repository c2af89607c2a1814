"""Deformable convolution."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Relation, Shape, pretty, product, show
from shapecalc.layers.axes import per_axis
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.conv import CONV_FIELDS, GROUPS, Conv
from shapecalc.layers.fields import Bool, Count, OptionalCount, Padding, PerAxis
from shapecalc.layers.initial import Initial
from shapecalc.layers.roles import Roles
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "conv"
MAP_RANK = 4


@layer("deform_conv")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeformConv(Layer):
    """Convolution whose window reads at positions that a second input moves, by linear interpolation; zeros outside.

    The second input has two numbers for each element of the window, how far it moves down and to the right. A third
    one, the mask, has a factor for each. Both may differ between groups of the channels, as many as they are for.

    Fields:
        out_channels: Number of output channels, one filter each.
        kernel_size: Size of the window along each spatial axis.
        stride: Step from one window to the next along each spatial axis.
        padding: Zeros added at both ends of each spatial axis. `same` adds as few as give ⌈n/s⌉ positions, `valid`
            none.
        dilation: Distance between neighbouring elements of the window; 1 leaves no gaps.
        groups: Number of groups that the channels are divided into; each output channel reads only its own group.
        bias: Whether a trainable bias is added to each output channel.
        in_channels: Number of input channels. By default it follows from the input; a given value is checked against
            it.

    Input: [N, C_in, H, W]; offsets [N, 2·g·∏kernel_size, *positions]; if given, a mask [N, g·∏kernel_size,
        *positions]. g: groups of channels with offsets of their own, a divisor of C_in
    Output: [N, out_channels, *positions], positions as of conv
    Parameters: weight [out_channels, C_in/groups, *kernel_size]; bias [out_channels]
    Costs: MACs as of conv; FLOPs = 2 × MACs + 5 per offset (position, shares and weights of the elements around it)
        + 7 per element that a window reads, C_in × ∏kernel_size per position (4 products, 3 sums), + 1 for each of
        these with a mask, + 1 per output with `bias`
    Source: torchvision.ops.DeformConv2d; Dai et al. 2017; Zhu et al. 2019 (mask); ONNX DeformConv
    """

    foreign_names = (
        "~deformconv# ~deformableconv# ~deformconvolution# ~deformableconvolution# ~dcn ~dcnv1 ~dcnv2 "
        "~modulateddeformconv#"
    )
    foreign_notes = (
        (
            "deformconv# deformableconv# deformconvolution# deformableconvolution# dcn dcnv1 dcnv2 "
            "modulateddeformconv# | use `deform_conv` with `from: [x, offsets]` or `from: [x, offsets, mask]`: the "
            "convolutions that compute these, and the sigmoid of the mask, are steps of their own"
        ),
    )
    foreign_fields = (
        *CONV_FIELDS,
        GROUPS,
        "nothing: offsetgroup offsetgroups deformgroup deformgroups deformablegroups numdeformablegroups",
    )
    takes = (2, 3)
    bias_axis = 1
    reads_map = True
    out_channels: Count
    kernel_size: PerAxis
    stride: PerAxis = 1
    padding: Padding = 0
    dilation: PerAxis = 1
    groups: Count = 1
    bias: Bool = True
    in_channels: OptionalCount = None

    @classmethod
    def decided_by(cls, weight: Shape, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the number of output channels and the window."""
        return {"out_channels": weight[0], "kernel_size": weight[2:]}

    def output_shape(self, x: Shape, offset: Shape, *mask: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, out_channels, *positions].

        >>> DeformConv(out_channels=5, kernel_size=3).output_shape((4, 3, 10, 10), (4, 18, 8, 8), (4, 9, 8, 8))
        (4, 5, 8, 8)
        """
        if len(x) != MAP_RANK:
            raise LayerError("SC305", expects="[N, C, H, W]", receives=show(x), label=f"receives rank {len(x)}")
        y = _plain(self).output_shape(x, constraints=constraints)
        taps = prod(per_axis(self.kernel_size, 2, "kernel_size"))
        groups = self._offset_groups(offset, taps)
        for name, arriving, each in zip(("offsets", "mask"), (offset, *mask), (2, 1), strict=False):
            wanted = (x[0], each * groups * taps, *y[2:])
            error = LayerError("SC301", expects=f"{show(wanted)} as {name}", receives=show(arriving))
            constraints.require_equal(wanted, arriving, error)
        error = LayerError(
            "SC304",
            expects=f"input channels that {groups} groups of offsets divide",
            receives=pretty(x[1]),
            help=f"{2 * taps} channels of offsets are one group, which moves all channels in the same way",
        )
        constraints.require(x[1] % groups, Relation.ZERO, error)
        return y

    def _offset_groups(self, offset: Shape, taps: int) -> int:
        """Return the number of groups of channels that have offsets of their own, at least 1."""
        channels = offset[1] if len(offset) > 1 else 0
        return max(1, channels // (2 * taps)) if isinstance(channels, int) else 1

    def warning(self, x: Shape, *rest: Shape) -> LayerError | None:
        """Return None: where a window reads, the offsets decide."""
        return None

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return [batch, channels, *spatial]."""
        return _plain(self).axis_roles(roles, *shapes)

    @property
    def has_bias(self) -> bool:
        """Whether it has a bias next to its weight."""
        return self.bias

    @property
    def in_keras(self) -> bool:
        """False: Keras does not have it."""
        return False

    def parameters(self, x: Shape, *rest: Shape) -> dict[str, Shape]:
        """Return the weight and, with `bias`, the bias."""
        return _plain(self).parameters(x)

    def initial(self, name: str, x: Shape, *rest: Shape) -> Initial:
        """Return the distribution of a convolution's weight or bias."""
        return _plain(self).initial(name, x)

    def macs(self, x: Shape, offset: Shape, *rest: Shape) -> Dim:
        """Return the number of outputs × that of the inputs that each one reads."""
        return _plain(self).macs(x, rest[-1])

    def operations(self, x: Shape, offset: Shape, *rest: Shape) -> Dim:
        """Return what computes positions and the elements there, and one addition per output with `bias`."""
        *mask, y = rest
        added = product(y) if self.bias else 0
        return 5 * product(offset) + (7 + len(mask)) * self._read(x, offset) + added

    def _read(self, x: Shape, offset: Shape) -> Dim:
        """Return the number of elements that all windows read."""
        return x[0] * x[1] * product(per_axis(self.kernel_size, 2, "kernel_size")) * product(offset[2:])

    def saved(self, x: Shape, *rest: Shape) -> tuple[Saved, ...]:
        """Return the inputs; without a mask torchvision makes one of a number for each sample."""
        shapes, names = (x, *rest[:-1]), ("input", "offsets", "mask")
        inputs = tuple(saved_input(shapes, place, names[place]) for place in range(len(shapes)))
        return inputs if len(shapes) == len(names) else (*inputs, Saved("no mask", x[0]))


@cache
def _plain(moved: DeformConv) -> Conv:
    """Return the convolution whose window does not move."""
    return Conv(
        out_channels=moved.out_channels,
        kernel_size=moved.kernel_size,
        stride=moved.stride,
        padding=moved.padding,
        dilation=moved.dilation,
        groups=moved.groups,
        bias=moved.bias,
        in_channels=moved.in_channels,
    )
