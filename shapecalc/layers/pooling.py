"""Pooling layers: sliding, adaptive and global, by maximum and by average."""

import math
from dataclasses import dataclass
from typing import ClassVar

from shapecalc.diagnostics.errors import FieldName, InFile, LayerError
from shapecalc.dims import Dim, Shape, floor_div, product
from shapecalc.layers.axes import per_axis, spatial_rank
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, OptionalCount, OptionalPerAxis, Padding, PerAxis, PerAxisOrNone
from shapecalc.layers.roles import Roles, map_roles
from shapecalc.layers.saved import Saved, saved_input, saved_output
from shapecalc.layers.windows import (
    FOREIGN_FIELDS,
    output_size,
    padded_shape,
    padding_pairs,
    same_size,
    unread_warning,
    window_elements,
)

_NOTHING = (
    "nothing: pool pooltype | use `max_pool` or `avg_pool`, whichever it computes",
    "nothing: globalpooling | use `global_avg_pool` or `global_max_pool`",
)
_KERAS = "global{0}pool1d global{0}pool2d global{0}pool3d global{1}pooling#: no keepdims keepdim"
"""Keras's names, for which the spatial axes do not remain by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliding(Layer):
    """Base class of the pools with windows of one size.

    Fields:
        kernel_size: Size of the window along each spatial axis.
        stride: Step from one window to the next along each spatial axis; by default the size of the window.
        padding: Zeros added at both ends of each spatial axis. `same` adds as few as give ⌈n/s⌉ positions, `valid`
            none.
        dilation: Distance between neighbouring elements of the window; 1 leaves no gaps.
        ceil_mode: Whether a last window may extend past the padded input, so that its end is read too.
    """

    foreign_fields: ClassVar[tuple[str, ...]] = (
        *FOREIGN_FIELDS,
        "kernel_size: poolsize poolingsize ~size",
        "ceil_mode: ceil useceil",
        *_NOTHING,
    )
    reads_map = True
    kernel_size: PerAxis
    stride: OptionalPerAxis = None
    padding: Padding = 0
    dilation: PerAxis = 1
    ceil_mode: Bool = False

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, C, *positions].

        >>> MaxPool(kernel_size=3, stride=2).output_shape((1, 96, 55, 55))
        (1, 96, 27, 27)
        """
        rank = spatial_rank(x)
        kernel = per_axis(self.kernel_size, rank, "kernel_size")
        strides = kernel if self.stride is None else per_axis(self.stride, rank, "stride")
        dilations = per_axis(self.dilation, rank, "dilation")
        axes = zip(x[2:], kernel, strides, padding_pairs(self.padding, kernel, dilations), dilations, strict=True)
        positions: list[Dim] = []
        for axis, (n, f, s, p, d) in enumerate(axes, start=2):
            if isinstance(p, str):
                positions.append(same_size(n, s))
                continue
            self.check_padding(max(p), f, axis)
            size = output_size(n, f, s, p, d, ceil_mode=self.ceil_mode, axis=axis, constraints=constraints)
            positions.append(size)
        return (x[0], x[1], *positions)

    def check_padding(self, padding: int, window: int, axis: int) -> None:
        """Raise `LayerError` SC306 for more than half of the window: a window could lie entirely in the padding.

        PyTorch checks the undilated window (measured on torch 2.13, although its message names the effective one).
        """
        if padding > window // 2:
            raise too_much_padding("half of the window", window // 2, padding, axis)

    def warning(self, x: Shape) -> LayerError | None:
        """Return a warning of elements that no window reads, or None; with `ceil_mode` all are read."""
        slides = (self.kernel_size, self.stride, self.padding, self.dilation)
        return None if self.ceil_mode else unread_warning(x, *slides, pools=True)

    def elements(self, x: Shape) -> Dim:
        """Return the number of elements of a window that count."""
        return product(window_elements(x, self.kernel_size, self.padding, self.dilation, ceil_mode=self.ceil_mode))

    def saved_input(self, x: Shape) -> Saved:
        """Return the record of the input, or of its copy with uneven padding, which PyTorch's pools do not support."""
        stride = self.kernel_size if self.stride is None else self.stride
        spatial = padded_shape(x, self.kernel_size, stride, self.padding, self.dilation)
        return saved_input((x,)) if spatial is None else Saved("padded", x[0] * x[1] * product(spatial))


@layer("max_pool", main="kernel_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool(Sliding):
    """Maximum of each window; padding is never the maximum.

    Fields:
        padding: Elements of −∞ added at both ends of each spatial axis. `same` adds as few as give ⌈n/s⌉ positions,
            `valid` none.
        return_indices: Whether it has a second output, `indices`, int64: the place of each maximum, counted over all
            spatial axes.

    Input: [N, C, *spatial]
    Output: [N, C, *positions], on each axis ⌊(n + p₀ + p₁ − d(f − 1) − 1)/s⌋ + 1; with `ceil_mode` the division rounds
        up, and a window that would start past the input and its left padding is dropped; with `padding: same` ⌈n/s⌉
    Parameters: none
    Costs: MACs 0; FLOPs = ∏kernel_size − 1 comparisons per output; of a window of 16 or more elements that is longer
        than the padded axis, only those on it count
    Source: torch.nn.MaxPool2d (`stride` is the window by default)
    """

    foreign_names = "maxpool# maxpooling# ~maxpool#withindices"
    gives: ClassVar[str] = "any"
    divides: ClassVar[bool] = False
    """Whether it divides the result of each window."""
    return_indices: Bool = False

    @property
    def output_names(self) -> tuple[str, ...]:
        """The maximum and, with `return_indices`, its place."""
        return ("output", "indices") if self.return_indices else ("output",)

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return int64 for places."""
        return "int64" if output == "indices" else "float32"

    def outputs(self, x: Shape, *, constraints: Constraints = REFUSING) -> dict[str, Shape]:
        """Return the shape of each output."""
        return dict.fromkeys(self.output_names, self.output_shape(x, constraints=constraints))

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one comparison fewer per output than the window has elements."""
        return product(y) * (self.elements(x) - 1)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and for each output the index of the maximum."""
        indices = _indices(y)._replace(of="indices" if self.return_indices else None)
        return (self.saved_input(x), indices)


@layer("avg_pool", main="kernel_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class AvgPool(Sliding):
    """Mean of each window.

    Fields:
        count_include_pad: Whether the mean also counts the zeros of the padding.
        divisor_override: Number that each sum is divided by; by default the number of elements that count.

    Input: [N, C, *spatial]
    Output: [N, C, *positions], on each axis as max_pool
    Parameters: none
    Costs: MACs 0; FLOPs = ∏kernel_size per output: additions, and one division; of a window of 16 or more elements
        that is longer than the padded axis, only those on it count
    Source: torch.nn.AvgPool2d (`stride` is the window by default); `dilation` as in ONNX (AveragePool)
    """

    foreign_names = "avgpool# avgpooling# ~averagepool averagepool# averagepooling# meanpool# meanpooling#"
    foreign_notes = (
        "averagepool | use `avg_pool`, with `count_include_pad: false` if there is padding: ONNX leaves it out",
    )
    foreign_fields = (
        "count_include_pad: countincludepadding includepad countpad",
        "divisor_override: divisor",
        *Sliding.foreign_fields,
    )
    divides: ClassVar[bool] = True
    count_include_pad: Bool = True
    divisor_override: OptionalCount = None

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return as many operations per output as the window has elements."""
        return product(y) * self.elements(x)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, of which only the shape is read."""
        return (self.saved_input(x),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptive(Layer):
    """Pooling by windows that are chosen to give an output of a requested size.

    Fields:
        output_size: Size of the output along each spatial axis; null leaves an axis as long as it is.
    """

    foreign_fields = ("output_size: size outputshape outsize ~output targetoutputsize",)
    reads_map = True
    output_size: PerAxisOrNone

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, C, *output_size].

        >>> AdaptiveAvgPool(output_size=7).output_shape((1, 512, 9, 13))
        (1, 512, 7, 7)
        """
        sizes = per_axis(self.output_size, spatial_rank(x), "output_size")
        return (x[0], x[1], *(n if o is None else o for n, o in zip(x[2:], sizes, strict=True)))

    def elements(self, x: Shape, y: Shape) -> Dim:
        """Return the number of elements of all windows, n + o − gcd(n, o) along each axis.

        Neighbouring windows share an element if their boundary i·n/o is not an integer, which holds for all of the
        o − 1 inner boundaries except gcd(n, o) − 1.
        """
        elements = x[0] * x[1]
        for n, o in zip(x[2:], y[2:], strict=True):
            elements = elements * (n if n == o else n + o - _gcd(n, o))
        return elements


@layer("adaptive_avg_pool", main="output_size")
class AdaptiveAvgPool(Adaptive):
    """Mean of windows that are chosen to give an output of size `output_size`.

    Input: [N, C, *spatial]
    Output: [N, C, *output_size]; null leaves an axis unchanged
    Parameters: none
    Costs: MACs 0; FLOPs = the elements of all windows: window i of o spans [⌊i·n/o⌋, ⌈(i + 1)n/o⌉), along each axis
        together n + o − gcd(n, o)
    Source: torch.nn.AdaptiveAvgPool2d
    """

    __slots__ = ()
    foreign_names = "adaptiveavgpool# adaptiveaveragepool# adaptiveaveragepooling# ~fastadaptiveavgpool#"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one operation per element of all windows: additions, and one division per window."""
        return self.elements(x, y)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input; nothing for an output of size 1, which is a plain mean."""
        return () if all(size == 1 for size in y[2:]) else (saved_input((x,)),)


@layer("adaptive_max_pool", main="output_size")
class AdaptiveMaxPool(Adaptive):
    """Maximum of windows that are chosen to give an output of size `output_size`.

    Input: [N, C, *spatial]
    Output: [N, C, *output_size]; null leaves an axis unchanged
    Parameters: none
    Costs: MACs 0; FLOPs = the elements of all windows − 1 per output; windows as in adaptive_avg_pool
    Source: torch.nn.AdaptiveMaxPool2d
    """

    __slots__ = ()
    foreign_names = "adaptivemaxpool# adaptivemaxpooling# ~adaptivemaxpool#withindices"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one comparison fewer per window than it has elements."""
        return self.elements(x, y) - product(y)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and for each output the index of the maximum."""
        return (saved_input((x,)), _indices(y))


@dataclass(frozen=True, slots=True, kw_only=True)
class Global(Layer):
    """Pooling of each channel over all spatial positions; without `keepdim` the spatial axes are removed.

    Fields:
        keepdim: Whether each spatial axis remains with size 1; otherwise the output is [N, C].
    """

    foreign_fields = ("keepdim: keepdims keepdimension",)
    reads_map = True
    keepdim: Bool = True

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the axes that remain."""
        return map_roles(roles[0])[: len(shapes[-1])]

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, C, 1, …], or [N, C]."""
        rank = spatial_rank(x)
        return (x[0], x[1], *((1,) * rank if self.keepdim else ()))


@layer("global_avg_pool")
class GlobalAvgPool(Global):
    """Mean of each channel over all spatial positions.

    Input: [N, C, *spatial]
    Output: [N, C, 1, …], one 1 per spatial axis; [N, C] with `keepdim: false`
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per input: additions, and one division per channel
    Source: Lin, Chen, Yan 2013, section 3.2; ONNX GlobalAveragePool (`keepdim` as in torch.mean)
    """

    __slots__ = ()
    foreign_names = "globalavgpool# globalaveragepool# globalaveragepooling# ~globalmeanpool# ~gap#"
    foreign_caveats = (
        f"{_KERAS.format('avg', 'average')} | use `global_avg_pool: {{keepdim: false}}`: Keras's gives [N, C]",
    )

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one operation per input."""
        return product(x)


@layer("global_max_pool")
class GlobalMaxPool(Global):
    """Maximum of each channel over all spatial positions.

    Input: [N, C, *spatial]
    Output: [N, C, 1, …], one 1 per spatial axis; [N, C] with `keepdim: false`
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per input − 1 per output
    Source: ONNX GlobalMaxPool (`keepdim` as in torch.amax)
    """

    __slots__ = ()
    foreign_names = "globalmaxpool# globalmaxpooling# ~gmp#"
    foreign_caveats = (
        f"{_KERAS.format('max', 'max')} | use `global_max_pool: {{keepdim: false}}`: Keras's gives [N, C]",
    )

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one comparison fewer per channel than it has elements."""
        return product(x) - product(y)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return input and output: the gradient flows to where they are equal."""
        return (saved_input((x,)), saved_output(y))


def too_much_padding(part: str, most: int, padding: int, axis: int) -> LayerError:
    """Return the SC306 error for padding above `most`, a part of the window."""
    return LayerError(
        "SC306",
        expects=f"padding of at most {part} ({most})",
        receives=padding,
        field="padding",
        help=("write ", FieldName("padding", most), InFile(", or put `pad` before it")),
        index=(axis - 2,),
        replacement=str(most),
    )


def _indices(y: Shape) -> Saved:
    return Saved("indices", product(y), dtype="int64")


def _gcd(n: Dim, o: Dim) -> Dim:
    """Return gcd(n, o) = Σ φ(d) over the divisors d of o that divide n too; d | n is ⌊n/d⌋ − ⌊(n − 1)/d⌋.

    Source: Gauss, Σ φ(d) over d | m is m, for m = gcd(n, o).
    """
    assert isinstance(o, int)  # a requested size is an integer
    if isinstance(n, int):
        return math.gcd(n, o)
    divides = ((d, floor_div(n, d) - floor_div(n - 1, d)) for d in _divisors(o))
    return sum(_totient(d) * one_or_zero for d, one_or_zero in divides)


def _divisors(o: int) -> set[int]:
    below = [d for d in range(1, math.isqrt(o) + 1) if o % d == 0]
    return {*below, *(o // d for d in below)}


def _totient(d: int) -> int:
    """Return how many of 1 … d share no factor with d: d ∏(1 − 1/p) over its primes p.

    >>> _totient(12), _totient(2**31 - 1)    # no loop up to 2^31, which a file may have
    (4, 2147483646)
    """
    count, rest, p = d, d, 2
    while p * p <= rest:
        if rest % p == 0:
            count -= count // p
            while rest % p == 0:
                rest //= p
        p += 1
    return count - count // rest if rest > 1 else count
