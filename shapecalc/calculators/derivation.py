"""Derivations of output sizes and costs: the formula, the formula with numbers substituted, the result.

Every result is the layer's own. The steps are the same arithmetic written step by step, and a test compares the value
of each line with the rule. n: elements along the axis, f: window, s: stride, p: padding (p₀ before, p₁ after), d:
dilation, o: output padding, c and k: input and output channels, g: groups.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.dims import as_json, ceil_div, product, symbol
from shapecalc.layers.axes import per_axis
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.layers.windows import (
    Pair,
    output_size,
    padding_pairs,
    same_pad,
    span,
    transposed_pads,
    unread,
    window_elements,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.dims import Shape
    from shapecalc.layers.base import Layer
    from shapecalc.layers.conv import Conv, ConvTranspose
    from shapecalc.layers.embedding import Embedding
    from shapecalc.layers.linear import Linear
    from shapecalc.layers.pooling import AvgPool, MaxPool

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""The names of the spatial axes, by their number."""

_MOST_TRIED = 64
"""Paddings tried for one that leaves nothing unread: a stride may be huge."""


class Derivation(NamedTuple):
    """One number: its formula, the formula with numbers substituted step by step, and the result."""

    name: str
    formula: str
    steps: tuple[str, ...]
    result: int

    @property
    def equation(self) -> str:
        """The substituted formula and its result.

        >>> Derivation("output", "n + 1", ("3 + 1", "4"), 4).equation
        '3 + 1 = 4'
        """
        return f"{self.steps[0]} = {self.result}" if len(self.steps) > 1 else self.steps[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the derivation as JSON's values."""
        return {"formula": self.formula, "steps": list(self.steps), "equation": self.equation}


class AxisReading(NamedTuple):
    """The elements that windows along an axis do not read, and the effect of rounding.

    `remainder` is that of the division. `unread` counts the elements after the last window's end. `stepped_over`
    counts, of every `s` elements, those that no window reads because the stride is longer than the window.
    """

    remainder: int
    unread: int
    stepped_over: int
    overhang: int = 0
    """Elements past the padded input that the last window of ceil mode covers."""
    dropped: bool = False
    """Whether ceil mode dropped a window that would have started past the input and its left padding."""
    fixes: tuple[tuple[str, int], ...] = ()
    """Letters, each with a value that leaves nothing unread at the end; `ceil` is rounding up."""


class DerivedAxis(NamedTuple):
    """One spatial axis: its sizes, the derivation of its output, and the elements that its windows do not read."""

    name: str
    n: int
    f: int
    s: int
    padding: Pair
    d: int
    output: Derivation
    reading: AxisReading | None = None
    same: Derivation | None = None
    """The total padding of `same`."""
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
                "left_over": reading.remainder,
                "unread": {"cells": reading.unread, "first": self.n - reading.unread + 1, "last": self.n}
                if reading.unread
                else None,
                "stepped_over": reading.stepped_over,
            }
            if self.ceil:
                document |= {"overhang": reading.overhang, "dropped": reading.dropped}
        return document


