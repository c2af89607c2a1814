"""Convolution and transposed convolution."""

import math
from dataclasses import dataclass
from typing import Annotated

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Relation, Shape, exact_quotient, pretty, product
from shapecalc.layers.base import Layer, demand, layer, note, per_axis, spatial_rank, stated
from shapecalc.layers.fields import (
    Bool,
    Count,
    OptionalCount,
    Padding,
    PaddingWithoutWords,
    PerAxis,
    PerAxisFromZero,
    Word,
)
from shapecalc.layers.saved import Saved, kept_input
from shapecalc.layers.windows import (
    FOREIGN_FIELDS,
    output_size,
    padded_cells,
    padding_pairs,
    same_size,
    suspect_unread,
    transposed_size,
)

PaddingMode = Annotated[str, Word(("zeros", "reflect", "replicate", "circular"))]

_FOREIGN_FIELDS = (
    *FOREIGN_FIELDS,
    "out_channels: filters numfilters nfilters nbfilter filtercount ~channels ~numchannels outchannel outch cout ~out",
    "out_channels: outplanes ~planes features ~units numoutput outputchannels outfeatures",
    "in_channels: inchannel inch cin inplanes inputchannels numinput infeatures",
    "groups: group numgroups ngroups featuregroupcount",
    "bias: usebias biasterm hasbias withbias",
    "nothing: activation dataformat kernelinitializer depthmultiplier",
)


