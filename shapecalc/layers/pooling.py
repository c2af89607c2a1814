"""Pooling: sliding, adaptive and global, by maximum and by average."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, floor_div, product
from shapecalc.layers.base import Layer, layer, per_axis, spatial_rank
from shapecalc.layers.fields import Bool, OptionalCount, OptionalPerAxis, Padding, PerAxis, PerAxisOrNone
from shapecalc.layers.saved import Saved, kept_input, kept_output
from shapecalc.layers.windows import FOREIGN_FIELDS, output_size, padded_cells, padding_pairs, same_size, suspect_unread


@layer("max_pool", main="kernel_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool(Layer):
    """The largest number of each window; padding never wins.

    Input: [N, C, *spatial]
    Output: [N, C, *places], on each axis ⌊(n + p₀ + p₁ − d(f − 1) − 1)/s⌋ + 1; with `ceil_mode` the division rounds
        up, and a window that would start past the input and its left padding is dropped; with `padding: same` ⌈n/s⌉
    Parameters: none
    Costs: MACs 0; FLOPs = ∏kernel_size − 1 comparisons per output
    Source: torch.nn.MaxPool2d (`stride` is the window unless given)
    """

    foreign_names = "maxpool# maxpooling# ~pool# ~pooling#"
    foreign_fields = (*FOREIGN_FIELDS, "kernel_size: poolsize poolingsize ~size", "ceil_mode: ceil useceil")
    divides: ClassVar[bool] = False
    """Whether it divides the result of each window."""
    kernel_size: PerAxis
    stride: OptionalPerAxis = None
    padding: Padding = 0
    dilation: PerAxis = 1
    ceil_mode: Bool = False

    def output_shape(self, x: Shape) -> Shape:
        """Return [N, C, *places].

        >>> MaxPool(kernel_size=3, stride=2).output_shape((1, 96, 55, 55))
        (1, 96, 27, 27)
        """
        return _slide(x, self.kernel_size, self.stride, self.padding, self.dilation, ceil_mode=self.ceil_mode)

    def suspect(self, x: Shape) -> LayerError | None:
        """Warn of cells that no window reads; with `ceil_mode` all are read."""
        return (
            None
            if self.ceil_mode
            else suspect_unread(x, self.kernel_size, self.stride, self.padding, self.dilation, pools=True)
        )

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one comparison fewer than the window holds, per output."""
        return product(y) * (product(per_axis(self.kernel_size, len(x) - 2, "kernel_size")) - 1)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and for each output the place of the largest number."""
        return (_kept_padded(x, self.kernel_size, self.stride, self.padding, self.dilation), _indices(y))


@layer("avg_pool", main="kernel_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class AvgPool(Layer):
    """The mean of each window; `count_include_pad` says whether padding counts among its cells.

    Input: [N, C, *spatial]
    Output: [N, C, *places], on each axis ⌊(n + p₀ + p₁ − f)/s⌋ + 1; with `ceil_mode` as max_pool
    Parameters: none
    Costs: MACs 0; FLOPs = ∏kernel_size per output: all but one an addition, one a division
    Source: torch.nn.AvgPool2d (`stride` is the window unless given)
    """

    foreign_names = "avgpool# avgpooling# ~averagepool# averagepooling# meanpool#"
    foreign_fields = (
        "nothing: dilations dilationrate atrousrate rate d dilation",
        "count_include_pad: countincludepadding includepad countpad",
        "divisor_override: divisor",
        *MaxPool.foreign_fields,
    )
    divides: ClassVar[bool] = True
    kernel_size: PerAxis
    stride: OptionalPerAxis = None
    padding: Padding = 0
    ceil_mode: Bool = False
    count_include_pad: Bool = True
    divisor_override: OptionalCount = None

    def output_shape(self, x: Shape) -> Shape:
        """Return [N, C, *places].

        >>> AvgPool(kernel_size=2).output_shape((1, 6, 28, 28))
        (1, 6, 14, 14)
        """
        return _slide(x, self.kernel_size, self.stride, self.padding, 1, ceil_mode=self.ceil_mode)

    def suspect(self, x: Shape) -> LayerError | None:
        """Warn of cells that no window reads; with `ceil_mode` all are read."""
        return None if self.ceil_mode else suspect_unread(x, self.kernel_size, self.stride, self.padding, 1, pools=True)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return as many operations as the window has cells, per output."""
        return product(y) * product(per_axis(self.kernel_size, len(x) - 2, "kernel_size"))

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input: of it the shape alone is read."""
        return (_kept_padded(x, self.kernel_size, self.stride, self.padding, 1),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptive(Layer):
    """Pooling by windows that are chosen so that as many places come out as asked for."""

    foreign_fields = ("output_size: size outputshape outsize ~output targetoutputsize",)
    output_size: PerAxisOrNone

    def output_shape(self, x: Shape) -> Shape:
        """Return [N, C, *output_size].

        >>> AdaptiveAvgPool(output_size=7).output_shape((1, 512, 9, 13))
        (1, 512, 7, 7)
        """
        asked = per_axis(self.output_size, spatial_rank(x), "output_size")
        return (x[0], x[1], *(n if o is None else o for n, o in zip(x[2:], asked, strict=True)))

    def cells(self, x: Shape, y: Shape) -> Dim:
        """Return the cells of all windows, along each axis n + o − gcd(n, o).

        Neighbouring windows share a cell where their boundary i·n/o is not whole, which is so for all of the o − 1
        inner boundaries but gcd(n, o) − 1.
        """
        cells = x[0] * x[1]
        for n, o in zip(x[2:], y[2:], strict=True):
            cells = cells * (n if n == o else n + o - _gcd(n, o))
        return cells


@layer("adaptive_avg_pool", main="output_size")
class AdaptiveAvgPool(Adaptive):
    """The mean of windows that are chosen so that as many places come out as asked for.

    Input: [N, C, *spatial]
    Output: [N, C, *output_size]; null keeps an axis as it is
    Parameters: none
    Costs: MACs 0; FLOPs = the cells of all windows: window i of o spans [⌊i·n/o⌋, ⌈(i + 1)n/o⌉), along each axis
        together n + o − gcd(n, o)
    Source: torch.nn.AdaptiveAvgPool2d
    """

    __slots__ = ()
    foreign_names = "adaptiveavgpool# adaptiveaveragepool# adaptiveaveragepooling#"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one operation per cell that a window reads: additions, and a division for the first."""
        return self.cells(x, y)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input; nothing where one place comes out, which is a plain mean."""
        return () if all(size == 1 for size in y[2:]) else (kept_input((x,)),)


@layer("adaptive_max_pool", main="output_size")
class AdaptiveMaxPool(Adaptive):
    """The largest number of windows that are chosen so that as many places come out as asked for.

    Input: [N, C, *spatial]
    Output: [N, C, *output_size]; null keeps an axis as it is
    Parameters: none
    Costs: MACs 0; FLOPs = the cells of all windows − 1 per output; windows as in adaptive_avg_pool
    Source: torch.nn.AdaptiveMaxPool2d
    """

    __slots__ = ()
    foreign_names = "adaptivemaxpool# adaptivemaxpooling#"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one comparison fewer than each window holds."""
        return self.cells(x, y) - product(y)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and for each output the place of the largest number."""
        return (kept_input((x,)), _indices(y))


@dataclass(frozen=True, slots=True, kw_only=True)
class Global(Layer):
    """Pooling of each channel over all of space; without `keepdim` the axes of space are left out."""

    foreign_fields = ("keepdim: keepdims keepdimension",)
    keepdim: Bool = True

    def output_shape(self, x: Shape) -> Shape:
        """Return [N, C, 1, …], or [N, C]."""
        rank = spatial_rank(x)
        return (x[0], x[1], *((1,) * rank if self.keepdim else ()))


@layer("global_avg_pool")
class GlobalAvgPool(Global):
    """The mean of each channel over all of space.

    Input: [N, C, *spatial]
    Output: [N, C, 1, …], one 1 per spatial axis; [N, C] with `keepdim: false`
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per input: additions, and a division for the first
    Source: Lin, Chen, Yan 2013, section 3.2; ONNX GlobalAveragePool (`keepdim` as in torch.mean)
    """

    __slots__ = ()
    foreign_names = "globalavgpool# globalaveragepool# globalaveragepooling# gap#"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one operation per input."""
        return product(x)