class Calculation(NamedTuple):
    """One layer computed: its axes and, if channels are known, the output shape and the costs of one sample."""

    type: str
    axes: tuple[DerivedAxis, ...] = ()
    letters: tuple[tuple[str, int], ...] = ()
    """The letters of the costs' formulas that belong to no axis."""
    shape: Shape | None = None
    costs: tuple[Derivation, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def batched_shape(self) -> Shape:
        """The output shape as it is shown, with a batch axis N if windows slide."""
        assert self.shape is not None
        return (symbol("N"), *self.shape[1:]) if self.axes else self.shape

    def to_dict(self) -> dict[str, Any]:
        """Return the calculation as JSON's values."""
        document: dict[str, Any] = {"layer": self.type}
        if self.axes:
            document["output"] = [axis.output.result for axis in self.axes]
        if self.shape is not None:
            document["output_shape"] = [*map(as_json, self.batched_shape)]
        if self.costs and self.axes:
            document["costs_at"] = {"N": 1}
        document |= {line.name.lower(): line.result for line in self.costs}
        if self.axes:
            document["axes"] = [axis.to_dict() for axis in self.axes]
        document["costs"] = {line.name.lower(): line.to_dict() for line in self.costs}
        return document


def sliding_axes(layer: Conv | MaxPool | AvgPool, x: Shape) -> tuple[DerivedAxis, ...]:
    """Return the derivation of each spatial axis of a layer that slides windows.

    Raises `LayerError` if the layer does not fit the input.

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
    pads = padding_pairs(layer.padding, kernel, dilations)
    pool = hasattr(layer, "ceil_mode")
    ceil = getattr(layer, "ceil_mode", False)
    axes = []
    for name, n, f, s, p, d, size in zip(AXES[rank], x[2:], kernel, strides, pads, dilations, y[2:], strict=True):
        assert isinstance(n, int)
        assert isinstance(size, int)
        if isinstance(p, str):
            axes.append(_same(name, n, f, s, d, size))
        elif ceil:
            axes.append(_rounded_up(name, n, f, s, p, d, size))
        else:
            axes.append(_rounded_down(name, n, f, s, p, d, size, pool=pool))
    return tuple(axes)


def transposed_axes(layer: ConvTranspose, x: Shape) -> tuple[DerivedAxis, ...]:
    """Return the derivation of each spatial axis of a transposed convolution.

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
    ends = transposed_pads(layer.padding, strides, kernel, dilations, layer.output_padding)
    axes = []
    sizes = zip(AXES[rank], x[2:], kernel, strides, ends, dilations, extras, y[2:], strict=True)
    for name, n, f, s, (pad, _), d, o, size in sizes:
        assert isinstance(n, int)
        assert isinstance(size, int)
        if isinstance(layer.padding, str):
            axes.append(_transposed_by_word(layer.padding, name, n, f, s, pad, d, o, size))
        else:
            axes.append(_transposed(name, n, f, s, pad, d, o or 0, size))
    return tuple(axes)


def _rounded_down(name: str, n: int, f: int, s: int, p: Pair, d: int, size: int, *, pool: bool) -> DerivedAxis:
    room = n + sum(p) - span(f, d)
    letters, numbers = _room(n, f, p, d)
    opened, closed = ("⌊", "⌋") if room % s else ("", "")
    steps = (
        f"{opened}({numbers})/{s}{closed} + 1",
        f"{opened}{room}/{s}{closed} + 1",
        f"{size - 1} + 1",
        str(size),
    )
    missed = min(n, unread(n, f, s, p, d))  # the last window may end before the input begins
    fixes = _fixes(n, f, s, p, d, missed, pool=pool) if missed else ()
    reading = AxisReading(room % s, missed, _stepped_over(f, s, d, size), fixes=fixes)
    return DerivedAxis(name, n, f, s, p, d, Derivation("output", f"⌊({letters})/s⌋ + 1", steps, size), reading)


def _rounded_up(name: str, n: int, f: int, s: int, p: Pair, d: int, size: int) -> DerivedAxis:
    before = p[0]
    room = n + sum(p) - span(f, d)
    letters, numbers = _room(n, f, p, d)
    left = "p" if p[0] == p[1] else "p₀"
    fits, starts = ceil_div(room, s) + 1, ceil_div(n + before, s)
    steps = (
        f"min(⌈({numbers})/{s}⌉ + 1, ⌈({n} + {before})/{s}⌉)",
        f"min(⌈{_signed(room)}/{s}⌉ + 1, ⌈{n + before}/{s}⌉)",
        f"min({fits}, {starts})",
        str(size),
    )
    ends = (size - 1) * s + span(f, d)
    reading = AxisReading(
        remainder=room % s,
        unread=max(n + before - ends, 0),
        stepped_over=_stepped_over(f, s, d, size),
        overhang=max(ends - n - sum(p), 0),
        dropped=starts < fits,  # type: ignore[operator]  # both are integers here
    )
    formula = f"min(⌈({letters})/s⌉ + 1, ⌈(n + {left})/s⌉)"
    return DerivedAxis(name, n, f, s, p, d, Derivation("output", formula, steps, size), reading, ceil=True)


def _same(name: str, n: int, f: int, s: int, d: int, size: int) -> DerivedAxis:
    pad = same_pad(n, f, s, d)
    letters, numbers = ("f", str(f)) if d == 1 else ("d(f − 1) + 1", f"{d}·({f} − 1) + 1")
    needed = (size - 1) * s + span(f, d) - n
    total = Derivation(
        "padding",
        f"max((output − 1)s + {letters} − n, 0)",
        (f"max(({size} − 1)·{s} + {numbers} − {n}, 0)", f"max({_signed(needed)}, 0)", str(sum(pad))),
        sum(pad),
    )
    output = Derivation("output", "⌈n/s⌉", (f"⌈{n}/{s}⌉", str(size)), size)
    remainder = (n + sum(pad) - span(f, d)) % s
    reading = AxisReading(remainder, min(n, unread(n, f, s, pad, d)), _stepped_over(f, s, d, size))
    return DerivedAxis(name, n, f, s, pad, d, output, reading, same=total)


def _transposed(name: str, n: int, f: int, s: int, p: Pair, d: int, o: int, size: int) -> DerivedAxis:
    even = p[0] == p[1]
    window, spans = ("f", str(f)) if d == 1 else ("d(f − 1) + 1", f"{d}·({f} − 1) + 1")
    extra, extra_number = (" + o", f" + {o}") if o else ("", "")
    pads = str(sum(p)) if even else f"{p[0]} − {p[1]}"
    steps = (
        f"({n} − 1)·{s} − {f'2·{p[0]}' if even else pads} + {spans}{extra_number}",
        f"{(n - 1) * s} − {pads} + {span(f, d)}{extra_number}",
        str(size),
    )
    formula = f"(n − 1)s − {'2p' if even else 'p₀ − p₁'} + {window}{extra}"
    return DerivedAxis(name, n, f, s, p, d, Derivation("output", formula, steps, size), output_padding=o)


def _transposed_by_word(
    word: str, name: str, n: int, f: int, s: int, p: Pair, d: int, o: int | None, size: int
) -> DerivedAxis:
    """Return the axis of a transposed window whose padding is `same` or `valid`."""
    length = span(f, d)
    window, spans = ("f", str(f)) if d == 1 else ("(d(f − 1) + 1)", f"({d}·({f} − 1) + 1)")
    steps: tuple[str, ...]
    if o is not None:
        rest, number = (" mod 2", length % 2) if word == "same" else ("", length)
        extra, extra_number = (" + o", f" + {o}") if o else ("", "")
        steps = (f"({n} − 1)·{s} + {spans}{rest}{extra_number}", f"{(n - 1) * s} + {number}{extra_number}")
        formula = f"(n − 1)s + {window}{rest}{extra}"
    elif word == "same":
        formula, steps = "n·s", (f"{n}·{s}",)
    else:
        steps = (f"({n} − 1)·{s} + max({spans}, {s})", f"{(n - 1) * s} + {max(length, s)}")
        formula = f"(n − 1)s + max({window}, s)"
    cut = None
    if word == "same":
        leaves, numbers = ("s", str(s)) if o is None else (f"{window} mod 2", f"{spans} mod 2")
        if o:
            leaves, numbers = f"{leaves} − o", f"{numbers} − {o}"
        excess = length - (s if o is None else length % 2 + o)
        lines = (f"max({spans} − {numbers}, 0)", f"max({_signed(excess)}, 0)", str(sum(p)))
        cut = Derivation("padding", f"max({window} − {leaves}, 0)", lines, sum(p))
    output = Derivation("output", formula, (*steps, str(size)), size)
    return DerivedAxis(name, n, f, s, p, d, output, same=cut, output_padding=o or 0)


def _room(n: int, f: int, p: Pair, d: int) -> tuple[str, str]:
    """Return how far the window can move, in letters and in numbers, without d if it is 1."""
    before, after = p
    letters, numbers = ("2p", f"2·{before}") if before == after else ("p₀ + p₁", f"{before} + {after}")
    if d == 1:
        return f"n + {letters} − f", f"{n} + {numbers} − {f}"
    return f"n + {letters} − d(f − 1) − 1", f"{n} + {numbers} − {d}·({f} − 1) − 1"


def _signed(number: int) -> str:
    return f"−{-number}" if number < 0 else str(number)


def _stepped_over(f: int, s: int, d: int, size: int) -> int:
    """Return how many of every s elements no window reads: the taps 0, d, … (f − 1)d leave that many residues of s."""
    return s - min(f, s // gcd(s, d)) if size > 1 else 0


def _fixes(n: int, f: int, s: int, p: Pair, d: int, missed: int, *, pool: bool) -> tuple[tuple[str, int], ...]:
    fixes = []
    if p[0] == p[1]:
        most = f // 2 if pool else span(f, d) - 1  # with more, a window would read padding only
        wider = range(p[0] + 1, min(most, p[0] + _MOST_TRIED) + 1)
        fixes += [("p", q) for q in wider if not unread(n, f, s, (q, q), d)][:1]
    shorter, longer = n - missed, n + s - (n + sum(p) - span(f, d)) % s
    fixes += [("n", size) for size in (shorter, longer) if 1 <= size <= LARGEST_DIM and not unread(size, f, s, p, d)]
    if pool:
        size = output_size(n, f, s, p, d, ceil_mode=True)
        assert isinstance(size, int)
        if (size - 1) * s + span(f, d) >= n + p[0]:
            fixes.append(("ceil", 1))
    return tuple(fixes)


def conv_costs(layer: Conv, x: Shape) -> tuple[Derivation, ...]:
    """Return the derivations of parameters, MACs and FLOPs of a convolution.

    >>> from shapecalc.layers.conv import Conv
    >>> [line.equation for line in conv_costs(Conv(out_channels=6, kernel_size=5), (1, 3, 32, 32))]
    ['6·(3·5·5) + 6 = 456', '28·28·6·(3·5·5) = 352800', '2·352,800 + 28·28·6 = 710304']
    """
    y = layer.output_shape(x)
    kernel = _product("f", per_axis(layer.kernel_size, len(x) - 2, "kernel_size"))
    positions = _product("output", y[2:])
    per_filter = _both("·", _share("c", x[1], layer.groups), kernel)
    weights = (f"k·({per_filter[0]})", f"{y[1]}·({per_filter[1]})")
    bias = ("k", str(y[1])) if layer.bias else None
    params, macs, flops = _counts(layer, x, y)
    return (
        _cost("params", weights, bias, params),
        _cost("MACs", _both("·", positions, weights), None, macs),
        _flops(macs, _both("·", positions, ("k", str(y[1]))) if layer.bias else None, flops),
    )


def conv_transpose_costs(layer: ConvTranspose, x: Shape) -> tuple[Derivation, ...]:
    """Return the derivations of parameters, MACs (all weights once per input position) and FLOPs."""
    y = layer.output_shape(x)
    kernel = _product("f", per_axis(layer.kernel_size, len(x) - 2, "kernel_size"))
    per_channel = _both("·", _share("k", layer.out_channels, layer.groups), kernel)
    weights = (f"c·({per_channel[0]})", f"{x[1]}·({per_channel[1]})")
    bias = ("k", str(y[1])) if layer.bias else None
    outputs = _both("·", _product("output", y[2:]), ("k", str(y[1])))
    params, macs, flops = _counts(layer, x, y)
    return (
        _cost("params", weights, bias, params),
        _cost("MACs", _both("·", _product("n", x[2:]), weights), None, macs),
        _flops(macs, outputs if layer.bias else None, flops),
    )


def pool_costs(layer: MaxPool | AvgPool, x: Shape) -> tuple[Derivation, ...]:
    """Return the derivations of parameters and MACs, which are 0, and FLOPs of a pooling layer."""
    y = layer.output_shape(x)
    kernel = _window_on_map(layer, x)
    outputs = _both("·", ("c", str(y[1])), _product("output", y[2:]))
    if not layer.divides:
        kernel = (f"({kernel[0]} − 1)", f"({kernel[1]} − 1)")
    params, macs, flops = _counts(layer, x, y)
    return (
        Derivation("params", "", (str(params),), params),
        Derivation("MACs", "", (str(macs),), macs),
        _cost("FLOPs", _both("·", outputs, kernel), None, flops),
    )


def _window_on_map(layer: MaxPool | AvgPool, x: Shape) -> Term:
    """Return the elements of a window that count, f along each axis; fewer if it is longer than the padded axis."""
    sizes = per_axis(layer.kernel_size, len(x) - 2, "kernel_size")
    dilation = getattr(layer, "dilation", 1)
    counted = window_elements(x, sizes, layer.padding, dilation)
    if counted == sizes:
        return _product("f", sizes)
    padded = "n + 2p" if isinstance(layer.padding, int) else "n + p₀ + p₁"
    return _product(f"min(f, {padded})" if dilation == 1 else f"min(f, ⌈({padded})/d⌉)", counted)


def linear_costs(layer: Linear, x: Shape) -> tuple[Derivation, ...]:
    """Return the derivations of parameters, MACs and FLOPs of a fully connected layer on [rows, features].

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
    """Return the derivations of parameters of an embedding, and of MACs and FLOPs, which are 0.

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
    """Return a product over the axes; letters have the axis' name only if sizes differ."""
    sizes = tuple(sizes)
    names = AXES[len(sizes)]
    letters = [letter] * len(sizes) if len(set(sizes)) == 1 else [f"{letter}_{name}" for name in names]
    return "·".join(letters), "·".join(map(str, sizes))
