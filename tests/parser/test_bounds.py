"""Which figures an `expect:` block allows, held against exact fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from shapecalc.architecture import Bounds
from shapecalc.parser.bounds import BoundsError, corrected, read_bounds
from tests.support.quantities import numbers, written
from tests.support.rows import for_each


def near(value: Fraction, off: int) -> int:
    """Return a whole number within two of a figure: where comparing goes wrong, if it does."""
    return max(int(value) + off, 0)


@given(numbers, st.sampled_from(["<=", "<", ">=", ">", "≤", "≥"]), st.sampled_from(["", " ", "  "]), st.integers(-2, 2))
def test_a_bound_allows_what_the_fraction_allows(number, sign: str, space: str, off: int) -> None:
    text, value = written(number)
    at = near(value, off)
    holds = {"<=": at <= value, "<": at < value, ">=": at >= value, ">": at > value}
    holds |= {"≤": holds["<="], "≥": holds[">="]}
    try:
        assert read_bounds(f"{sign}{space}{text}").allows(at) == holds[sign]
    except BoundsError:
        assert (sign, value) == ("<", 0)  # no count is below none


@given(numbers, st.integers(0, 9999), st.sampled_from(["±", "+-", " ± ", " +/- "]), st.booleans(), st.integers(-2, 2))
def test_a_tolerance_in_percent_holds_both_of_its_ends(
    number, hundredths: int, sign: str, upper: bool, off: int
) -> None:
    text, value = written(number)
    share = Fraction(hundredths, 10_000)
    end = value * (1 + share) if upper else value * (1 - share)
    at = near(end, off)
    try:
        bounds = read_bounds(f"{text}{sign}{hundredths // 100}.{hundredths % 100:02}%")
    except BoundsError:
        low, high = value * (1 - share), value * (1 + share)
        assert -(-low.numerator // low.denominator) > high.numerator // high.denominator  # no whole number within
    else:
        assert bounds.allows(at) == (abs(at - value) <= value * share)


@given(numbers, numbers, st.integers(-2, 2), st.booleans())
def test_a_range_holds_both_of_its_ends(first, second, off: int, upper: bool) -> None:
    (low, least), (high, most) = sorted(map(written, (first, second)), key=lambda pair: pair[1])
    at = near(most if upper else least, off)
    try:
        assert read_bounds(f"{low} .. {high}").allows(at) == (least <= at <= most)
    except BoundsError:
        assert not any(least <= whole <= most for whole in range(int(least), int(most) + 2))


@for_each(
    "text, least, most, reason",
    [
        ("61706 ± 2%", 60472, 62940, "61706 x 0.98 is 60471.88, and x 1.02 is 62940.12"),
        ("100 ± 2%", 98, 102, "both ends belong to it"),
        ("100 ± 7", 93, 107, "an absolute tolerance"),
        ("1K ± 0.1K", 900, 1100, "units on both sides"),
        ("100 ± 0%", 100, 100, "no tolerance at all"),
        ("0 ± 5%", 0, 0, "five percent of nothing"),
        ("<= 25.6M", 0, 25_600_000, "a bound includes its end"),
        ("< 25.6M", 0, 25_599_999, "and this one does not"),
        ("< 2.5", 0, 2, "whole numbers below two and a half"),
        ("> 2.5", 3, None, "and above"),
        (">= 0", 0, None, "every count"),
        ("1.5K", 1500, 1500, "a unit, and exact"),
        ("10M..12M", 10_000_000, 12_000_000, "spaces are no matter"),
        (" <=5k ", 0, 5000, "nor capitals"),
        ("<= " + "9" * 40, 0, 10**40 - 1, "as many digits as a number may have"),
    ],
)
def test_figures_within_bounds(text: str, least: int, most: int | None, reason: str) -> None:
    assert read_bounds(text) == Bounds(least, most, text.strip()), reason


@for_each(
    "text",
    [
        "", " ", "<=", "±", "± 2%", "..", "5 ..", "<= <= 5", "5 ± 2% ± 1%", "1 .. 2 .. 3", "<= 1e999M", "1e6", "0x10",
        "five", "−5M", "-5", "<= -5", "+5", "٣", "<= ٣M", "５", "1,000", "1_000", ".5M", "5.M", "5 M B", "<= inf",
        "9" * 41, "<= " + "9" * 400, "0." + "1" * 21, "5 ± 200000%", "5 ± 100%", "5 ± 5", "5 ± -1%", "5 ± 2%%", "5 ± %",
        "< 0", "1.5", "0.3 .. 0.4", "12M .. 10M", "5MB", "<= 4GiB", "5\n", "<=\t5", "!= 5", "a" * 70_000, "<" * 70_000,
    ],
)  # fmt: skip
def test_what_says_no_figure_that_there_can_be_is_refused(text: str) -> None:
    with pytest.raises(BoundsError):
        read_bounds(text)


def test_bytes_may_end_in_b_and_counts_may_not() -> None:
    assert read_bounds("<= 4 GiB", of_bytes=True).most == 4 * 2**30
    assert read_bounds("<= 4GB", of_bytes=True).most == 4 * 10**9
    assert read_bounds("512B", of_bytes=True).most == 512
    with pytest.raises(BoundsError) as caught:
        read_bounds("<= 5MB")
    assert (str(caught.value), caught.value.help) == (
        "a unit that it knows behind 5",
        "units: K, M, G, T, Ki, Mi, Gi, Ti",
    )


@for_each(
    "slip, right",
    [
        ("=< 5M", "<= 5M"),
        ("=> 5M", ">= 5M"),
        ("< = 5M", "<= 5M"),
        ("== 5M", "5M"),
        ("= 61706", "61706"),
        ("<= 26,012,345", "<= 26012345"),
        ("25_600_000 ± 1%", "25600000 ± 1%"),
        ("<= 5MB", "<= 5M"),
        ("5 million", None),
        ("<= 1e6", None),
        ("−5M", None),
        ("a" * 70_000, None),
    ],
)
def test_a_slip_is_written_right_where_it_can_be_seen_what_was_meant(slip: str, right: str | None) -> None:
    assert corrected(slip) == right


@given(st.text("0123456789.<>=≤±+-/% KMGTibB,_", max_size=20))
def test_what_is_read_keeps_its_text_and_what_is_mended_can_be_read(text: str) -> None:
    try:
        bounds = read_bounds(text)
    except BoundsError:
        right = corrected(text)
        assert right is None or read_bounds(right).text == right
    else:
        assert bounds.text == text.strip(" ")
        assert read_bounds(bounds.text) == bounds