@layer("global_max_pool")
class GlobalMaxPool(Global):
    """The largest number of each channel over all of space.

    Input: [N, C, *spatial]
    Output: [N, C, 1, …], one 1 per spatial axis; [N, C] with `keepdim: false`
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per input − 1 per output
    Source: ONNX GlobalMaxPool (`keepdim` as in torch.amax)
    """

    __slots__ = ()
    foreign_names = "globalmaxpool# globalmaxpooling# gmp#"

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one comparison fewer than each channel has cells."""
        return product(x) - product(y)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return input and output: the gradient goes where they are equal."""
        return (kept_input((x,)), kept_output(y))


def _slide(x: Shape, kernel_size: Any, stride: Any, padding: Any, dilation: Any, *, ceil_mode: bool) -> Shape:
    rank = spatial_rank(x)
    kernel = per_axis(kernel_size, rank, "kernel_size")
    strides = kernel if stride is None else per_axis(stride, rank, "stride")
    dilations = per_axis(dilation, rank, "dilation")
    pads = padding_pairs(padding, rank)
    places: list[Dim] = []
    for axis, (n, f, s, p, d) in enumerate(zip(x[2:], kernel, strides, pads, dilations, strict=True), start=2):
        if isinstance(p, str):
            places.append(same_size(n, s))
            continue
        if max(p) > f // 2:
            # Otherwise a window could lie in the padding alone. PyTorch asks this of the undilated window (measured
            # on torch 2.13, although its message speaks of the effective one).
            raise LayerError(
                "SC306",
                f"expects padding of at most half of the window ({f // 2}), receives {max(p)}",
                field="padding",
                help=f"write `padding: {f // 2}`, or put `pad` before it",
                index=(axis - 2,),
                replacement=str(f // 2),
            )
        places.append(output_size(n, f, s, p, d, ceil_mode=ceil_mode, axis=axis))
    return (x[0], x[1], *places)


def _kept_padded(x: Shape, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> Saved:
    """Return the record of the input, or of one that is padded first: unevenly, which PyTorch's pools cannot."""
    stride = kernel_size if stride is None else stride
    cells = padded_cells(x, kernel_size, stride, padding, dilation)
    return kept_input((x,)) if cells is None else Saved("padded", x[0] * x[1] * product(cells))


def _indices(y: Shape) -> Saved:
    return Saved("indices", product(y), dtype="int64")


def _gcd(n: Dim, o: Dim) -> Dim:
    """Return gcd(n, o) = Σ φ(d) over the divisors d of o that divide n too; d | n is ⌊n/d⌋ − ⌊(n − 1)/d⌋.

    Source: Gauss, Σ φ(d) over d | m is m, for m = gcd(n, o).
    """
    assert isinstance(o, int)  # a size that is asked for is a number
    if isinstance(n, int):
        return math.gcd(n, o)
    divides = ((d, floor_div(n, d) - floor_div(n - 1, d)) for d in _divisors(o))
    return sum(_totient(d) * one_or_zero for d, one_or_zero in divides)


def _divisors(o: int) -> set[int]:
    below = [d for d in range(1, math.isqrt(o) + 1) if o % d == 0]
    return {*below, *(o // d for d in below)}


def _totient(d: int) -> int:
    """Return how many of 1 … d share no factor with d: d ∏(1 − 1/p) over its primes p.

    >>> _totient(12), _totient(2**31 - 1)    # no walk up to 2^31: such a size may stand in a file
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
