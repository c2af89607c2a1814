"""Numbers of arrays as JSON has them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any


def plain(value: Any) -> Any:
    """Return nested lists of numbers as JSON's values; fractions other than integers, NaN and infinity are texts.

    >>> plain([1.5, [Fraction(1, 3), Fraction(4)], float("inf")])
    [1.5, ['1/3', 4], 'inf']
    """
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else str(value)
    return value if value == value and abs(value) != float("inf") else str(value)  # noqa: PLR0124 - NaN differs
