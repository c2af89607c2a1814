"""Padding and cropping."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Relation, Shape, pretty, show
from shapecalc.layers.axes import per_axis, spatial_rank
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.conv import fits_padding_mode
from shapecalc.layers.fields import Integer, Number, OneOf, OptionalSizesLike, Several
from shapecalc.layers.saved import Saved, Storage, saved_input

FAMILY = "resampling"


class Margin(Integer):
    """An integer of at least 0; the message for a negative one names the layer that removes elements."""

    __slots__ = ()

    def check(self, name: str, value: object, index: tuple[int, ...] = ()) -> None:
        """Raise `LayerError` SC202 or SC201 if `value` is not such a number."""
        try:
            super().check(name, value, index)
        except LayerError as error:
            if type(value) is int and value < 0:
                dim, end = -1 - index[0] // 2 if index else -1, f"end: {value}"
                if index and index[0] % 2 == 0:
                    end = f"start: {-value}"
                error.help = f"to remove elements, use `slice: {{dim: {dim}, {end}}}`"
            raise


@layer("pad", main="padding")
@dataclass(frozen=True, slots=True, kw_only=True)
class Pad(Layer):
    """Pads both ends of the last axes.

    Fields:
        padding: Elements added at both ends of every spatial axis; or a list, before and after, for one axis after
            another from the last.
        mode: Content of the padding: `value`, a mirror image (`reflect`), the nearest element (`replicate`) or the
            opposite end (`circular`).
        value: Element that fills the padding with `mode: constant`, also `-.inf`; the other modes ignore it.

    Input: [*]
    Output: the length of each axis + its padding before and after
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.functional.pad
    """

    foreign_names = (
        "pad# zeropad# ~zeropadding# constantpad# ~reflectionpad# ~reflectpad# ~replicationpad# ~circularpad# ~padding#"
    )
    foreign_notes = (
        "zeropadding# | use `pad: [before, after, …]`, a pair for one axis after another from the last",
        "reflectionpad# reflectpad# | use `pad` with `mode: reflect`",
        "replicationpad# | use `pad` with `mode: replicate`",
        "circularpad# | use `pad` with `mode: circular`",
    )
    foreign_fields = (
        # ONNX writes all that comes before, then all that comes after; TensorFlow a pair per axis, batch included.
        (
            "padding: ~pad ~pads ~paddings ~amount ~size | use `padding`, before and after for one axis after "
            "another from the last"
        ),
        "mode: padmode paddingmode",
        "value: constantvalue constantvalues ~constant padvalue fill fillvalue",
    )
    keeps_axes = True
    padding: Annotated[int | tuple[int, ...], Several(Margin(minimum=0))]
    mode: Annotated[str, OneOf(("constant", "reflect", "replicate", "circular"))] = "constant"
    value: Annotated[float, Number(infinite=True)] = 0.0

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the widened shape.

        >>> Pad(padding=(1, 2, 3, 4)).output_shape((1, 3, 7, 8))
        (1, 3, 14, 11)
        """
        pairs = self._pairs(x)
        untouched = len(x) - len(pairs)
        for axis, (n, pair) in enumerate(zip(x[untouched:], pairs, strict=True), start=untouched):
            fits_padding_mode(n, pair, self.mode, axis, constraints, field="padding")
        return (*x[:untouched], *(n + sum(pair) for n, pair in zip(x[untouched:], pairs, strict=True)))

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 0: elements are copied, none is computed."""
        return 0

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input with `reflect` and `replicate`, of which only the shape is read."""
        return (saved_input((x,)),) if self.mode in ("reflect", "replicate") else ()

    def _pairs(self, x: Shape) -> tuple[tuple[int, int], ...]:
        """Return (before, after) of each padded axis, in the order of the axes."""
        if isinstance(self.padding, int):
            return ((self.padding, self.padding),) * spatial_rank(x)
        if len(self.padding) % 2 or len(self.padding) > 2 * len(x):
            raise LayerError(
                "SC204",
                expects=f"before and after of at most {len(x)} axes",
                receives=f"{len(self.padding)} numbers",
                preposition="in",
                field="padding",
            )
        if self.mode != "constant" and len(self.padding) != 2 * spatial_rank(x):
            raise LayerError(
                "SC204",
                expects=f"before and after of every spatial axis of {show(x)} with `mode: {self.mode}`",
                receives=f"{len(self.padding)} numbers",
                field="padding",
            )
        last_first = zip(self.padding[::2], self.padding[1::2], strict=True)
        return tuple(last_first)[::-1]


