"""Layers that move numbers between channels and between channels and space."""

from dataclasses import dataclass

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, exact_quotient, floor_div, pretty, show
from shapecalc.layers.base import demand, layer
from shapecalc.layers.conv import near_divisors
from shapecalc.layers.fields import Count
from shapecalc.layers.reshaping import Moving


@layer("channel_shuffle", main="groups")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelShuffle(Moving):
    """Deals the channels of `groups` groups out in turn: the first of each group, then the second of each, and so on.

    Input: [N, C, *spatial]
    Output: [N, C, *spatial]; channel i of group g, g · C/groups + i, becomes channel i · groups + g
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.ChannelShuffle; Zhang, Zhou, Lin, Sun 2018 (ShuffleNet), figure 1
    """

    foreign_names = "shufflechannels shufflechannel"
    foreign_fields = ("groups: group numgroups ngroups ~g",)
    groups: Count

    def output_shape(self, x: Shape) -> Shape:
        """Return the input's shape.

        >>> ChannelShuffle(groups=3).output_shape((1, 240, 28, 28))
        (1, 240, 28, 28)
        """
        if len(x) < 3:
            raise LayerError("SC305", f"expects [N, C, *spatial], receives {show(x)}", label=f"receives rank {len(x)}")
        channels = x[1]
        if exact_quotient(channels, self.groups) is None:
            message = f"expects channels that {self.groups} groups divide, receives {pretty(channels)}"
            if isinstance(channels, Expr):
                demand(channels % self.groups, Relation.ZERO, "SC304", message, field="groups")
                return x
            near = near_divisors(channels, self.groups)
            raise LayerError(
                "SC304",
                f"{message}, which leaves {channels % self.groups} over",
                field="groups",
                label=f"{channels} channels",
                help="write " + " or ".join(f"`groups: {divisor}`" for divisor in near),
                replacement=str(near[0]),
            )
        return x


@layer("pixel_shuffle", main="upscale_factor")
@dataclass(frozen=True, slots=True, kw_only=True)
class PixelShuffle(Moving):
    """Makes space of channels: r² channels of one cell become r × r cells of one channel, r = `upscale_factor`.

    Input: [N, C, H, W]
    Output: [N, C/r², r · H, r · W]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.PixelShuffle; Shi et al. 2016 (ESPCN), equation 4
    """

    foreign_names = "~subpixelshuffle ~periodicshuffle ~pixelshuffler"
    foreign_fields = ("upscale_factor: upscale factor ~scale scalefactor upsamplefactor blocksize ~r",)
    upscale_factor: Count

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape with r² times fewer channels and r times as many cells along each axis.

        >>> PixelShuffle(upscale_factor=3).output_shape((1, 9, 17, 24))    # ESPCN: one channel, three times the size
        (1, 1, 51, 72)
        """
        n, channels, *cells = _plane(x)
        r = self.upscale_factor
        fewer = _divided(f"channels that {r * r} ({r} x {r}) divides", channels, r * r, "upscale_factor")
        return (n, fewer, *(r * size for size in cells))


@layer("pixel_unshuffle", main="downscale_factor")
@dataclass(frozen=True, slots=True, kw_only=True)
class PixelUnshuffle(Moving):
    """Makes channels of space: r × r cells of one channel become r² channels of one cell, r = `downscale_factor`.

    Input: [N, C, H, W]
    Output: [N, r² · C, H/r, W/r]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.PixelUnshuffle
    """

    foreign_names = "~pixelunshuffler ~inversepixelshuffle"
    foreign_fields = ("downscale_factor: downscale factor ~scale scalefactor downsamplefactor blocksize ~r",)
    downscale_factor: Count

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape with r² times the channels and r times fewer cells along each axis.

        >>> PixelUnshuffle(downscale_factor=2).output_shape((1, 3, 34, 48))
        (1, 12, 17, 24)
        """
        n, channels, *cells = _plane(x)
        r = self.downscale_factor
        fewer: list[Dim] = []
        for axis, size in enumerate(cells, start=2):
            fewer.append(_divided(f"cells along axis {axis} that {r} divides", size, r, "downscale_factor"))
        return (n, r * r * channels, *fewer)


def _plane(x: Shape) -> Shape:
    """Return the shape; raise `LayerError` SC305 where it is not that of a map."""
    if len(x) != 4:
        raise LayerError("SC305", f"expects [N, C, H, W], receives {show(x)}", label=f"receives rank {len(x)}")
    return x


def _divided(wanted: str, size: Dim, divisor: int, field: str) -> Dim:
    """Return the exact quotient; raise `LayerError` SC304 where there is none, see `demand` where a symbol decides."""
    quotient = exact_quotient(size, divisor)
    if quotient is not None:
        return quotient
    message = f"expects {wanted}, receives {pretty(size)}"
    if isinstance(size, Expr):
        demand(size % divisor, Relation.ZERO, "SC304", message, field=field)
        return floor_div(size, divisor)
    below = size - size % divisor
    nearest = f"{below} or {below + divisor}" if below else f"{divisor}"
    raise LayerError(
        "SC304",
        f"{message}, which leaves {size % divisor} over",
        field=field,
        help=f"let {nearest} arrive, not {size}",
    )
