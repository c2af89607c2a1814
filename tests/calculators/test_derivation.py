"""Derivations: every line has the value that the rule gives, and what is called unread is what no window reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, strategies as st

from shapecalc.calculators.derivation import (
    Derivation,
    DerivedAxis,
    conv_costs,
    conv_transpose_costs,
    linear_costs,
    pool_costs,
    sliding_axes,
    transposed_axes,
)
from shapecalc.diagnostics import LayerError
from shapecalc.layers.conv import Conv, ConvTranspose
from shapecalc.layers.linear import Linear
from shapecalc.layers.pooling import AvgPool, MaxPool
from tests.support.arithmetic import value_of, with_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = st.integers(1, 40)
WINDOWS = st.integers(1, 9)
STRIDES = st.integers(1, 9)
PADDINGS = st.one_of(st.tuples(st.integers(0, 5), st.integers(0, 5)), st.integers(0, 5).map(lambda p: (p, p)))
DILATIONS = st.integers(1, 4)


@st.composite
def windows(draw: st.DrawFn, *, pool: bool = False, ceil: bool = False) -> tuple[int, int, int, tuple[int, int], int]:
    """n, f, s, padding and d, of which a window fits at least once; in ceil mode it may be longer than the input."""
    f, s, d = draw(WINDOWS), draw(STRIDES), draw(DILATIONS)
    most = st.integers(0, f // 2 if pool else 5)
    before = draw(most)
    after = draw(st.one_of(st.just(before), most))
    least = d * (f - 1) + 1 - before - after - (s - 1 if ceil else 0)
    return draw(st.integers(max(least, 1), max(least, 1) + 30)), f, s, (before, after), d


def starts(n: int, f: int, s: int, pad: tuple[int, int], d: int) -> list[int]:
    """Where a window can stand when it is pushed along a padded row of cells: the oracle, without a formula."""
    cells = [None] * pad[0] + list(range(n)) + [None] * pad[1]
    return [start for start in range(0, len(cells), s) if all(start + d * tap < len(cells) for tap in range(f))]


def read(n: int, f: int, s: int, pad: tuple[int, int], d: int, places: int) -> set[int]:
    """The cells that windows at the first `places` starts touch."""
    touched = {place * s + d * tap - pad[0] for place in range(places) for tap in range(f)}
    return touched & set(range(n))


def conv_axis(n: int, f: int, s: int = 1, pad: Any = (0, 0), d: int = 1) -> DerivedAxis:
    padding = pad if isinstance(pad, str) else (pad,)
    layer = Conv(out_channels=1, kernel_size=(f,), stride=(s,), padding=padding, dilation=(d,))
    (axis,) = sliding_axes(layer, (1, 1, n))
    return axis


def pool_axis(n: int, f: int, s: int, pad: tuple[int, int], d: int = 1, *, ceil: bool = False) -> DerivedAxis:
    layer = MaxPool(kernel_size=(f,), stride=(s,), padding=(pad,), dilation=(d,), ceil_mode=ceil)
    (axis,) = sliding_axes(layer, (1, 1, n))
    return axis


def every_line_is_worth_the_result(derivation: Derivation, **letters: int) -> None:
    assert value_of(derivation.steps[-1]) == derivation.result
    for line in derivation.steps:
        assert value_of(line) == derivation.result, line
    if derivation.formula:
        assert value_of(with_numbers(derivation.formula, letters)) == derivation.result
    left, _, right = derivation.equation.rpartition(" = ")
    assert value_of(left or right) == value_of(right) == derivation.result


def letters_of(axis: DerivedAxis) -> dict[str, int]:
    before, after = axis.padding
    return {
        "n": axis.n,
        "f": axis.f,
        "s": axis.s,
        "d": axis.d,
        "o": axis.output_padding,
        "p": before,
        "p₀": before,
        "p₁": after,
        "output": axis.output.result,
    }


@given(windows())
def test_every_line_of_a_convolution_is_worth_the_places_that_a_window_finds(window) -> None:
    n, f, s, pad, d = window
    axis = conv_axis(n, f, s, pad, d)
    every_line_is_worth_the_result(axis.output, **letters_of(axis))
    assert axis.output.result == len(starts(n, f, s, pad, d))


@given(SIZES, WINDOWS, STRIDES, DILATIONS)
def test_every_line_of_same_padding_is_worth_what_it_says_and_the_padding_gives_that_many_places(n, f, s, d) -> None:
    axis = conv_axis(n, f, s, "same", d)
    assert axis.same is not None
    every_line_is_worth_the_result(axis.output, **letters_of(axis))
    every_line_is_worth_the_result(axis.same, **letters_of(axis))
    assert sum(axis.padding) == axis.same.result
    assert axis.padding[1] - axis.padding[0] in (0, 1)
    assert len(starts(n, f, s, axis.padding, d)) == axis.output.result == -(-n // s)


@given(windows(pool=True, ceil=True))
def test_every_line_of_a_pool_in_ceil_mode_is_worth_the_result(window) -> None:
    n, f, s, pad, d = window
    axis = pool_axis(n, f, s, pad, d, ceil=True)
    every_line_is_worth_the_result(axis.output, **letters_of(axis))
    assert axis.reading is not None
    stands = [start for start in range(0, n + sum(pad) + s, s) if start < n + pad[0]]
    reached = len(starts(n, f, s, pad, d))
    assert reached <= axis.output.result <= len(stands)
    last = (axis.output.result - 1) * s + d * (f - 1)
    assert axis.reading.overhang == max(last + 1 - n - sum(pad), 0)
    assert axis.reading.dropped == (axis.output.result == len(stands) and last + 1 < n + sum(pad))


@given(SIZES, WINDOWS, STRIDES, PADDINGS, DILATIONS, st.integers(0, 8))
def test_every_line_of_a_transposed_convolution_is_worth_the_cells_that_windows_write(n, f, s, pad, d, extra) -> None:
    layer = ConvTranspose(
        out_channels=1, kernel_size=(f,), stride=(s,), padding=(pad,), dilation=(d,), output_padding=(extra,)
    )
    try:
        (axis,) = transposed_axes(layer, (1, 1, n))
    except LayerError:
        assume(condition=False)
    every_line_is_worth_the_result(axis.output, **letters_of(axis))
    written = max(cell * s + d * tap for cell in range(n) for tap in range(f)) + 1
    assert axis.output.result == written + extra - sum(pad)


@given(SIZES, WINDOWS, STRIDES, DILATIONS, st.none() | st.integers(0, 8), st.sampled_from(["same", "valid"]))
def test_every_line_of_a_transposed_convolution_with_a_word_is_worth_the_result(n, f, s, d, extra, word) -> None:
    fields: dict[str, Any] = {"out_channels": 1, "kernel_size": (f,), "stride": (s,), "dilation": (d,)}
    layer = ConvTranspose(**fields, padding=word, output_padding=extra)
    try:
        (axis,) = transposed_axes(layer, (1, 1, n))
    except LayerError:
        assume(condition=False)
    every_line_is_worth_the_result(axis.output, **letters_of(axis))
    written = max(cell * s + d * tap for cell in range(n) for tap in range(f)) + 1
    if axis.same is None:
        assert axis.output.result == (max(written, n * s) if extra is None else written + extra)
        return
    every_line_is_worth_the_result(axis.same, **letters_of(axis))
    assert axis.same.result == sum(axis.padding) == max(written - axis.output.result, 0)
    assert axis.padding[1] - axis.padding[0] in (0, 1)


@given(windows(), st.booleans())
def test_the_unread_end_is_what_no_window_reads_after_the_last_one(window, same) -> None:
    n, f, s, pad, d = window
    pad = "same" if same else pad
    axis = conv_axis(n, f, s, pad, d)
    assert axis.reading is not None
    touched = read(n, f, s, axis.padding, d, axis.output.result)
    ends = (axis.output.result - 1) * s + d * (f - 1) + 1 - axis.padding[0]
    assert axis.reading.unread == len(range(max(ends, 0), n))
    assert not touched & set(range(n - axis.reading.unread, n))


@given(windows(pool=True, ceil=True))
def test_the_unread_end_in_ceil_mode_is_what_no_window_reads_after_the_last_one(window) -> None:
    n, f, s, pad, d = window
    axis = pool_axis(n, f, s, pad, d, ceil=True)
    assert axis.reading is not None
    ends = (axis.output.result - 1) * s + d * (f - 1) + 1 - pad[0]
    assert axis.reading.unread == len(range(max(ends, 0), n))


@given(WINDOWS, STRIDES, DILATIONS)
def test_of_every_stride_of_cells_as_many_are_stepped_over_as_no_window_touches(f, s, d) -> None:
    n = 4 * s + 2 * d * f * s  # long enough for a stretch that is far from both ends
    axis = conv_axis(n, f, s, (0, 0), d)
    assert axis.reading is not None
    touched = read(n, f, s, (0, 0), d, axis.output.result)
    middle = range(d * f * s, d * f * s + s)
    assert axis.reading.stepped_over == len(set(middle) - touched)


def test_a_last_window_in_the_left_padding_leaves_no_more_unread_than_there_is() -> None:
    reading = conv_axis(n=1, f=1, s=3, pad=(2, 0)).reading
    assert reading is not None
    assert reading.unread == 1


def test_one_place_alone_steps_over_nothing() -> None:
    reading = conv_axis(n=5, f=2, s=7).reading
    assert reading is not None
    assert reading.stepped_over == 0
    assert reading.unread == 3


@pytest.mark.parametrize("pool", [False, True], ids=["conv", "pool"])
@given(data=st.data())
def test_what_is_said_to_mend_it_leaves_nothing_unread_at_the_end(data: st.DataObject, pool: bool) -> None:
    n, f, s, pad, d = data.draw(windows(pool=pool))
    axis_of: Callable[..., DerivedAxis] = pool_axis if pool else conv_axis
    axis = axis_of(n, f, s, pad, d)
    assert axis.reading is not None
    assert axis.reading.unread or not axis.reading.fixes
    for letter, size in axis.reading.fixes:
        assert letter in ("n", "p") or pool
        mended = {
            "p": lambda size=size: axis_of(n, f, s, (size, size), d),
            "n": lambda size=size: axis_of(size, f, s, pad, d),
            "ceil": lambda: pool_axis(n, f, s, pad, d, ceil=True),
        }[letter]()
        assert mended.reading is not None
        assert mended.reading.unread == 0, (letter, size)


def test_a_shorter_or_a_longer_input_and_more_padding_are_proposed_for_a_lost_row() -> None:
    reading = conv_axis(n=224, f=3, s=2).reading
    assert reading is not None
    assert reading.fixes == (("p", 1), ("n", 223), ("n", 225))
    assert (reading.remainder, reading.unread) == (1, 1)


def test_a_pool_may_round_up_instead() -> None:
    reading = pool_axis(n=55, f=2, s=2, pad=(0, 0)).reading
    assert reading is not None
    assert ("ceil", 1) in reading.fixes


def test_no_size_beyond_the_largest_is_proposed() -> None:
    reading = conv_axis(n=2**31 - 1, f=7, s=2**31 - 1).reading
    assert reading is not None
    assert all(size < 2**31 for _, size in reading.fixes)


def test_what_floor_drops_may_be_padding_alone() -> None:
    reading = conv_axis(n=224, f=7, s=2, pad=(3, 3)).reading  # the first layer of ResNet
    assert reading is not None
    assert (reading.remainder, reading.unread, reading.fixes) == (1, 0, ())


def test_an_exact_division_is_written_without_a_floor() -> None:
    assert conv_axis(n=32, f=5).output.equation == "(32 + 2·0 − 5)/1 + 1 = 28"
    assert conv_axis(n=33, f=5, s=3).output.equation == "⌊(33 + 2·0 − 5)/3⌋ + 1 = 10"


def test_without_dilation_the_plain_formula_is_shown() -> None:
    assert conv_axis(n=32, f=5).output.formula == "⌊(n + 2p − f)/s⌋ + 1"
    assert conv_axis(n=32, f=5, d=2).output.formula == "⌊(n + 2p − d(f − 1) − 1)/s⌋ + 1"
    assert conv_axis(n=32, f=5, pad=(1, 2)).output.formula == "⌊(n + p₀ + p₁ − f)/s⌋ + 1"


def test_axes_are_named_by_how_many_there_are() -> None:
    layer = Conv(out_channels=1, kernel_size=2)
    assert [axis.name for axis in sliding_axes(layer, (1, 1, 5))] == ["length"]
    assert [axis.name for axis in sliding_axes(layer, (1, 1, 5, 7))] == ["height", "width"]
    assert [axis.name for axis in sliding_axes(layer, (1, 1, 5, 7, 11))] == ["depth", "height", "width"]


SPATIAL = st.lists(st.integers(7, 13), min_size=1, max_size=3).map(tuple)
NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def cost_letters(x: tuple[int, ...], y: tuple[int, ...], kernel: tuple[int, ...], groups: int) -> dict[str, int]:
    letters = {"c": x[1], "k": y[1], "g": groups}
    for letter, sizes in (("n", x[2:]), ("output", y[2:]), ("f", kernel)):
        letters[letter] = sizes[0]
        letters |= {f"{letter}_{name}": size for name, size in zip(NAMES[len(sizes)], sizes, strict=True)}
    return letters


@given(SPATIAL, st.data(), st.integers(1, 3), st.booleans())
def test_the_costs_of_convolutions_are_worth_what_the_layer_counts(spatial, data, groups, bias) -> None:
    kernel = tuple(data.draw(st.lists(st.integers(1, 4), min_size=len(spatial), max_size=len(spatial))))
    x = (1, 5 * groups, *spatial)
    for cls, derive in ((Conv, conv_costs), (ConvTranspose, conv_transpose_costs)):
        layer = cls(out_channels=7 * groups, kernel_size=kernel, stride=2, groups=groups, bias=bias)
        y = layer.output_shape(x)
        params, macs, flops = derive(layer, x)
        letters = {**cost_letters(x, y, kernel, groups), "MACs": macs.result}
        for line in (params, macs, flops):
            every_line_is_worth_the_result(line, **letters)
        sizes = [tuple(shape) for shape in layer.parameters(x).values()]
        assert params.result == sum(product(size) for size in sizes)
        assert (macs.result, flops.result) == (layer.macs(x, y), layer.flops(x, y))


def product(sizes: tuple[int, ...]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


@given(SPATIAL, st.data(), st.sampled_from([MaxPool, AvgPool]))
def test_the_costs_of_pools_are_worth_what_the_layer_counts(spatial, data, cls) -> None:
    kernel = tuple(data.draw(st.lists(st.integers(1, 4), min_size=len(spatial), max_size=len(spatial))))
    x = (1, 5, *spatial)
    layer = cls(kernel_size=kernel)
    y = layer.output_shape(x)
    params, macs, flops = pool_costs(layer, x)
    every_line_is_worth_the_result(flops, **cost_letters(x, y, kernel, 1))
    assert (params.result, macs.result, flops.result) == (0, 0, layer.flops(x, y))


@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 50), st.booleans())
def test_the_costs_of_a_linear_layer_are_worth_what_it_counts(rows, features, out, bias) -> None:
    layer = Linear(out_features=out, bias=bias)
    params, macs, flops = linear_costs(layer, (rows, features))
    for line in (params, macs, flops):
        numbers = {"n": rows, "in": features, "out": out, "MACs": macs.result}
        every_line_is_worth_the_result(line, **numbers)
    assert flops.result == layer.flops((rows, features), (rows, out))


def test_the_costs_of_six_5_by_5_filters_are_those_of_a_textbook() -> None:
    params, macs, _ = conv_costs(Conv(out_channels=6, kernel_size=5), (1, 3, 32, 32))
    assert params.equation == "6·(3·5·5) + 6 = 456"
    assert macs.result == 352_800


def test_a_wrong_line_would_be_found() -> None:
    wrong = Derivation("output", "n + 1", ("3 + 2", "4"), 4)
    with pytest.raises(AssertionError, match=r"3 \+ 2"):
        every_line_is_worth_the_result(wrong, n=3)