@layer("center_crop", main="size")
@dataclass(frozen=True, slots=True, kw_only=True)
class CenterCrop(Layer):
    """Crops the spatial axes at the centre, to `size` or to the spatial size of a second input, `from: [what, like]`.

    If an odd number of positions is removed, one more is removed after the centre than before it.

    Fields:
        size: Size of the output along each spatial axis, in which symbols of the input may stand; `{like: step}` is the
            second input, whose size it has by default.

    Input: [N, C, *spatial]; without `size` a second one, [*, *, *spatial], of which only the spatial size is read
    Output: [N, C, *size], from position ⌊(n − size)/2⌋ on
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: Ronneberger, Fischer, Brox 2015 (U-Net), figure 2, "copy and crop"
    """

    foreign_names = "~centralcrop cropcenter ~croplike"
    foreign_fields = (
        "size: outputsize targetsize cropsize shape",
        "nothing: height width | use `size: [height, width]`",
        "nothing: offset axis cropping",
    )
    takes: ClassVar[tuple[int, int]] = (1, 2)
    reads_map = True
    size: OptionalSizesLike = None

    def output_shape(self, x: Shape, like: Shape | None = None, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, C, *size].

        >>> CenterCrop().output_shape((1, 512, 64, 64), (1, 512, 56, 56))    # U-Net, the deepest copy
        (1, 512, 56, 56)
        """
        rank = spatial_rank(x)
        if (self.size is None) == (like is None):
            received = "neither" if like is None else "both"
            raise LayerError(
                "SC205",
                expects="one of `size` and a second input, `from: [what, like]`",
                receives=received,
                field=None if self.size is None else "size",
            )
        if like is None:
            sizes: Shape = per_axis(self.size, rank, "size")
        else:
            sizes = size_like(x, like)
        for axis, (n, size) in enumerate(zip(x[2:], sizes, strict=True), start=2):
            self._fits(n, size, axis, x, constraints)
        return (x[0], x[1], *sizes)

    def operations(self, *shapes: Shape) -> Dim:
        """Return 0: elements are copied, none is computed."""
        return 0

    @property
    def storage(self) -> Storage:
        """The output is a view of the input."""
        return Storage.VIEW

    def _fits(self, n: Dim, size: Dim, axis: int, x: Shape, constraints: Constraints) -> None:
        """Raise `LayerError` SC302 if an axis is shorter than its size; require that it is not if a symbol decides."""
        left = n - size
        field = None if self.size is None else "size"
        expects = f"at least {pretty(size)} cells"
        if not isinstance(left, int):
            error = LayerError("SC302", expects=expects, receives=pretty(n), axis=axis, field=field)
            constraints.require(left, Relation.NONNEGATIVE, error)
            return
        if left >= 0:
            return
        each = isinstance(self.size, tuple)
        # A single size applies to every axis: the fix must fit the shortest.
        most = min(
            (length for length in (x[axis : axis + 1] if each else x[2:]) if isinstance(length, int)), default=None
        )
        mends = field is not None and most is not None
        raise LayerError(
            "SC302",
            expects=expects,
            receives=pretty(n),
            axis=axis,
            field=field,
            label=f"more than the {pretty(n)} that there are",
            help=f"write {most}, or less" if mends else None,
            index=(axis - 2,) if each else (),
            replacement=str(most) if mends else None,
        )


def size_like(x: Shape, like: Shape) -> Shape:
    """Return the spatial size of a second input; raise `LayerError` SC314 if it has another rank."""
    if len(like) == len(x):
        return like[2:]
    receives = f"{show(x)} and {show(like)}"
    raise LayerError("SC314", expects="two inputs with as many spatial axes", receives=receives)
