"""Pooling layers: sliding, adaptive and global, by maximum and by average."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from shapecalc.diagnostics.errors import FieldName, InFile, LayerError
from shapecalc.dims import Dim, Shape, floor_div, product
from shapecalc.layers.base import Layer, layer, per_axis, spatial_rank
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


@layer("max_pool", main="kernel_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool(Layer):
    """Maximum of each window; padding is never the maximum.

    Fields:
        kernel_size: Size of the window along each spatial axis.
        stride: Step from one window to the next along each spatial axis; by default the size of the window.
        padding: Elements of −∞ added at both ends of each spatial axis. `same` adds as few as give ⌈n/s⌉ positions,
            `valid` none.
        dilation: Distance between neighbouring elements of the window; 1 leaves no gaps.
        ceil_mode: Whether a last window may extend past the padded input, so that its end is read too.
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
    foreign_fields = (*FOREIGN_FIELDS, "kernel_size: poolsize poolingsize ~size", "ceil_mode: ceil useceil", *_NOTHING)
    gives: ClassVar[str] = "any"
    divides: ClassVar[bool] = False
    """Whether it divides the result of each window."""
    reads_map = True
    kernel_size: PerAxis
    stride: OptionalPerAxis = None
    padding: Padding = 0
    dilation: PerAxis = 1
    ceil_mode: Bool = False
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

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, C, *positions].

        >>> MaxPool(kernel_size=3, stride=2).output_shape((1, 96, 55, 55))
        (1, 96, 27, 27)
        """
        slides = (self.kernel_size, self.stride, self.padding, self.dilation)
        return _slide(x, *slides, ceil_mode=self.ceil_mode, constraints=constraints)

    def warning(self, x: Shape) -> LayerError | None:
        """Return a warning of elements that no window reads, or None; with `ceil_mode` all are read."""
        return (
            None
            if self.ceil_mode
            else unread_warning(x, self.kernel_size, self.stride, self.padding, self.dilation, pools=True)
        )

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one comparison fewer per output than the window has elements."""
        elements = window_elements(x, self.kernel_size, self.padding, self.dilation, ceil_mode=self.ceil_mode)
        return product(y) * (product(elements) - 1)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and for each output the index of the maximum."""
        indices = _indices(y)._replace(of="indices" if self.return_indices else None)
        return (_saved_padded(x, self.kernel_size, self.stride, self.padding, self.dilation), indices)


@layer("avg_pool", main="kernel_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class AvgPool(Layer):
    """Mean of each window.

    Fields:
        kernel_size: Size of the window along each spatial axis.
        stride: Step from one window to the next along each spatial axis; by default the size of the window.
        padding: Zeros added at both ends of each spatial axis. `same` adds as few as give ⌈n/s⌉ positions, `valid`
            none.
        dilation: Distance between neighbouring elements of the window; 1 leaves no gaps.
        ceil_mode: Whether a last window may extend past the padded input, so that its end is read too.
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
        *MaxPool.foreign_fields,
    )
    divides: ClassVar[bool] = True
    reads_map = True
    kernel_size: PerAxis
    stride: OptionalPerAxis = None
    padding: Padding = 0
    dilation: PerAxis = 1
    ceil_mode: Bool = False
    count_include_pad: Bool = True
    divisor_override: OptionalCount = None

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, C, *positions].

        >>> AvgPool(kernel_size=2).output_shape((1, 6, 28, 28))
        (1, 6, 14, 14)
        """
        slides = (self.kernel_size, self.stride, self.padding, self.dilation)
        return _slide(x, *slides, ceil_mode=self.ceil_mode, constraints=constraints)

    def warning(self, x: Shape) -> LayerError | None:
        """Return a warning of elements that no window reads, or None; with `ceil_mode` all are read."""
        slides = (self.kernel_size, self.stride, self.padding, self.dilation)
        return None if self.ceil_mode else unread_warning(x, *slides, pools=True)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return as many operations per output as the window has elements."""
        elements = window_elements(x, self.kernel_size, self.padding, self.dilation, ceil_mode=self.ceil_mode)
        return product(y) * product(elements)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, of which only the shape is read."""
        return (_saved_padded(x, self.kernel_size, self.stride, self.padding, self.dilation),)


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


def _slide(
    x: Shape, kernel_size: Any, stride: Any, padding: Any, dilation: Any, *, ceil_mode: bool, constraints: Constraints
) -> Shape:
    rank = spatial_rank(x)
    kernel = per_axis(kernel_size, rank, "kernel_size")
    strides = kernel if stride is None else per_axis(stride, rank, "stride")
    dilations = per_axis(dilation, rank, "dilation")
    pads = padding_pairs(padding, kernel, dilations)
    positions: list[Dim] = []
    for axis, (n, f, s, p, d) in enumerate(zip(x[2:], kernel, strides, pads, dilations, strict=True), start=2):
        if isinstance(p, str):
            positions.append(same_size(n, s))
            continue
        if max(p) > f // 2:
            # Otherwise a window could lie entirely in the padding. PyTorch checks the undilated window (measured on
            # torch 2.13, although its message names the effective one).
            raise LayerError(
                "SC306",
                expects=f"padding of at most half of the window ({f // 2})",
                receives=max(p),
                field="padding",
                help=("write ", FieldName("padding", f // 2), InFile(", or put `pad` before it")),
                index=(axis - 2,),
                replacement=str(f // 2),
            )
        positions.append(output_size(n, f, s, p, d, ceil_mode=ceil_mode, axis=axis, constraints=constraints))
    return (x[0], x[1], *positions)


def _saved_padded(x: Shape, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> Saved:
    """Return the record of the input, or of its copy with uneven padding, which PyTorch's pools do not support."""
    stride = kernel_size if stride is None else stride
    spatial = padded_shape(x, kernel_size, stride, padding, dilation)
    return saved_input((x,)) if spatial is None else Saved("padded", x[0] * x[1] * product(spatial))


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
