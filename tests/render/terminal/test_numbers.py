"""Counts, sizes and shares as tables write them."""

from __future__ import annotations

import pytest

from shapecalc.render.terminal.numbers import memory, rounded, share


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999_999, "999,999"),
        (1_000_000, "1.00 M"),
        (9_994_999, "9.99 M"),
        (9_995_000, "10.0 M"),
        (99_950_000, "100 M"),
        (999_499_999, "999 M"),
        (10**9, "1.00 G"),
        (15_470_264_320, "15.5 G"),
        (10**21, "1,000 E"),
        (None, "unknown"),
    ],
)
def test_a_rounded_count_has_three_digits_and_a_unit(count: int | None, text: str) -> None:
    assert rounded(count) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (2**20 - 1, "1.0 MiB"), (2**63 - 1, "8.0 EiB")],
)
def test_bytes_are_rounded_to_a_tenth_of_their_unit(size: int, text: str) -> None:
    assert memory(size) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(1, 3, "33.3 %"), (1, 1, "100.0 %"), (1, 10**9, "<0.1 %"), (0, 5, ""), (0, 0, "")]
)
def test_a_share_is_rounded_half_up(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text
