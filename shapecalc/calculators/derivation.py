"""Formula → numbers put in → result: what a rule gives and how it comes about, as plain values.

Every result is what the layer itself gives. The steps beside it are the same arithmetic written out, and a test holds
the value of each line against the rule. n: cells of the axis, f: window, s: stride, p: padding (p₀ before, p₁ after),
d: dilation, o: output padding, c and k: channels that enter and leave, g: groups.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.dims import as_json, ceil_div, product, symbol
from shapecalc.layers.base import per_axis
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.layers.windows import Pair, output_size, padding_pairs, same_pad, span, unread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.dims import Shape
    from shapecalc.layers.base import Layer
    from shapecalc.layers.conv import Conv, ConvTranspose
    from shapecalc.layers.embedding import Embedding
    from shapecalc.layers.linear import Linear
    from shapecalc.layers.pooling import AvgPool, MaxPool

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""What the spatial axes are called, by how many there are."""

_PATIENCE = 64
"""Paddings tried for one that leaves nothing over: a stride may be huge."""


class Derivation(NamedTuple):
    """One number: its formula, the formula with the numbers put in, line by line, and the result, which ends them."""

    name: str
    formula: str
    steps: tuple[str, ...]
    result: int

    @property
    def equation(self) -> str:
        """The numbers put in, and what comes out.

        >>> Derivation("output", "n + 1", ("3 + 1", "4"), 4).equation
        '3 + 1 = 4'
        """
        return f"{self.steps[0]} = {self.result}" if len(self.steps) > 1 else self.steps[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the derivation as JSON's values."""
        return {"formula": self.formula, "steps": list(self.steps), "equation": self.equation}


class AxisReading(NamedTuple):
    """What windows along an axis do not read, and what rounding did to them.

    `left_over` is the remainder of the division. `unread` counts the cells after the last window's end. `stepped_over`
    counts, of every `s` cells, those that no window touches because the stride is longer than the window.
    """

    left_over: int
    unread: int
    stepped_over: int
    overhang: int = 0
    """Cells past the padded input that the last window of ceil mode covers."""
    dropped: bool = False
    """Whether ceil mode dropped a window that would have started past the input and its left padding."""
    mends: tuple[tuple[str, int], ...] = ()
    """Letters, each with a value that leaves nothing unread at the end; `ceil` says to round up."""


class DerivedAxis(NamedTuple):
    """One spatial axis: its numbers, the derivation of its output, and what its windows miss."""

    name: str
    n: int
    f: int
    s: int
    padding: Pair
    d: int
    output: Derivation
    reading: AxisReading | None = None
    same: Derivation | None = None
    """The total padding that `same` stands for."""
    ceil: bool = False
    output_padding: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the axis as JSON's values."""
        document: dict[str, Any] = {
            "axis": self.name,
            "n": self.n,
            "f": self.f,
            "s": self.s,
            "padding": list(self.padding),
            "d": self.d,
            "output_padding": self.output_padding,
            "output": self.output.result,
            **self.output.to_dict(),
        }
        if self.same:
            document["same"] = {"total": self.same.result, **self.same.to_dict()}
        if self.reading:
            reading = self.reading
            document |= {
                "left_over": reading.left_over,
                "unread": {"cells": reading.unread, "first": self.n - reading.unread + 1, "last": self.n}
                if reading.unread
                else None,
                "stepped_over": reading.stepped_over,
            }
            if self.ceil:
                document |= {"overhang": reading.overhang, "dropped": reading.dropped}
        return document


class Calculation(NamedTuple):
    """The answer to a whole question: the axes and, where channels are known, the shape and the costs of one sample."""

    type: str
    axes: tuple[DerivedAxis, ...] = ()
    letters: tuple[tuple[str, int], ...] = ()
    """The letters of the costs' formulas that are no axis' own."""
    shape: Shape | None = None
    costs: tuple[Derivation, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def whole_shape(self) -> Shape:
        """The shape as it is shown: that of many samples where windows slide."""
        assert self.shape is not None
        return (symbol("N"), *self.shape[1:]) if self.axes else self.shape

    def to_dict(self) -> dict[str, Any]:
        """Return the calculation as JSON's values."""
        document: dict[str, Any] = {"layer": self.type}
        if self.axes:
            document["output"] = [axis.output.result for axis in self.axes]
        if self.shape is not None:
            document["output_shape"] = [*map(as_json, self.whole_shape)]
        if self.costs and self.axes:
            document["costs_at"] = {"N": 1}
        document |= {line.name.lower(): line.result for line in self.costs}
        if self.axes:
            document["axes"] = [axis.to_dict() for axis in self.axes]
        document["costs"] = {line.name.lower(): line.to_dict() for line in self.costs}
        return document


def sliding_axes(layer: Conv | MaxPool | AvgPool, x: Shape) -> tuple[DerivedAxis, ...]:
    """Derive the output of each spatial axis of a layer that slides windows.

    Raises `LayerError` where the layer does not fit.

    >>> from shapecalc.layers.conv import Conv
    >>> (axis,) = sliding_axes(Conv(out_channels=1, kernel_size=5), (1, 1, 32))
    >>> axis.output.formula, axis.output.steps
    ('⌊(n + 2p − f)/s⌋ + 1', ('(32 + 2·0 − 5)/1 + 1', '27/1 + 1', '27 + 1', '28'))
    """
    y = layer.output_shape(x)
    rank = len(x) - 2
    kernel = per_axis(layer.kernel_size, rank, "kernel_size")
    strides = kernel if layer.stride is None else per_axis(layer.stride, rank, "stride")
    dilations = per_axis(getattr(layer, "dilation", 1), rank, "dilation")
    pads = padding_pairs(layer.padding, rank)
    pool = hasattr(layer, "ceil_mode")
    ceil = getattr(layer, "ceil_mode", False)
    axes = []
    for name, n, f, s, p, d, places in zip(AXES[rank], x[2:], kernel, strides, pads, dilations, y[2:], strict=True):
        assert isinstance(n, int)
        assert isinstance(places, int)
        if isinstance(p, str):
            axes.append(_same(name, n, f, s, d, places))
        elif ceil:
            axes.append(_rounded_up(name, n, f, s, p, d, places))
        else:
            axes.append(_rounded_down(name, n, f, s, p, d, places, pool=pool))
    return tuple(axes)


def transposed_axes(layer: ConvTranspose, x: Shape) -> tuple[DerivedAxis, ...]:
    """Derive the output of each spatial axis of a transposed convolution.

    >>> from shapecalc.layers.conv import ConvTranspose
    >>> (axis,) = transposed_axes(ConvTranspose(out_channels=1, kernel_size=4, stride=2, padding=1), (1, 1, 8))
    >>> axis.output.formula, axis.output.steps
    ('(n − 1)s − 2p + f', ('(8 − 1)·2 − 2·1 + 4', '14 − 2 + 4', '16'))
    """
    y = layer.output_shape(x)
    rank = len(x) - 2
    kernel = per_axis(layer.kernel_size, rank, "kernel_size")
    strides = per_axis(layer.stride, rank, "stride")
    dilations = per_axis(layer.dilation, rank, "dilation")
    extras = per_axis(layer.output_padding, rank, "output_padding")
    pads = padding_pairs(layer.padding, rank)
    sizes = zip(AXES[rank], x[2:], kernel, strides, pads, dilations, extras, y[2:], strict=True)
    return tuple(_transposed(name, n, f, s, p, d, o, cells) for name, n, f, s, p, d, o, cells in sizes)


def _rounded_down(name: str, n: int, f: int, s: int, p: Pair, d: int, places: int, *, pool: bool) -> DerivedAxis:
    room = n + sum(p) - span(f, d)
    letters, numbers = _room(n, f, p, d)
    opened, closed = ("⌊", "⌋") if room % s else ("", "")
    steps = (
        f"{opened}({numbers})/{s}{closed} + 1",
        f"{opened}{room}/{s}{closed} + 1",
        f"{places - 1} + 1",
        str(places),
    )
    missed = min(n, unread(n, f, s, p, d))  # the last window may end before the input begins
    mends = _mends(n, f, s, p, d, missed, pool=pool) if missed else ()
    reading = AxisReading(room % s, missed, _stepped_over(f, s, d, places), mends=mends)
    return DerivedAxis(name, n, f, s, p, d, Derivation("output", f"⌊({letters})/s⌋ + 1", steps, places), reading)


def _rounded_up(name: str, n: int, f: int, s: int, p: Pair, d: int, places: int) -> DerivedAxis:
    before = p[0]
    room = n + sum(p) - span(f, d)
    letters, numbers = _room(n, f, p, d)
    left = "p" if p[0] == p[1] else "p₀"
    fits, starts = ceil_div(room, s) + 1, ceil_div(n + before, s)
    steps = (
        f"min(⌈({numbers})/{s}⌉ + 1, ⌈({n} + {before})/{s}⌉)",
        f"min(⌈{_signed(room)}/{s}⌉ + 1, ⌈{n + before}/{s}⌉)",
        f"min({fits}, {starts})",
        str(places),
    )
    ends = (places - 1) * s + span(f, d)
    reading = AxisReading(
        left_over=room % s,
        unread=max(n + before - ends, 0),
        stepped_over=_stepped_over(f, s, d, places),
        overhang=max(ends - n - sum(p), 0),
        dropped=starts < fits,  # type: ignore[operator]  # both are whole numbers here
    )
    formula = f"min(⌈({letters})/s⌉ + 1, ⌈(n + {left})/s⌉)"
    return DerivedAxis(name, n, f, s, p, d, Derivation("output", formula, steps, places), reading, ceil=True)


def _same(name: str, n: int, f: int, s: int, d: int, places: int) -> DerivedAxis:
    pad = same_pad(n, f, s, d)
    letters, numbers = ("f", str(f)) if d == 1 else ("d(f − 1) + 1", f"{d}·({f} − 1) + 1")
    needed = (places - 1) * s + span(f, d) - n
    total = Derivation(
        "padding",
        f"max((output − 1)s + {letters} − n, 0)",
        (f"max(({places} − 1)·{s} + {numbers} − {n}, 0)", f"max({_signed(needed)}, 0)", str(sum(pad))),
        sum(pad),
    )
    output = Derivation("output", "⌈n/s⌉", (f"⌈{n}/{s}⌉", str(places)), places)
    left_over = (n + sum(pad) - span(f, d)) % s
    reading = AxisReading(left_over, min(n, unread(n, f, s, pad, d)), _stepped_over(f, s, d, places))
    return DerivedAxis(name, n, f, s, pad, d, output, reading, same=total)


def _transposed(name: str, n: int, f: int, s: int, p: Pair, d: int, o: int, cells: int) -> DerivedAxis:
    even = p[0] == p[1]
    window, spans = ("f", str(f)) if d == 1 else ("d(f − 1) + 1", f"{d}·({f} − 1) + 1")
    extra, extra_cells = (" + o", f" + {o}") if o else ("", "")
    taken = str(sum(p)) if even else f"{p[0]} − {p[1]}"
    steps = (
        f"({n} − 1)·{s} − {f'2·{p[0]}' if even else taken} + {spans}{extra_cells}",
        f"{(n - 1) * s} − {taken} + {span(f, d)}{extra_cells}",
        str(cells),
    )
    formula = f"(n − 1)s − {'2p' if even else 'p₀ − p₁'} + {window}{extra}"
    return DerivedAxis(name, n, f, s, p, d, Derivation("output", formula, steps, cells), output_padding=o)


def _room(n: int, f: int, p: Pair, d: int) -> tuple[str, str]:
    """Write how far the window can move, in letters and in numbers; the plain form where nothing is dilated."""
    before, after = p
    letters, numbers = ("2p", f"2·{before}") if before == after else ("p₀ + p₁", f"{before} + {after}")
    if d == 1:
        return f"n + {letters} − f", f"{n} + {numbers} − {f}"
    return f"n + {letters} − d(f − 1) − 1", f"{n} + {numbers} − {d}·({f} − 1) − 1"


def _signed(number: int) -> str:
    return f"−{-number}" if number < 0 else str(number)


def _stepped_over(f: int, s: int, d: int, places: int) -> int:
    """Return how many of every s cells no window touches: the taps 0, d, … (f − 1)d leave that many residues of s."""
    return s - min(f, s // gcd(s, d)) if places > 1 else 0


def _mends(n: int, f: int, s: int, p: Pair, d: int, missed: int, *, pool: bool) -> tuple[tuple[str, int], ...]:
    mends = []
    if p[0] == p[1]:
        most = f // 2 if pool else span(f, d) - 1  # more would put a window into padding alone
        wider = range(p[0] + 1, min(most, p[0] + _PATIENCE) + 1)
        mends += [("p", q) for q in wider if not unread(n, f, s, (q, q), d)][:1]
    shorter, longer = n - missed, n + s - (n + sum(p) - span(f, d)) % s
    mends += [("n", size) for size in (shorter, longer) if 1 <= size <= LARGEST_DIM and not unread(size, f, s, p, d)]
    if pool:
        places = output_size(n, f, s, p, d, ceil_mode=True)
        assert isinstance(places, int)
        if (places - 1) * s + span(f, d) >= n + p[0]:
            mends.append(("ceil", 1))
    return tuple(mends)


def conv_costs(layer: Conv, x: Shape) -> tuple[Derivation, ...]:
    """Derive parameters, MACs and FLOPs of a convolution.

    >>> from shapecalc.layers.conv import Conv
    >>> [line.equation for line in conv_costs(Conv(out_channels=6, kernel_size=5), (1, 3, 32, 32))]
    ['6·(3·5·5) + 6 = 456', '28·28·6·(3·5·5) = 352800', '2·352,800 + 28·28·6 = 710304']
    """
    y = layer.output_shape(x)
    kernel = _product("f", per_axis(layer.kernel_size, len(x) - 2, "kernel_size"))
    places = _product("output", y[2:])
    weights = _both("·", _share("c", x[1], layer.groups), kernel)
    neuron = (f"k·({weights[0]})", f"{y[1]}·({weights[1]})")
    bias = ("k", str(y[1])) if layer.bias else None
    params, macs, flops = _counts(layer, x, y)
    return (
        _cost("params", neuron, bias, params),
        _cost("MACs", _both("·", places, neuron), None, macs),
        _flops(macs, _both("·", places, ("k", str(y[1]))) if layer.bias else None, flops),
    )


def conv_transpose_costs(layer: ConvTranspose, x: Shape) -> tuple[Derivation, ...]:
    """Derive parameters, MACs and FLOPs of a transposed convolution, which multiplies once per input cell."""
    y = layer.output_shape(x)
    kernel = _product("f", per_axis(layer.kernel_size, len(x) - 2, "kernel_size"))
    weights = _both("·", _share("k", layer.out_channels, layer.groups), kernel)
    written = (f"c·({weights[0]})", f"{x[1]}·({weights[1]})")
    bias = ("k", str(y[1])) if layer.bias else None
    outputs = _both("·", _product("output", y[2:]), ("k", str(y[1])))
    params, macs, flops = _counts(layer, x, y)
    return (
        _cost("params", written, bias, params),
        _cost("MACs", _both("·", _product("n", x[2:]), written), None, macs),
        _flops(macs, outputs if layer.bias else None, flops),
    )


def pool_costs(layer: MaxPool | AvgPool, x: Shape) -> tuple[Derivation, ...]:
    """Derive the FLOPs of a pool, which has no parameters and multiplies nothing."""
    y = layer.output_shape(x)
    kernel = _product("f", per_axis(layer.kernel_size, len(x) - 2, "kernel_size"))
    outputs = _both("·", ("c", str(y[1])), _product("output", y[2:]))
    if not layer.divides:
        kernel = (f"({kernel[0]} − 1)", f"({kernel[1]} − 1)")
    params, macs, flops = _counts(layer, x, y)
    return (
        Derivation("params", "", (str(params),), params),
        Derivation("MACs", "", (str(macs),), macs),
        _cost("FLOPs", _both("·", outputs, kernel), None, flops),
    )


def linear_costs(layer: Linear, x: Shape) -> tuple[Derivation, ...]:
    """Derive parameters, MACs and FLOPs of a fully connected layer on [rows, features].

    >>> from shapecalc.layers.linear import Linear
    >>> [line.equation for line in linear_costs(Linear(out_features=120), (1, 400))]
    ['400·120 + 120 = 48120', '1·400·120 = 48000', '2·48,000 + 1·120 = 96120']
    """
    y = layer.output_shape(x)
    weights = ("in·out", f"{x[-1]}·{y[-1]}")
    params, macs, flops = _counts(layer, x, y)
    return (
        _cost("params", weights, ("out", str(y[-1])) if layer.bias else None, params),
        _cost("MACs", _both("·", ("n", str(x[0])), weights), None, macs),
        _flops(macs, ("n·out", f"{x[0]}·{y[-1]}") if layer.bias else None, flops),
    )


def embedding_costs(layer: Embedding, x: Shape) -> tuple[Derivation, ...]:
    """Derive the parameters of an embedding, which looks rows up and computes nothing.

    >>> from shapecalc.layers.embedding import Embedding
    >>> [line.equation for line in embedding_costs(Embedding(num_embeddings=10, embedding_dim=3), (2, 4))]
    ['10·3 = 30', '0', '0']
    """
    params, macs, flops = _counts(layer, x, layer.output_shape(x))
    return (
        _cost("params", ("V·E", f"{layer.num_embeddings}·{layer.embedding_dim}"), None, params),
        Derivation("MACs", "", (str(macs),), macs),
        Derivation("FLOPs", "", (str(flops),), flops),
    )


Term = tuple[str, str]
"""A part of a formula, in letters and in numbers."""


def _counts(layer: Layer, x: Shape, y: Shape) -> tuple[int, int, int]:
    params = sum(product(shape) for shape in layer.parameters(x).values())
    macs, flops = layer.macs(x, y), layer.flops(x, y)
    assert isinstance(params, int)
    assert isinstance(macs, int)
    assert isinstance(flops, int)
    return params, macs, flops


def _cost(name: str, term: Term, bias: Term | None, result: int) -> Derivation:
    formula, numbers = term if bias is None else _both(" + ", term, bias)
    return Derivation(name, formula, (numbers, f"{result:,}"), result)


def _flops(macs: int, bias: Term | None, result: int) -> Derivation:
    return _cost("FLOPs", ("2·MACs", f"2·{macs:,}"), bias, result)


def _both(sign: str, first: Term, second: Term) -> Term:
    return first[0] + sign + second[0], first[1] + sign + second[1]


def _share(letter: str, channels: object, groups: int) -> Term:
    return (letter, str(channels)) if groups == 1 else (f"{letter}/g", f"{channels}/{groups}")


def _product(letter: str, sizes: Iterable[object]) -> Term:
    """Write a product over the axes; a letter says which axis only where they differ."""
    sizes = tuple(sizes)
    names = AXES[len(sizes)]
    letters = [letter] * len(sizes) if len(set(sizes)) == 1 else [f"{letter}_{name}" for name in names]
    return "·".join(letters), "·".join(map(str, sizes))
