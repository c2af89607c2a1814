"""Solving: exactly those values that a brute force finds, which pushes a window along a row of cells."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from shapecalc.calculators.derivation import sliding_axes, transposed_axes
from shapecalc.calculators.windows import (
    SMALL,
    Answer,
    Interval,
    first_at_least,
    interval,
    missing,
    missing_output_padding,
    nearest,
    windows,
    with_output_padding,
)
from shapecalc.diagnostics import LayerError
from shapecalc.layers.conv import Conv, ConvTranspose
from shapecalc.layers.pooling import MaxPool
from tests.support.volume import at_most

if TYPE_CHECKING:
    from shapecalc.calculators.derivation import DerivedAxis

MOST = 200
NUMBERS = {"n": st.integers(1, 40), "f": st.integers(1, 9), "s": st.integers(1, 8), "p": st.integers(0, 7)}
KNOWN = st.fixed_dictionaries(NUMBERS)


def places(n: int, f: int, s: int, p: int | tuple[int, int]) -> int | None:
    """The number of windows that fit, found by pushing one along; None where not even one does."""
    before, after = p if isinstance(p, tuple) else (p, p)
    cells = before + n + after
    start, found = 0, 0
    while start + f <= cells:
        found += 1
        start += s
    return found or None


def written(n: int, f: int, s: int, p: int | tuple[int, int]) -> int | None:
    """The cells that a transposed window writes and padding leaves; None where none is left."""
    before, after = p if isinstance(p, tuple) else (p, p)
    cells = {cell * s + tap for cell in range(n) for tap in range(f)}
    left = range(min(cells), max(cells) + 1)[before : max(cells) + 1 - after]
    return len(left) or None


def pooled(n: int, f: int, s: int, p: int | tuple[int, int]) -> int | None:
    return None if max(p if isinstance(p, tuple) else (p,)) > f // 2 else places(n, f, s, p)


def conv(n: int, f: int, s: int, p: int | tuple[int, int]) -> DerivedAxis:
    pad = p if isinstance(p, tuple) else (p, p)
    return sliding_axes(Conv(out_channels=1, kernel_size=(f,), stride=(s,), padding=(pad,)), (1, 1, n))[0]


def transposed(n: int, f: int, s: int, p: int | tuple[int, int]) -> DerivedAxis:
    pad = p if isinstance(p, tuple) else (p, p)
    return transposed_axes(ConvTranspose(out_channels=1, kernel_size=(f,), stride=(s,), padding=(pad,)), (1, 1, n))[0]


def pool(n: int, f: int, s: int, p: int | tuple[int, int]) -> DerivedAxis:
    pad = p if isinstance(p, tuple) else (p, p)
    return sliding_axes(MaxPool(kernel_size=(f,), stride=(s,), padding=(pad,)), (1, 1, n))[0]


KINDS = pytest.mark.parametrize(
    ("derive", "brute"), [(conv, places), (transposed, written), (pool, pooled)], ids=["conv", "transposed", "pool"]
)


def solved(derive, brute, letter: str, known: dict[str, int], target: int) -> Answer:
    """The answer; where the rule refuses, brute force must find no place for a window either."""
    try:
        return missing(letter, lambda value: derive(**{**known, letter: value}), target, MOST)
    except LayerError:
        tried = [MOST] if letter == "n" else SMALL[letter]
        assert all(brute(**{**known, letter: value}) is None for value in tried)
        return Answer(letter, target, ())


@KINDS
@pytest.mark.parametrize("letter", ["f", "s", "p"])
@given(known=KNOWN, target=st.integers(1, 40))
def test_every_small_value_that_gives_the_output_is_found_and_no_other(derive, brute, letter, known, target) -> None:
    found = tuple(value for value, _ in solved(derive, brute, letter, known, target).solutions)
    even = tuple(value for value in SMALL[letter] if brute(**{**known, letter: value}) == target)
    pairs = tuple((p, p + 1) for p in range(7) if brute(**{**known, "p": (p, p + 1)}) == target)
    assert found == (even or (pairs if letter == "p" else ()))


@KINDS
@given(known=KNOWN, target=st.integers(1, 20))
def test_the_interval_holds_every_length_that_gives_the_output_and_no_other(derive, brute, known, target) -> None:
    answer = solved(derive, brute, "n", known, target)
    lengths = [n for n in range(1, MOST + 1) if brute(**{**known, "n": n}) == target]
    if answer.interval is None:
        assert not lengths
    else:
        assert lengths == list(range(answer.interval.low, answer.interval.high + 1))
        assert [value for value, _ in answer.solutions] == sorted(set(answer.interval))


@KINDS
@pytest.mark.parametrize("letter", ["n", "f", "s", "p"])
@given(known=KNOWN, target=st.integers(1, 60))
def test_every_answer_is_derived_with_its_value_and_gives_what_was_asked(derive, brute, letter, known, target) -> None:
    answer = solved(derive, brute, letter, known, target)
    for value, axis in answer.solutions:
        assert axis.output.result == target
        assert brute(**{**known, letter: value}) == target
    for value, axis in answer.closest:
        assert axis.output.result == brute(**{**known, letter: value}) != target


def padded(n: int, f: int, s: int, p: int, d: int, extra: int) -> DerivedAxis:
    fields = {"kernel_size": (f,), "stride": (s,), "padding": (p,), "dilation": (d,), "output_padding": (extra,)}
    return transposed_axes(ConvTranspose(out_channels=1, **fields), (1, 1, n))[0]


@given(known=KNOWN, d=st.integers(1, 4), target=st.integers(1, 60))
def test_the_output_padding_is_the_one_that_a_trial_of_all_finds(known, d, target) -> None:
    bound = max(known["s"], d)
    sizes = {extra: size for extra in range(bound) if (size := size_of(padded, **known, d=d, extra=extra))}
    assert size_of(padded, **known, d=d, extra=bound) is None
    try:
        answer = missing_output_padding(lambda extra: padded(**known, d=d, extra=extra), target, bound)
    except LayerError:
        assert not sizes
        return
    assert [value for value, _ in answer.solutions] == [extra for extra, size in sizes.items() if size == target]
    assert all(axis.output.result == target for _, axis in answer.solutions)


def size_of(derive, **fields: int) -> int | None:
    """The output size, None where the rule refuses it."""
    try:
        return derive(**fields).output.result
    except LayerError:
        return None


@pytest.mark.parametrize("letter", ["f", "s", "p"])
@given(known=KNOWN, target=st.integers(1, 60))
def test_with_output_padding_every_pair_that_a_trial_of_all_finds_is_named(letter, known, target) -> None:
    def derive(value: Any, extra: int) -> DerivedAxis:
        return padded(**{**known, letter: value}, d=1, extra=extra)

    def bound(value: Any) -> int:
        return value if letter == "s" else known["s"]

    found = with_output_padding(letter, derive, bound, target, MOST)
    pairs = [(value, axis.output_padding) for value, axis in found]
    tried = [(value, extra) for value in SMALL[letter] for extra in range(1, bound(value))]
    assert sorted(pairs) == [
        (value, extra) for value, extra in tried if size_of(derive, value=value, extra=extra) == target
    ]
    assert [extra for _, extra in pairs] == sorted(extra for _, extra in pairs)


@given(known=KNOWN, target=st.integers(1, 60))
def test_with_output_padding_one_length_at_most_gives_a_size(known, target) -> None:
    def derive(value: Any, extra: int) -> DerivedAxis:
        return padded(**{**known, "n": value}, d=1, extra=extra)

    found = with_output_padding("n", derive, lambda _: known["s"], target, MOST)
    tried = [(n, extra) for n in range(1, 62) for extra in range(1, known["s"])]
    expected = [(n, extra) for n, extra in tried if size_of(derive, value=n, extra=extra) == target]
    assert [(value, axis.output_padding) for value, axis in found] == expected


def test_lenets_first_window_is_found_from_its_sizes() -> None:
    answer = missing("f", lambda f: conv(n=32, f=f, s=1, p=0), 28, MOST)
    assert [value for value, _ in answer.solutions] == [5]


def test_two_lengths_halve_to_the_same_size() -> None:
    answer = missing("n", lambda n: conv(n=n, f=3, s=2, p=0), 31, MOST)
    assert answer.interval == Interval(63, 64)


def test_an_even_window_keeps_its_size_with_uneven_padding_alone() -> None:
    answer = missing("p", lambda p: conv(n=32, f=4, s=1, p=p), 32, MOST)
    assert [value for value, _ in answer.solutions] == [(1, 2)]


def test_a_size_between_two_reachable_ones_is_told_with_both() -> None:
    answer = missing("n", lambda n: transposed(n=n, f=4, s=2, p=1), 17, MOST)
    assert answer.solutions == ()
    assert [(value, axis.output.result) for value, axis in answer.closest] == [(8, 16), (9, 18)]


def test_a_window_that_no_stride_can_make_fit_is_the_rules_own_error() -> None:
    with pytest.raises(LayerError) as caught:
        missing("s", lambda s: conv(n=5, f=7, s=s, p=0), 3, MOST)
    assert (caught.value.code, caught.value.field) == ("SC302", "kernel_size")


def test_a_padding_that_no_length_can_mend_is_the_rules_own_error() -> None:
    with pytest.raises(LayerError) as caught:
        missing("n", lambda n: pool(n=n, f=3, s=2, p=2), 3, MOST)
    assert caught.value.code == "SC306"


def test_lengths_are_searched_up_to_the_largest_in_few_questions() -> None:
    asked = []

    def rule(n: int) -> int:
        asked.append(n)
        return n // 7

    assert interval(rule, 10**8, 2**31 - 1) == Interval(7 * 10**8, 7 * 10**8 + 6)
    assert len(asked) < 70


def test_no_length_is_at_least_what_even_the_largest_does_not_reach() -> None:
    assert first_at_least(lambda n: n, target=11, most=10) == 11
    assert interval(lambda n: n, target=11, most=10) is None


def test_the_nearest_may_lie_on_one_side_alone() -> None:
    assert nearest(lambda n: n, (5, 6), 2) == ((5, 5),)
    assert nearest(lambda n: n, (), 2) == ()


@pytest.mark.parametrize("kind", ["conv", "pool"])
@given(n=st.integers(1, 40), target=st.integers(1, 40))
@at_most(25)
def test_every_usual_window_that_gives_the_output_is_found_and_no_other(kind, n, target) -> None:
    expected = {
        (f, s, p, d)
        for f, s, d in product(range(1, 16), range(1, 9), range(1, 5))
        for p in range((d * (f - 1) if kind == "conv" else f // 2) + 1)
        if places(n, d * (f - 1) + 1, s, p) == target
    }
    answer = windows(kind, (n,), (target,), {})
    assert len(answer.solutions) == len(expected)
    assert {window[:4] for window in answer.solutions} == expected
    assert all(axis.output.result == target for window in answer.solutions for axis in window.axes)
    assert all(axis.output.result != target for window in answer.closest for axis in window.axes)


@pytest.mark.parametrize(
    ("kind", "n", "out", "first"),
    [
        ("conv", 32, 16, [(2, 2, 0, 1), (3, 2, 1, 1)]),
        ("pool", 28, 14, [(2, 2, 0, 1), (3, 2, 1, 1)]),
        ("conv", 32, 28, [(5, 1, 0, 1)]),  # LeNet-5, C1
        ("conv", 227, 55, [(11, 4, 0, 1)]),  # AlexNet's first
        ("conv", 7, 7, [(1, 1, 0, 1), (3, 1, 1, 1)]),
    ],
)
def test_the_well_known_windows_come_first(kind, n, out, first) -> None:
    assert [window[:4] for window in windows(kind, (n,), (out,), {}).solutions[: len(first)]] == first


def test_a_window_that_steps_over_cells_comes_after_those_that_read_all() -> None:
    found = [window[:4] for window in windows("conv", (32,), (16,), {}).solutions if window.d == 1]
    assert found[-1] == (1, 2, 0, 1)


def test_all_axes_must_come_out_at_once() -> None:
    both = {window[:4] for window in windows("conv", (224, 320), (112, 160), {}).solutions}
    apart = [{window[:4] for window in windows("conv", (n,), (n // 2,), {}).solutions} for n in (224, 320)]
    assert both == apart[0] & apart[1] != set()


def test_what_is_fixed_is_not_tried_otherwise() -> None:
    found = windows("conv", (20,), (2,), {"f": 17, "s": 2, "d": 1}).solutions
    assert {(window.f, window.s, window.d) for window in found} == {(17, 2, 1)}
    assert [window.p for window in found] == [0]


def test_no_window_makes_more_of_an_axis_than_padding_allows() -> None:
    answer = windows("conv", (32,), (500,), {})
    assert answer.solutions == ()
    assert [window[:4] for window in answer.closest] == [(15, 1, 56, 4)]
