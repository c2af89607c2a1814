"""Windows slide, and no size is computed."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from shapecalc.reference.windows import Margins, Window, margins, overhang, pad, slide, taps, unpad
from tests.support.rows import for_each


def window(size: int, stride: int = 1, dilation: int = 1) -> Window:
    return Window((size,), (stride,), (dilation,))


def starts(x: np.ndarray, shape: Window) -> list[int]:
    return slide(x, shape)[:, 0].tolist()


def test_a_window_as_long_as_the_axis_fits_once() -> None:
    assert starts(np.arange(7), window(7)) == [0]


def test_a_window_longer_than_the_axis_is_refused() -> None:
    with pytest.raises(ValueError, match="window shape cannot be larger"):
        slide(np.arange(7), window(3, dilation=4))


def test_elements_that_no_window_reads_are_left_over() -> None:
    assert starts(np.arange(11), window(3, stride=4)) == [0, 4, 8]
    assert starts(np.arange(10), window(3, stride=4)) == [0, 4]


def test_a_dilated_window_skips_elements() -> None:
    assert slide(np.arange(7), window(3, stride=2, dilation=2)).tolist() == [[0, 2, 4], [2, 4, 6]]


def test_every_axis_has_its_own_window() -> None:
    x = np.arange(2 * 5 * 7).reshape(2, 5, 7)
    assert slide(x, Window((2, 3), (3, 2), (1, 1))).shape == (2, 2, 3, 2, 3)


def test_taps_come_in_the_order_of_the_window() -> None:
    x, shape = np.arange(12).reshape(3, 4), Window((2, 2), (1, 2), (1, 1))
    read = [(positions, x[elements]) for positions, elements in taps(x.shape, (range(2), range(0, 4, 2)), shape)]
    assert [elements[0, 0].item() for _, elements in read] == [0, 1, 4, 5]
    assert [positions for positions, _ in read] == [(slice(0, 2), slice(0, 2))] * 4


@for_each("size", [1, 2, 3, 5, 9, 60])
@for_each("stride, dilation, first, count", list(product((1, 2, 4), (1, 3), (0, -3, -40), (1, 5))))
def test_taps_read_the_elements_that_windows_reach_each_once(
    size: int, stride: int, dilation: int, first: int, count: int
) -> None:
    length, shape = 7, window(size, stride, dilation)
    starts = range(first, first + count * stride, stride)
    pairs = [
        (position, element)
        for (positions,), (elements,) in taps((length,), (starts,), shape)
        for position, element in zip(range(count)[positions], range(length)[elements], strict=True)
    ]
    reached = {
        (k, s + t * dilation) for k, s in enumerate(starts) for t in range(size) if 0 <= s + t * dilation < length
    }
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == reached


def test_a_window_of_any_length_takes_no_more_taps_than_it_reads() -> None:
    shape, start = window(2**31 - 1, 2**31 - 1), -(2**30)
    assert len(list(taps((19,), (range(start, start + 1),), shape))) == 19


@pytest.mark.parametrize(
    ("length", "shape", "sides"),
    [
        pytest.param(5, window(3), (1, 1), id="an odd window at stride 1: evenly"),
        pytest.param(5, window(4), (1, 2), id="an even window: the odd cell goes after"),
        pytest.param(6, window(3, stride=2), (0, 1), id="windows at 0, 2, 4: one cell is missing"),
        pytest.param(7, window(3, stride=2), (1, 1), id="windows at 0, 2, 4, 6: two are"),
        pytest.param(4, window(1, stride=3), (0, 0), id="a stride beyond the window misses nothing"),
        pytest.param(6, window(3, dilation=2), (2, 2), id="a dilated window reaches five cells"),
    ],
)
def test_same_pads_as_far_as_the_last_window_reaches(length: int, shape: Window, sides: tuple[int, int]) -> None:
    assert margins("same", (length,), shape) == (sides,)


def test_padding_is_read_as_a_number_a_list_pairs_or_valid() -> None:
    shape = Window((3, 3), (1, 1), (1, 1))
    assert margins(2, (5, 7), shape) == ((2, 2), (2, 2))
    assert margins((1, 2), (5, 7), shape) == ((1, 1), (2, 2))
    assert margins(((0, 1), (2, 3)), (5, 7), shape) == ((0, 1), (2, 3))
    assert margins("valid", (5, 7), shape) == ((0, 0), (0, 0))


def test_a_list_of_another_length_than_the_axes_is_refused() -> None:
    with pytest.raises(ValueError, match="2 entries for 1 spatial axes"):
        margins((1, 2), (5,), window(3))


@pytest.mark.parametrize(
    ("length", "side", "shape", "more"),
    [
        pytest.param(6, 0, window(3, stride=2), 1, id="one cell was left over: a window hangs over by one"),
        pytest.param(5, 0, window(3, stride=2), 0, id="nothing was left over"),
        pytest.param(9, 2, window(4, stride=4), -1, id="a window that would start in the right padding is dropped"),
        pytest.param(3, 0, window(1, stride=3), -2, id="no window starts past the cells: the last ones are not read"),
        pytest.param(2, 0, window(3, stride=2), 1, id="the first window may hang over as well"),
    ],
)
def test_ceil_mode_adds_windows_while_elements_are_left_over(length: int, side: int, shape: Window, more: int) -> None:
    assert overhang((length,), ((side, side),), shape) == ((0, more),)


def test_ceil_mode_refuses_an_axis_on_which_no_window_fits() -> None:
    with pytest.raises(ValueError, match="a window over 5 cells finds no place on an axis of 2"):
        overhang((2,), ((0, 0),), window(5, stride=3))


@pytest.mark.parametrize(
    ("mode", "padded"),
    [
        ("constant", [9, 9, 0, 1, 2, 9]),
        ("zeros", [9, 9, 0, 1, 2, 9]),
        ("reflect", [2, 1, 0, 1, 2, 1]),
        ("replicate", [0, 0, 0, 1, 2, 2]),
        ("circular", [1, 2, 0, 1, 2, 0]),
    ],
)
def test_padding_modes_are_pytorchs(mode: str, padded: list[int]) -> None:
    assert pad(np.arange(3), ((2, 1),), 9, mode).tolist() == padded


@pytest.mark.parametrize(("mode", "cells"), [("reflect", 3), ("circular", 4)])
def test_an_axis_is_not_reflected_or_wrapped_twice(mode: str, cells: int) -> None:
    assert pad(np.arange(3), ((cells - 1, 0),), mode=mode).size == 3 + cells - 1
    with pytest.raises(ValueError, match=f"`{mode}` cannot put {cells} cells beside an axis of 3"):
        pad(np.arange(3), ((cells, 0),), mode=mode)


def test_nothing_is_copied_where_nothing_is_added() -> None:
    x = np.arange(15).reshape(3, 5)
    assert np.shares_memory(pad(x, ((0, 0), (0, -2))), x)
    assert pad(x, ((0, 0), (0, -2))).shape == (3, 3)


@for_each("mode", ["constant", "reflect", "replicate", "circular"])
@for_each("sides", [((2, 1), (0, 3)), ((0, 0), (3, 0)), ((-1, 2), (1, -2)), ((-3, -1), (0, 0))])
def test_taking_padding_back_is_the_transpose_of_padding(mode: str, sides: Margins) -> None:
    random = np.random.default_rng(5)
    x = random.standard_normal((2, 7, 11))
    padded = pad(x, sides, 0, mode)
    given = random.standard_normal(padded.shape)
    back = unpad(given, sides, mode)
    assert back.shape == x.shape
    assert np.vdot(padded, given) == pytest.approx(np.vdot(x, back))