@layer("conv")
@dataclass(frozen=True, slots=True, kw_only=True)
class Conv(Layer):
    """Convolution (cross-correlation) over one, two or three spatial axes, as many as the input has.

    Input: [N, C_in, *spatial]
    Output: [N, out_channels, *places], on each axis ⌊(n + p₀ + p₁ − d(f − 1) − 1)/s⌋ + 1; with `padding: same` ⌈n/s⌉
    Parameters: weight [out_channels, C_in/groups, *kernel_size]; bias [out_channels]
    Costs: MACs = N × ∏places × out_channels × C_in/groups × ∏kernel_size, zeros of the padding counted;
        FLOPs = 2 × MACs + 1 per output where there is a bias
    Source: torch.nn.Conv2d; `same` with a stride as in Keras and ONNX (SAME_UPPER)
    """

    foreign_names = "conv# convolution# lazyconv#"
    foreign_fields = (*_FOREIGN_FIELDS, "padding_mode: padmode")
    bias_axis = 1
    out_channels: Count
    kernel_size: PerAxis
    stride: PerAxis = 1
    padding: Padding = 0
    dilation: PerAxis = 1
    groups: Count = 1
    bias: Bool = True
    padding_mode: PaddingMode = "zeros"
    in_channels: OptionalCount = None

    def output_shape(self, x: Shape) -> Shape:
        """Return [N, out_channels, *places].

        >>> Conv(out_channels=6, kernel_size=5).output_shape((1, 1, 32, 32))
        (1, 6, 28, 28)
        """
        rank = spatial_rank(x)
        stated(self.in_channels, x[1], "in_channels", "input channels", x=x)
        _fits_groups(x[1], self.out_channels, self.groups)
        kernel = per_axis(self.kernel_size, rank, "kernel_size")
        stride = per_axis(self.stride, rank, "stride")
        dilation = per_axis(self.dilation, rank, "dilation")
        pads = padding_pairs(self.padding, rank)
        if self.padding_mode != "zeros":
            _fits_padding_mode(x, pads, self.padding_mode)
        places = (
            same_size(n, s) if isinstance(p, str) else output_size(n, f, s, p, d, axis=axis)
            for axis, (n, f, s, p, d) in enumerate(zip(x[2:], kernel, stride, pads, dilation, strict=True), start=2)
        )
        return (x[0], self.out_channels, *places)

    def suspect(self, x: Shape) -> LayerError | None:
        """Warn of cells that no window reads."""
        return suspect_unread(x, self.kernel_size, self.stride, self.padding, self.dilation)

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return weight and, where there is one, bias."""
        weight = (self.out_channels, x[1] // self.groups, *per_axis(self.kernel_size, len(x) - 2, "kernel_size"))
        return {"weight": weight, "bias": (self.out_channels,)} if self.bias else {"weight": weight}

    def macs(self, x: Shape, y: Shape) -> Dim:
        """Return outputs × the inputs that each one reads."""
        kernel = per_axis(self.kernel_size, len(x) - 2, "kernel_size")
        return product(y) * (x[1] // self.groups) * product(kernel)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input; where it is padded before the product, the padded one."""
        slides = (self.kernel_size, self.stride, self.padding, self.dilation)
        cells = padded_cells(x, *slides, splits=True, whole=self.padding_mode != "zeros")
        if cells is None:
            return (kept_input((x,)),)
        padded = Saved("padded", x[0] * x[1] * product(cells))
        # To mirror cells back takes the shape alone, and autograd keeps the tensor that has it.
        mirrored = self.padding_mode in ("reflect", "replicate")
        return (Saved("input", product(x), 0, serves=(0,)), padded) if mirrored else (padded,)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one addition per output for the bias."""
        return product(y) if self.bias else 0


@layer("conv_transpose")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConvTranspose(Layer):
    """Transposed convolution: each input cell writes a window, windows that overlap add up.

    Input: [N, C_in, *spatial]
    Output: [N, out_channels, *cells], on each axis (n − 1)s − p₀ − p₁ + d(f − 1) + output_padding + 1
    Parameters: weight [C_in, out_channels/groups, *kernel_size]; bias [out_channels]
    Costs: MACs = N × ∏spatial × C_in × out_channels/groups × ∏kernel_size: input cells count, cropped ones too;
        FLOPs = 2 × MACs + 1 per output where there is a bias
    Source: torch.nn.ConvTranspose2d
    """

    foreign_names = (
        "convtranspose# lazyconvtranspose# transposedconv# deconv# deconvolution# ~upconv# conv1dtranspose "
        "conv2dtranspose conv3dtranspose"
    )
    foreign_fields = (*_FOREIGN_FIELDS, "output_padding: outpadding outputpad outpad adj")
    bias_axis = 1
    out_channels: Count
    kernel_size: PerAxis
    stride: PerAxis = 1
    padding: PaddingWithoutWords = 0
    output_padding: PerAxisFromZero = 0
    groups: Count = 1
    bias: Bool = True
    dilation: PerAxis = 1
    in_channels: OptionalCount = None

    def output_shape(self, x: Shape) -> Shape:
        """Return [N, out_channels, *cells].

        >>> ConvTranspose(out_channels=3, kernel_size=4, stride=2, padding=1).output_shape((1, 64, 32, 32))
        (1, 3, 64, 64)
        """
        rank = spatial_rank(x)
        stated(self.in_channels, x[1], "in_channels", "input channels", x=x)
        _fits_groups(x[1], self.out_channels, self.groups)
        kernel = per_axis(self.kernel_size, rank, "kernel_size")
        stride = per_axis(self.stride, rank, "stride")
        dilation = per_axis(self.dilation, rank, "dilation")
        extra = per_axis(self.output_padding, rank, "output_padding")
        cells = []
        axes = zip(x[2:], kernel, stride, padding_pairs(self.padding, rank), dilation, extra, strict=True)
        for axis, (n, f, s, p, d, e) in enumerate(axes, start=2):
            if e >= max(s, d):
                raise LayerError(
                    "SC308",
                    f"expects `output_padding` below the larger of stride and dilation ({max(s, d)}), receives {e}",
                    field="output_padding",
                    help=f"write `output_padding: {max(s, d) - 1}` or less",
                    index=(axis - 2,),
                    replacement=str(max(s, d) - 1),
                )
            assert isinstance(p, tuple)  # the words are for sliding windows alone
            cells.append(transposed_size(n, f, s, p, d, e, axis=axis))
        return (x[0], self.out_channels, *cells)

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return weight and, where there is one, bias."""
        kernel = per_axis(self.kernel_size, len(x) - 2, "kernel_size")
        weight = (x[1], self.out_channels // self.groups, *kernel)
        return {"weight": weight, "bias": (self.out_channels,)} if self.bias else {"weight": weight}

    def macs(self, x: Shape, y: Shape) -> Dim:
        """Return input cells × the outputs that each one writes."""
        kernel = per_axis(self.kernel_size, len(x) - 2, "kernel_size")
        return product(x) * (self.out_channels // self.groups) * product(kernel)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input."""
        return (kept_input((x,)),)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one addition per output for the bias."""
        return product(y) if self.bias else 0


def _fits_groups(arriving: Dim, leaving: int, groups: int) -> None:
    if groups == 1:
        return
    for channels, which in ((arriving, "input"), (leaving, "output")):
        if exact_quotient(channels, groups) is not None:
            continue
        if not isinstance(channels, int):
            message = f"expects {which} channels that {groups} groups divide, receives {pretty(channels)}"
            demand(channels % groups, Relation.ZERO, "SC304", message, field="groups")
            continue
        near = near_divisors(math.gcd(*(size for size in (arriving, leaving) if isinstance(size, int))), groups)
        raise LayerError(
            "SC304",
            f"expects {which} channels that {groups} groups divide, receives {channels}, "
            f"which leaves {channels % groups} over",
            field="groups",
            label=f"{channels} {which} channels",
            help="write " + " or ".join(f"`groups: {divisor}`" for divisor in near),
            replacement=str(near[0]),
        )


def near_divisors(channels: int, groups: int) -> tuple[int, ...]:
    """Return the divisors of `channels` next to `groups`, below and above."""
    small = [g for g in range(1, math.isqrt(channels) + 1) if channels % g == 0]
    divisors = [*small, *(channels // g for g in reversed(small))]
    below = max(g for g in divisors if g <= groups)
    above = min((g for g in divisors if g >= groups), default=None)
    return (below,) if above is None else (below, above)


def _fits_padding_mode(x: Shape, pads: tuple[object, ...], mode: str) -> None:
    """Refuse padding that the mode cannot fill: reflect needs more cells than it adds, circular at least as many."""
    for axis, (n, pad) in enumerate(zip(x[2:], pads, strict=True), start=2):
        if isinstance(pad, tuple):
            fits_padding_mode(n, pad, mode, axis, field="padding")


def fits_padding_mode(n: Dim, pad: tuple[int, int], mode: str, axis: int, *, field: str) -> None:
    """Raise `LayerError` SC302 where `mode` has too few cells to copy from (torch.nn.functional.pad)."""
    most = {"reflect": n - 1, "circular": n}.get(mode)
    if most is None:
        return
    if not isinstance(most, int):
        note(most - max(pad))
    elif max(pad) > most:
        raise LayerError(
            "SC302",
            f"expects {mode} padding of at most {most} along axis {axis} of {n} cells, receives {max(pad)}",
            field=field,
        )
