"""Window arithmetic: worked values, and sizes found by pushing a window along an axis."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, strategies as st

from shapecalc.diagnostics import LayerError
from shapecalc.dims import Condition, Relation, evaluate, symbol
from shapecalc.layers.constraints import Constraints
from shapecalc.layers.windows import (
    output_size,
    padded_shape,
    padding_pairs,
    same_pad,
    same_size,
    span,
    transposed_pads,
    transposed_size,
    unread,
    unread_warning,
)
from tests.support.rows import for_each

H, W = symbol("H"), symbol("W")
lengths, windows, strides, dilations = st.integers(1, 60), st.integers(1, 9), st.integers(1, 7), st.integers(1, 4)
pads = st.tuples(st.integers(0, 5), st.integers(0, 5))


def starts(length: int, window: int, stride: int, pad: tuple[int, int], dilation: int) -> list[int]:
    """Where the windows start that end on the padded axis, in positions of the axis without its padding."""
    last = length + pad[1] - 1
    return [at for at in range(-pad[0], last + 1, stride) if at + dilation * (window - 1) <= last]


@given(lengths, windows, strides, pads, dilations)
def test_a_size_is_the_number_of_windows_that_fit(length, window, stride, pad, dilation):
    fitting = starts(length, window, stride, pad, dilation)
    assume(fitting)
    assert output_size(length, window, stride, pad, dilation) == len(fitting)


@given(lengths, windows, strides, pads, dilations)
def test_in_ceil_mode_a_window_may_pass_the_end_by_less_than_a_stride_if_it_starts_before_the_right_padding(
    length, window, stride, pad, dilation
):
    fitting = starts(length, window, stride, (pad[0], pad[1] + stride - 1), dilation)
    fitting = [at for at in fitting if at < length]
    assume(fitting)
    assert output_size(length, window, stride, pad, dilation, ceil_mode=True) == len(fitting)


@given(lengths, windows, strides, pads, dilations, st.booleans())
def test_a_symbolic_size_has_the_value_of_the_number(length, window, stride, pad, dilation, ceil_mode):
    assume(starts(length, window, stride, pad, dilation))
    size = output_size(H, window, stride, pad, dilation, ceil_mode=ceil_mode)
    assert evaluate(size, {"H": length}) == output_size(length, window, stride, pad, dilation, ceil_mode=ceil_mode)


def test_a_span_of_a_dilated_window_has_its_gaps():
    assert [span(5), span(1, dilation=7), span(3, dilation=4)] == [5, 1, 9]


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_a_window_as_long_as_the_padded_axis_fits_once(ceil_mode):
    assert output_size(7, window=5, dilation=2, pad=(2, 0), ceil_mode=ceil_mode) == 1


def test_a_window_one_longer_than_the_axis_is_refused_in_floor_mode():
    with pytest.raises(LayerError) as refused:
        output_size(7, window=3, dilation=5, pad=(1, 2), axis=3)
    error = refused.value
    assert (error.code, error.field, error.axis, error.index) == ("SC302", "kernel_size", 3, (1,))
    assert error.message == "expects at least 11 cells (5 x (3 - 1) + 1) along axis 3, receives 10 (7 + 1 + 2)"
    assert error.label == "spans 11 cells"
    assert error.help == "write `kernel_size: 2` or less, or `padding` that adds at least 1 cell"
    assert error.replacement == "2"


def test_a_refused_window_without_padding_and_dilation_is_named_by_its_length():
    with pytest.raises(LayerError) as refused:
        output_size(3, window=8)
    assert refused.value.message == "expects at least 8 cells, receives 3"
    assert refused.value.help == "write `kernel_size: 3` or less, or `padding` that adds at least 5 cells"
    assert (refused.value.replacement, refused.value.index) == ("3", ())


def test_a_refused_window_shows_a_dilation_of_2():
    with pytest.raises(LayerError, match=r"^expects at least 5 cells \(2 x \(3 - 1\) \+ 1\), receives 3$"):
        output_size(3, window=3, dilation=2)


def test_by_default_a_window_has_stride_1_no_padding_and_no_dilation():
    assert output_size(11, 4) == 8
    assert transposed_size(8, 4) == 11
    assert same_pad(10, 4) == (1, 2)
    assert (unread(8, 3), unread(9, 3, 3)) == (0, 0)
    assert unread_warning((2, 5, 224), 3, 2, 0, 1).help == "`padding: 1` reads to the end"


def test_a_refused_window_over_a_single_element_can_only_be_one():
    with pytest.raises(LayerError) as refused:
        output_size(1, window=3)
    assert refused.value.help == "write `kernel_size: 1`, or `padding` that adds at least 2 cells"


def test_a_refused_window_over_an_empty_axis_offers_no_size():
    with pytest.raises(LayerError) as refused:
        output_size(0, window=3)
    assert refused.value.help == "write a smaller window, or `padding` that adds at least 3 cells"
    assert refused.value.replacement is None


def test_a_window_longer_than_any_size_of_a_symbolic_axis_is_refused():
    with pytest.raises(LayerError) as refused:
        output_size(H % 5, window=7, pad=(0, 2))
    assert refused.value.message == "expects at least 7 cells, receives H − 5·⌊H/5⌋ + 2 (H − 5·⌊H/5⌋ + 0 + 2)"
    assert refused.value.help == "write a smaller window, or `padding` that adds what is missing"
    assert output_size(H % 5, window=6, pad=(0, 2)) == H % 5 - 3  # 4 + 2 elements for H = 4


def test_a_window_in_ceil_mode_is_refused_if_it_passes_the_end_by_a_stride():
    assert output_size(2, window=5, stride=4, ceil_mode=True) == 1
    with pytest.raises(LayerError) as refused:
        output_size(2, window=5, stride=3, ceil_mode=True)
    assert refused.value.message == "expects at least 5 cells, receives 2"


def required(size, *args, **fields):
    constraints = Constraints([])
    result = size(*args, **fields, constraints=constraints)
    return result, constraints.conditions


def nonnegative(expr):
    return Condition(expr, Relation.NONNEGATIVE)


def test_a_window_over_a_symbolic_axis_requires_that_it_fits_once():
    assert required(output_size, H, 5, 2, (1, 1)) == ((H - 1) // 2, [nonnegative(H - 3)])
    assert required(output_size, H, 2) == (H - 1, [nonnegative(H - 2)])
    assert required(output_size, H - W, 3) == (H - W - 2, [nonnegative(H - W - 3)])  # no bound is known
    assert required(output_size, H, 5, 2, (1, 0), 2, ceil_mode=True) == ((H - 5) // 2, [nonnegative((H - 7) // 2)])


def test_a_window_that_padding_alone_holds_requires_nothing_of_a_symbolic_axis():
    assert required(output_size, H, 3, 2, (1, 1)) == ((H + 1) // 2, [])  # 1 + 2 elements hold a window of 3


def test_same_padding_is_the_least_that_gives_a_window_per_stride():
    assert [same_size(length, 3) for length in (1, 3, 4, 9)] == [1, 1, 2, 3]
    assert same_size(H) == H


@given(lengths, windows, strides, dilations)
def test_same_padding_has_the_odd_element_after(length, window, stride, dilation):
    before, after = same_pad(length, window, stride, dilation)
    assert after - before in {0, 1}
    wanted = -(-length // stride)
    least = next(t for t in range(99) if len(starts(length, window, stride, (0, t), dilation)) == wanted)
    assert before + after == least


@for_each(
    "window, stride, padding, dilation, fields, shape",
    [
        (3, 1, 1, 1, {}, None),  # equal at both ends: the kernel pads by itself
        ((4, 3), 1, "same", 1, {}, (10, 13)),  # 1 + 2 of 7, 1 + 1 of 11
        ((4, 3), 1, "same", 1, {"splits": True}, (8, 11)),  # the difference alone
        ((4, 3), 1, "same", (1, 2), {"splits": True}, (8, 11)),
        ((4, 3), (2, 1), "same", 1, {"splits": True}, (10, 13)),  # another stride than 1: all of it
        ((2, 3), (1, 2), "same", 1, {"splits": True}, (8, 13)),
        ((4, 3), 1, ((0, 1), (2, 2)), 1, {"splits": True}, (8, 15)),  # not `same`: all of it
        ((4, 3), 1, ((0, 1), (2, 4)), 1, {}, (8, 17)),
        (3, 1, 1, 1, {"always": True}, (9, 13)),
        ((4, 3), 1, "same", 1, {"splits": True, "always": True}, (10, 13)),
        (1, 3, "same", 1, {}, None),  # a window shorter than its stride needs no padding
        (3, 1, "valid", 1, {}, None),
        (3, 1, "valid", 1, {"always": True}, (7, 11)),
    ],
)
def test_a_padded_copy_is_made_for_uneven_padding(window, stride, padding, dilation, fields, shape):
    assert padded_shape((2, 5, 7, 11), window, stride, padding, dilation, **fields) == shape


def test_a_padded_copy_of_a_symbolic_axis_is_known_for_stride_1_and_holds_the_last_window_otherwise():
    assert padded_shape((2, 5, H), 4, 1, "same", 2) is None  # 3 + 3
    assert padded_shape((2, 5, H), 4, 1, "same", 1) == (H + 3,)
    assert padded_shape((2, 5, H), 4, 1, "same", 1, splits=True) == (H + 1,)
    assert padded_shape((2, 5, H), 5, 3, "same", 1) == (
        3 * ((H + 2) // 3) + 2,
    )  # the last of ⌈H/3⌋ starts at 3⌈H/3⌉ − 3
    assert padded_shape((2, 5, H), 5, 3, "same", 1, splits=True) == (3 * ((H + 2) // 3) + 2,)


def test_a_padded_copy_of_a_symbolic_axis_holds_the_last_dilated_window():
    assert padded_shape((2, 5, H), 3, 2, "same", 2) == (
        2 * ((H + 1) // 2) + 3,
    )  # the last window ends 5 after 2⌈H/2⌉ − 2


@given(lengths, windows, strides, pads, dilations, st.integers(0, 3))
def test_a_transposed_size_is_the_shortest_axis_that_holds_its_windows(
    length, window, stride, pad, dilation, output_padding
):
    assume(len(starts(0, window, stride, pad, dilation)) < length)
    shortest = next(n for n in range(1, 999) if len(starts(n, window, stride, pad, dilation)) == length)
    assert transposed_size(length, window, stride, pad, dilation, output_padding) == shortest + output_padding


def test_a_transposed_size_of_a_symbol_requires_one_element():
    assert required(transposed_size, H, 3, 2, (4, 1), 2, 1) == (2 * H - 1, [])  # 1 for H = 1
    assert required(transposed_size, H, 3, 2, (4, 2), 2, 1) == (2 * H - 2, [nonnegative(2 * H - 3)])


def test_padding_that_leaves_nothing_of_a_transposed_window_is_refused():
    assert transposed_size(3, 2, pad=(1, 2)) == 1
    for length in (3, 3 - H // 2):
        with pytest.raises(LayerError) as refused:
            transposed_size(length, 2, pad=(2, 2), axis=4)
        error = refused.value
        assert (error.code, error.field, error.axis) == ("SC302", "padding", 4)
    with pytest.raises(LayerError, match=r"^expects padding below the size that it writes \(4\), receives 1 \+ 3$"):
        transposed_size(3, 2, pad=(1, 3))


@given(lengths, windows, strides, pads, dilations)
def test_unread_elements_are_those_behind_the_last_window(length, window, stride, pad, dilation):
    fitting = starts(length, window, stride, pad, dilation)
    assume(fitting)
    behind = range(fitting[-1] + dilation * (window - 1) + 1, length)
    assert unread(length, window, stride, pad, dilation) == len([n for n in behind if n >= 0])


@pytest.mark.parametrize(
    ("x", "fields", "missed", "label"),
    [
        ((2, 5, 224), (3, 2, 0, 1), "the last cell of 224", "221 / 2 leaves 1 over"),
        ((2, 5, 9, 14), (3, 2, 0, 2), "the last column of 9 x 14", "9 / 2 leaves 1 over"),
        ((2, 5, 13, 17), (2, 5, 0, 1), None, ""),  # a window shorter than its stride skips elements on purpose
        ((2, 5, 12, H), (3, 2, 0, 1), "the last row of 12 x H", "9 / 2 leaves 1 over"),
        ((2, 5, 12), (3, 2, "same", 1), None, ""),
        ((2, 5, 9), (3, 2, 0, 1), None, ""),
        (
            (2, 5, 8, 9, 11),
            (3, 3, 0, 1),
            "the last 2 cells along axis 2 and the last 2 cells along axis 4 of 8 x 9 x 11",
            "5 / 3 leaves 2 over",
        ),
        ((2, 5, 14, 13), ((7, 5), (5, 4), (1, 0), 1), "the last 3 rows of 14 x 13", "9 / 5 leaves 4 over"),
    ],
)
def test_a_window_that_never_reads_the_end_is_warned_of(x, fields, missed, label):
    warning = unread_warning(x, *fields)
    if missed is None:
        assert warning is None
        return
    assert (warning.code, warning.field) == ("SC401", "stride")
    assert (warning.message, warning.label) == (f"never reads {missed}", label)


@pytest.mark.parametrize(
    ("x", "fields", "pools", "ways"),
    [
        ((2, 5, 224), (3, 2, 0, 1), False, "`padding: 1`"),
        ((2, 5, 19), (5, None, 0, 1), True, "`ceil_mode: true` or `padding: 1`"),  # 21 = 4·5 + 1, which is padding
        ((2, 5, 17), (5, None, 0, 1), True, "`ceil_mode: true` or `padding: 2`"),  # 19 = 3·5 + 4, 21 = 4·5 + 1
        ((2, 5, 12, 17), ((2, 5), None, 0, 1), True, "`ceil_mode: true`"),  # half of 2 is 1
        ((2, 5, 12, 17), ((2, 5), (2, 5), 0, 1), False, "`padding: 2`"),
        ((2, 5, 10, 224), ((7, 3), (3, 2), (3, 0), 1), False, "`padding: 3`"),  # 2 would do, but 3 is what one axis has
        ((2, 5, 10, 224), ((7, 3), (3, 2), ((0, 3), (0, 0)), 1), False, "`padding: 3`"),
        ((2, 5, 13), (7, 5, 1, 1), False, "`padding: 2`"),
    ],
)
def test_the_help_of_unread_elements_reads_to_the_end(x, fields, pools, ways):
    assert unread_warning(x, *fields, pools=pools).help == f"{ways} reads to the end"


@pytest.mark.parametrize(
    ("padding", "rank", "pairs"),
    [
        ("same", 3, ("same", "same", "same")),
        ("valid", 2, ((0, 0), (0, 0))),
        (3, 2, ((3, 3), (3, 3))),
        ((3, 5), 2, ((3, 3), (5, 5))),
        ((3, (2, 5)), 2, ((3, 3), (2, 5))),
        ("causal", 1, ((8, 0),)),
    ],
)
def test_padding_is_a_pair_per_axis(padding, rank, pairs):
    assert padding_pairs(padding, (5, 3, 2)[:rank], (2, 1, 1)[:rank]) == pairs


def test_padding_of_another_number_of_axes_is_refused():
    with pytest.raises(LayerError, match=r"^expects one entry per spatial axis \(3 axes\) in `padding`, receives 2$"):
        padding_pairs((3, 5), (3, 3, 3), (1, 1, 1))


def test_causal_padding_of_several_axes_is_refused_and_the_pairs_of_the_first_are_named():
    with pytest.raises(LayerError) as caught:
        padding_pairs("causal", (5, 3), (2, 1))
    assert caught.value.code == "SC305"
    assert "[[8, 0], [0, 0]]" in str(caught.value.help)


@given(lengths, windows, strides, dilations, st.none() | st.integers(0, 6))
def test_same_in_reverse_cuts_a_transposed_window_to_the_elements_of_each_stride(n, f, s, d, extra):
    if extra is not None and extra >= s:
        with pytest.raises(LayerError, match="below the stride") as caught:
            transposed_pads("same", (s,), (f,), (d,), extra)
        assert caught.value.replacement == str(s - 1)
        return
    ((pad, more),) = transposed_pads("same", (s,), (f,), (d,), extra)
    size = n * s if extra is None else (n - 1) * s + span(f, d) % 2 + extra
    if size > 0:
        assert transposed_size(n, f, s, pad, d, more) == size
    if extra is None and span(f, d) >= s:  # the convolution that reads this output pads as much
        assert pad == same_pad(n * s, f, s, d)


@given(lengths, windows, strides, dilations)
def test_valid_in_reverse_reaches_to_the_end_of_the_last_stride(n, f, s, d):
    ((pad, more),) = transposed_pads("valid", (s,), (f,), (d,), None)
    size = transposed_size(n, f, s, pad, d, more)
    assert size == max((n - 1) * s + span(f, d), n * s)
    assert transposed_pads(0, (s,), (f,), (d,), None) == (((0, 0), 0),)


@pytest.mark.parametrize("field", ["kernel_size", "stride", "dilation"])
def test_a_field_of_another_number_of_axes_is_named(field):
    fields = {"kernel_size": 3, "stride": 2, "padding": 0, "dilation": 1, field: (1, 1)}
    for function in (padded_shape, unread_warning):
        with pytest.raises(LayerError, match=rf"\(1 axis\) in `{field}`, receives 2$"):
            function((2, 5, 12), **fields)
