"""Layers that move elements between channels, and between channels and spatial positions."""

from dataclasses import dataclass

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, exact_quotient, floor_div, pretty, show
from shapecalc.layers.base import layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Count
from shapecalc.layers.reshaping import Moving


@layer("channel_shuffle", main="groups")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelShuffle(Moving):
    """Interleaves the channels of `groups` groups: the first of each group, then the second of each, and so on.

    Fields:
        groups: Number of groups that the channels are divided into; it must divide their number.

    Input: [N, C, *spatial]
    Output: [N, C, *spatial]; channel i of group g, g · C/groups + i, becomes channel i · groups + g
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.ChannelShuffle; Zhang, Zhou, Lin, Sun 2018 (ShuffleNet), figure 1
    """

    foreign_names = "shufflechannels shufflechannel nativechannelshuffle"
    foreign_fields = ("groups: group numgroups ngroups ~g",)
    reads_map = True
    groups: Count

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape.

        >>> ChannelShuffle(groups=3).output_shape((1, 240, 28, 28))
        (1, 240, 28, 28)
        """
        if len(x) < 3:
            raise LayerError("SC305", expects="[N, C, *spatial]", receives=show(x), label=f"receives rank {len(x)}")
        constraints.require_divides("groups", self.groups, x[1], "channels")
        return x


@layer("pixel_shuffle", main="upscale_factor")
@dataclass(frozen=True, slots=True, kw_only=True)
class PixelShuffle(Moving):
    """Moves channels to positions: r² channels become r × r positions of one channel, r = `upscale_factor`.

    Fields:
        upscale_factor: Factor r that multiplies height and width; r² must divide the number of channels.

    Input: [N, C, H, W]
    Output: [N, C/r², r · H, r · W]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.PixelShuffle; Shi et al. 2016 (ESPCN), equation 4
    """

    foreign_names = "~subpixelshuffle ~periodicshuffle ~pixelshuffler"
    foreign_fields = ("upscale_factor: upscale factor ~scale scalefactor upsamplefactor blocksize ~r",)
    reads_map = True
    upscale_factor: Count

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with r² times fewer channels and r times as many positions along each axis.

        >>> PixelShuffle(upscale_factor=3).output_shape((1, 9, 17, 24))    # ESPCN: one channel, three times the size
        (1, 1, 51, 72)
        """
        n, channels, *spatial = _plane(x)
        r = self.upscale_factor
        expects = f"channels that {r * r} ({r} x {r}) divides"
        fewer = _divided(expects, channels, r * r, "upscale_factor", constraints)
        return (n, fewer, *(r * size for size in spatial))


@layer("pixel_unshuffle", main="downscale_factor")
@dataclass(frozen=True, slots=True, kw_only=True)
class PixelUnshuffle(Moving):
    """Moves positions to channels: r × r positions of one channel become r² channels, r = `downscale_factor`.

    Fields:
        downscale_factor: Factor r that divides height and width, which must be multiples of it.

    Input: [N, C, H, W]
    Output: [N, r² · C, H/r, W/r]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.PixelUnshuffle
    """

    foreign_names = "~pixelunshuffler ~inversepixelshuffle"
    foreign_fields = ("downscale_factor: downscale factor ~scale scalefactor downsamplefactor blocksize ~r",)
    reads_map = True
    downscale_factor: Count

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with r² times the channels and r times fewer positions along each axis.

        >>> PixelUnshuffle(downscale_factor=2).output_shape((1, 3, 34, 48))
        (1, 12, 17, 24)
        """
        n, channels, *spatial = _plane(x)
        r = self.downscale_factor
        fewer: list[Dim] = []
        for axis, size in enumerate(spatial, start=2):
            expects = f"cells along axis {axis} that {r} divides"
            fewer.append(_divided(expects, size, r, "downscale_factor", constraints))
        return (n, r * r * channels, *fewer)


def _plane(x: Shape) -> Shape:
    """Return the shape; raise `LayerError` SC305 if its rank is not 4."""
    if len(x) != 4:
        raise LayerError("SC305", expects="[N, C, H, W]", receives=show(x), label=f"receives rank {len(x)}")
    return x


def _divided(expects: str, size: Dim, divisor: int, field: str, constraints: Constraints) -> Dim:
    """Return the exact quotient, which is required of a symbol; raise `LayerError` SC304 if there is a remainder."""
    quotient = exact_quotient(size, divisor)
    if quotient is not None:
        return quotient
    if isinstance(size, Expr):
        error = LayerError("SC304", expects=expects, receives=pretty(size), field=field)
        constraints.require(size % divisor, Relation.ZERO, error)
        return floor_div(size, divisor)
    below = size - size % divisor
    nearest = f"{below} or {below + divisor}" if below else f"{divisor}"
    raise LayerError(
        "SC304",
        expects=expects,
        receives=f"{size}, which leaves {size % divisor} over",
        field=field,
        help=f"let {nearest} arrive, not {size}",
    )
