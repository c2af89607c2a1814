"""Convolution and transposed convolution."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.axes import per_axis, spatial_rank
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import (
    Bool,
    ConvPadding,
    Count,
    OneOf,
    OptionalCount,
    OptionalPerAxisFromZero,
    Padding,
    PerAxis,
)
from shapecalc.layers.roles import Role, Roles, map_roles
from shapecalc.layers.saved import Saved, saved_input
from shapecalc.layers.weights import ComputedWeight, Epsilon, Factor, WeightAxis, without_flag
from shapecalc.layers.windows import (
    FOREIGN_FIELDS,
    output_size,
    padded_shape,
    padding_pairs,
    same_size,
    transposed_pads,
    transposed_size,
    unread_warning,
)

PaddingMode = Annotated[str, OneOf(("zeros", "reflect", "replicate", "circular"))]

CONV_FIELDS = (
    *FOREIGN_FIELDS,
    "kernel_size: ~size",
    "out_channels: filters numfilters nfilters nbfilter filtercount ~channels ~numchannels outchannel outch cout ~out",
    "out_channels: outplanes ~planes features ~units numoutput outputchannels outfeatures",
    "in_channels: inchannel inch cin inplanes inputchannels numinput infeatures",
    "bias: usebias biasterm hasbias withbias",
    "nothing: depthwiseinitializer pointwiseinitializer forceconv2d nonbias batchnormalize",
)


GROUPS = "groups: group numgroups ngroups featuregroupcount"


@layer("conv")
@dataclass(frozen=True, slots=True, kw_only=True)
class Conv(ComputedWeight):
    """Convolution (cross-correlation) over the one, two or three spatial axes of the input.

    Fields:
        out_channels: Number of output channels, one filter each.
        kernel_size: Size of the window along each spatial axis.
        stride: Step from one window to the next along each spatial axis.
        padding: Elements added at both ends of each spatial axis. `same` adds as few as give ⌈n/s⌉ positions, `valid`
            none, `causal` d(f − 1) before the one axis.
        dilation: Distance between neighbouring elements of the window; 1 leaves no gaps.
        groups: Number of groups that the channels are divided into; each output channel reads only its own group.
        bias: Whether a trainable bias is added to each output channel.
        padding_mode: Content of the padding: zeros, a mirror image (`reflect`), the nearest element (`replicate`) or
            the opposite end (`circular`).
        in_channels: Number of input channels. By default it follows from the input; a given value is checked against
            it.
        depthwise: Whether each input channel has filters of its own: as many groups as channels, and C_in ×
            `depth_multiplier` output channels; `out_channels` is left out, or checked.
        depth_multiplier: Number of filters of each input channel, with `depthwise`.

    Input: [N, C_in, *spatial]
    Output: [N, out_channels, *positions], on each axis ⌊(n + p₀ + p₁ − d(f − 1) − 1)/s⌋ + 1; with `padding: same`
        or `causal` ⌈n/s⌉
    Parameters: weight [out_channels, C_in/groups, *kernel_size]; bias [out_channels]; with `weight_norm`,
        instead of the weight, parametrizations.weight.original0, g, of length 1 on every axis but `weight_norm_dim`,
        and parametrizations.weight.original1, v; gain [out_channels, 1, …] with `gain`
    Costs: MACs = N × ∏positions × out_channels × C_in/groups × ∏kernel_size, zeros of the padding included;
        FLOPs = 2 × MACs + 1 per output with `bias`; + what computes the weight, once for all samples: 3 per element and
        1 per g with `weight_norm`, 5 per element and 2 per filter with `standardize`, 1 each more with `gain`
    Source: torch.nn.Conv2d; `same` with a stride as in Keras and ONNX (SAME_UPPER); `causal` as in Keras (Conv1D);
        torch.nn.utils.parametrizations.weight_norm; Qiao et al. 2019 (`standardize`); Brock, De, Smith 2021 (`gain`)
    """

    foreign_names = (
        "conv# convolution# lazyconv# ~convolutional ~conv2dsame ~depthwiseconv# ~depthwiseconvolution# "
        "~convolutiondepthwise ~convdepthwise ~dwconv# ~depthwise ~dwsconv# ~stdconv# ~stdconv2dsame ~scaledstdconv# "
        "~scaledstdconv2dsame ~wsconv# ~weightnorm ~weightnormalization"
    )
    foreign_notes = (
        (
            "depthwiseconv# depthwiseconvolution# convolutiondepthwise convdepthwise dwconv# depthwise dwsconv# | use "
            "`conv: {kernel_size: …, depthwise: true}`"
        ),
        "stdconv# stdconv2dsame | use `conv` with `standardize: true`",
        "scaledstdconv# scaledstdconv2dsame wsconv# | use `conv` with `standardize: true` and `gain: true`",
        "weightnorm weightnormalization | write `weight_norm: true` in the `conv` or `linear` whose weight it is",
        "convolutional | use `conv`, then `batch_norm` and the activation as steps: darknet's has them inside",
    )
    foreign_fields = (
        *CONV_FIELDS,
        GROUPS,
        "padding_mode: padmode",
        "depth_multiplier: channelmultiplier",
        "eps: epsilon",
    )
    bias_axis = 1
    reads_map = True
    spared_by: ClassVar[Mapping[str, str]] = {"out_channels": "depthwise"}
    out_channels: OptionalCount = None
    kernel_size: PerAxis
    stride: PerAxis = 1
    padding: ConvPadding = 0
    dilation: PerAxis = 1
    groups: Count = 1
    bias: Bool = True
    padding_mode: PaddingMode = "zeros"
    in_channels: OptionalCount = None
    depthwise: Bool = False
    depth_multiplier: Count = 1
    weight_norm: Bool = False
    weight_norm_dim: WeightAxis = 0
    standardize: Bool = False
    gain: Bool = False
    gamma: Factor = 1.0
    eps: Epsilon = 1e-6

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 for fields that do not go together."""
        ComputedWeight.check_fields(self)
        if self.depthwise and self.groups != 1:
            raise LayerError(
                "SC205",
                expects="no `groups` with `depthwise: true`",
                receives=self.groups,
                field="groups",
                help="leave `groups` out: there are as many as channels",
            )
        if self.depth_multiplier != 1 and not self.depthwise:
            raise without_flag("depth_multiplier", "depthwise")

    @classmethod
    def decided_by(cls, weight: Shape, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the number of output channels and the window."""
        return {"out_channels": weight[0], "kernel_size": weight[2:]}

    def channels(self, x: Shape) -> Dim:
        """Return the number of output channels."""
        if self.depthwise:
            return self.depth_multiplier * x[1]
        assert self.out_channels is not None  # only `depthwise` spares it
        return self.out_channels

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, out_channels, *positions].

        >>> Conv(out_channels=6, kernel_size=5).output_shape((1, 1, 32, 32))
        (1, 6, 28, 28)
        """
        rank = spatial_rank(x)
        self.check_weight(rank + 2)
        constraints.require_stated(self.in_channels, x[1], "in_channels", "input channels", x=x)
        out_channels = self.channels(x)
        if self.depthwise:
            constraints.require_stated(self.out_channels, out_channels, "out_channels", "output channels", x=x)
        elif isinstance(out_channels, int):
            _fits_groups(x[1], out_channels, self.groups, constraints)
        kernel = per_axis(self.kernel_size, rank, "kernel_size")
        stride = per_axis(self.stride, rank, "stride")
        dilation = per_axis(self.dilation, rank, "dilation")
        pads = padding_pairs(self.padding, kernel, dilation)
        if self.padding_mode != "zeros":
            _fits_padding_mode(x, pads, self.padding_mode, constraints)
        positions = (
            same_size(n, s) if isinstance(p, str) else output_size(n, f, s, p, d, axis=axis, constraints=constraints)
            for axis, (n, f, s, p, d) in enumerate(zip(x[2:], kernel, stride, pads, dilation, strict=True), start=2)
        )
        return (x[0], out_channels, *positions)

    def warning(self, x: Shape) -> LayerError | None:
        """Return a warning of elements that no window reads, or None; padding at the end would not be causal."""
        if self.padding == "causal":
            return None
        return unread_warning(x, self.kernel_size, self.stride, self.padding, self.dilation)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return [batch, channels, *spatial]."""
        batch, _, *spatial = map_roles(roles[0])
        return (batch, Role.CHANNELS, *spatial)

    @property
    def has_bias(self) -> bool:
        """Whether it has a bias next to a `weight`, which `weight_norm` computes from two tensors."""
        return self.bias and not self.weight_norm

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the weight, or what it is computed from, and, with `bias`, the bias."""
        return self.tensors_of(self._weight(x), (self.channels(x),) if self.bias else None)

    def _weight(self, x: Shape) -> Shape:
        out_channels = self.channels(x)
        return (
            out_channels,
            1 if self.depthwise else x[1] // self.groups,
            *per_axis(self.kernel_size, len(x) - 2, "kernel_size"),
        )

    def macs(self, x: Shape, y: Shape) -> Dim:
        """Return the number of outputs × that of the inputs that each one reads."""
        kernel = per_axis(self.kernel_size, len(x) - 2, "kernel_size")
        return product(y) * (1 if self.depthwise else x[1] // self.groups) * product(kernel)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, or the padded copy if it is padded before the product."""
        slides = (self.kernel_size, self.stride, self.padding, self.dilation)
        spatial = padded_shape(x, *slides, splits=True, always=self.padding_mode != "zeros")
        computed = self.saved_weight(self._weight(x))
        if spatial is None:
            return (saved_input((x,)), *computed)
        padded = Saved("padded", x[0] * x[1] * product(spatial))
        # The backward pass of mirroring reads only the shape, and autograd saves the tensor that has it.
        mirrored = self.padding_mode in ("reflect", "replicate")
        arriving = (Saved("input", product(x), 0, serves=(0,)),) if mirrored else ()
        return (*arriving, padded, *computed)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one addition per output with `bias`, and what computes the weight."""
        added = product(y) if self.bias else 0
        return added + self.weight_operations(self._weight(x)) if self.computes_weight else added


@layer("conv_transpose")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConvTranspose(ComputedWeight):
    """Transposed convolution: each input element writes a window, and overlapping windows are added.

    Fields:
        out_channels: Number of output channels.
        kernel_size: Size of the window that each input element writes, along each spatial axis.
        stride: Step from one written window to the next along each spatial axis.
        padding: Elements cut off both ends of each spatial axis of the output. `same` cuts off as many as leave n·s
            elements, `valid` none.
        output_padding: Elements added at the end of each spatial axis of the output, fewer than the larger of stride
            and dilation; by default none, or with `same` and `valid` as many as they need.
        groups: Number of groups that the channels are divided into; each output channel reads only its own group.
        bias: Whether a trainable bias is added to each output channel.
        dilation: Distance between neighbouring elements of the window; 1 leaves no gaps.
        in_channels: Number of input channels. By default it follows from the input; a given value is checked against
            it.

    Input: [N, C_in, *spatial]
    Output: [N, out_channels, *positions], on each axis (n − 1)s − p₀ − p₁ + d(f − 1) + output_padding + 1; without
        `output_padding`, with `padding: same` n·s and with `valid` (n − 1)s + max(K, s), where K = d(f − 1) + 1; with
        it, (n − 1)s + K mod 2 + output_padding and (n − 1)s + K + output_padding
    Parameters: weight [C_in, out_channels/groups, *kernel_size]; bias [out_channels]; with `weight_norm`,
        instead of the weight, parametrizations.weight.original0, g, of length 1 on every axis but `weight_norm_dim`,
        and parametrizations.weight.original1, v
    Costs: MACs = N × ∏spatial × C_in × out_channels/groups × ∏kernel_size: what the padding cuts off
        is included;
        FLOPs = 2 × MACs + 1 per output with `bias`, + once for all samples 3 per element and
        1 per g with `weight_norm`
    Source: torch.nn.ConvTranspose2d; `same` and `valid` as in Keras (Conv2DTranspose)
    """

    foreign_names = (
        "convtranspose# lazyconvtranspose# transposedconv# transposeconv# deconv# deconvolution# ~upconv# "
        "conv1dtranspose conv2dtranspose conv3dtranspose convolution1dtranspose convolution2dtranspose "
        "convolution3dtranspose ~deconvolutional"
    )
    foreign_fields = (
        *CONV_FIELDS,
        GROUPS,
        "output_padding: outpadding outputpad outpad adj",
        "nothing: outputshape targetshape",
    )
    bias_axis = 1
    filters_axis: ClassVar[int] = 1
    """The axis of the weight that has an entry for each output channel."""
    reads_map = True
    out_channels: Count
    kernel_size: PerAxis
    stride: PerAxis = 1
    padding: Padding = 0
    output_padding: OptionalPerAxisFromZero = None
    groups: Count = 1
    bias: Bool = True
    dilation: PerAxis = 1
    in_channels: OptionalCount = None
    weight_norm: Bool = False
    weight_norm_dim: WeightAxis = 0

    def __post_init__(self) -> None:
        """Raise `LayerError` for an invalid value; for a number as `padding`, an output padding of 0 is the default."""
        Layer.__post_init__(self)
        if self.output_padding == 0 and not isinstance(self.padding, str):
            object.__setattr__(self, "output_padding", None)

    @classmethod
    def decided_by(cls, weight: Shape, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the number of output channels and the window."""
        return {"out_channels": weight[1] * fields.get("groups", 1), "kernel_size": weight[2:]}

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, out_channels, *positions].

        >>> ConvTranspose(out_channels=3, kernel_size=4, stride=2, padding=1).output_shape((1, 64, 32, 32))
        (1, 3, 64, 64)
        """
        rank = spatial_rank(x)
        self.check_weight(rank + 2)
        constraints.require_stated(self.in_channels, x[1], "in_channels", "input channels", x=x)
        _fits_groups(x[1], self.out_channels, self.groups, constraints)
        kernel = per_axis(self.kernel_size, rank, "kernel_size")
        stride = per_axis(self.stride, rank, "stride")
        dilation = per_axis(self.dilation, rank, "dilation")
        ends = transposed_pads(self.padding, stride, kernel, dilation, self.output_padding)
        spatial = (
            transposed_size(n, f, s, pad, d, extra, axis=axis, constraints=constraints)
            for axis, (n, f, s, d, (pad, extra)) in enumerate(
                zip(x[2:], kernel, stride, dilation, ends, strict=True), start=2
            )
        )
        return (x[0], self.out_channels, *spatial)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return [batch, channels, *spatial]."""
        batch, _, *spatial = map_roles(roles[0])
        return (batch, Role.CHANNELS, *spatial)

    @property
    def in_keras(self) -> bool:
        """Whether it has one group, as in Keras, and a weight that is not computed."""
        return self.groups == 1 and not self.computes_weight

    @property
    def has_bias(self) -> bool:
        """Whether it has a bias next to a `weight`, which `weight_norm` computes from two tensors."""
        return self.bias and not self.weight_norm

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the weight, or what it is computed from, and, with `bias`, the bias."""
        return self.tensors_of(self._weight(x), (self.out_channels,) if self.bias else None)

    def _weight(self, x: Shape) -> Shape:
        return (x[1], self.out_channels // self.groups, *per_axis(self.kernel_size, len(x) - 2, "kernel_size"))

    def macs(self, x: Shape, y: Shape) -> Dim:
        """Return the number of input elements × that of the outputs that each one writes."""
        kernel = per_axis(self.kernel_size, len(x) - 2, "kernel_size")
        return product(x) * (self.out_channels // self.groups) * product(kernel)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and what computing the weight saves."""
        return (saved_input((x,)), *self.saved_weight(self._weight(x)))

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one addition per output with `bias`, and what computes the weight."""
        added = product(y) if self.bias else 0
        return added + self.weight_operations(self._weight(x)) if self.computes_weight else added


def _fits_groups(in_channels: Dim, out_channels: int, groups: int, constraints: Constraints) -> None:
    common = math.gcd(in_channels, out_channels) if isinstance(in_channels, int) else out_channels
    for channels, which in ((in_channels, "input channels"), (out_channels, "output channels")):
        constraints.require_divides("groups", groups, channels, which, common=common)


def _fits_padding_mode(x: Shape, pads: tuple[object, ...], mode: str, constraints: Constraints) -> None:
    """Raise `LayerError` SC302 if an axis is too short for the padding that the mode copies from it."""
    for axis, (n, pad) in enumerate(zip(x[2:], pads, strict=True), start=2):
        if isinstance(pad, tuple):
            fits_padding_mode(n, pad, mode, axis, constraints, field="padding")


def fits_padding_mode(
    n: Dim, pad: tuple[int, int], mode: str, axis: int, constraints: Constraints, *, field: str
) -> None:
    """Raise `LayerError` SC302 if `mode` has too few elements to copy from (torch.nn.functional.pad).

    `reflect` needs more elements than it adds, `circular` at least as many.
    """
    most = {"reflect": n - 1, "circular": n}.get(mode)
    if most is None:
        return
    if not isinstance(most, int):
        constraints.require_nonnegative(most - max(pad))
    elif max(pad) > most:
        raise LayerError(
            "SC302",
            expects=f"{mode} padding of at most {most} along axis {axis} of {n} cells",
            receives=max(pad),
            field=field,
        )
