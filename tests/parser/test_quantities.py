"""Numbers with units, exact, as fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given

from shapecalc.parser.quantities import read_quantity
from tests.support.quantities import numbers, written
from tests.support.rows import for_each


@given(numbers)
def test_a_quantity_is_exact(number) -> None:
    text, value = written(number)
    assert read_quantity(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("61706", 61_706),
        ("25.6M", 25_600_000),
        ("0.1k", 100),
        ("1.5 Ki", 1536),
        ("1gi", 2**30),
        ("0.001", Fraction(1, 1000)),
        ("9" * 40, 10**40 - 1),
    ],
)
def test_a_thousand_is_k_and_1024_is_ki_in_any_capitals(text: str, value: Fraction | int) -> None:
    assert read_quantity(text) == value


@for_each("text", ["", "M", "1.", ".5", "-1", "+1", "1e6", "1  M", "1MM", "1X", "1,000", "9" * 41])
def test_an_invalid_quantity_is_none(text: str) -> None:
    assert read_quantity(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("4GiB", 4 * 2**30), ("512B", 512), ("3 kb", 3000), ("7", 7), ("2M", 2_000_000)]
)
def test_only_bytes_may_end_in_b(text: str, value: int) -> None:
    assert read_quantity(text, of_bytes=True) == value
    if "b" in text.lower():
        assert read_quantity(text) is None
