"""Numbers with units, such as `25.6M` and `4GiB`, as exact fractions."""

from __future__ import annotations

import re
from fractions import Fraction

UNITS = {
    **dict(zip(("", "K", "M", "G", "T"), (1000**power for power in range(5)), strict=True)),
    **dict(zip(("Ki", "Mi", "Gi", "Ti"), (1024**power for power in range(1, 5)), strict=True)),
}
"""Factors of unit prefixes: K is 1000, Ki is 1024. They are case-insensitive, and bytes end in B."""
_FACTORS = {unit.lower(): factor for unit, factor in UNITS.items()}
_QUANTITY = re.compile(r"([0-9]{1,40}(?:\.[0-9]{1,20})?) ?([A-Za-z]*)")


def read_quantity(text: str, *, of_bytes: bool = False) -> Fraction | None:
    """Return the number that a text denotes, None if it is not a quantity; only one `of_bytes` may end in B.

    >>> read_quantity("25.6M"), read_quantity("4 GiB", of_bytes=True), read_quantity("4GiB")
    (Fraction(25600000, 1), Fraction(4294967296, 1), None)
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    unit = match[2].lower()
    factor = _FACTORS.get(unit.removesuffix("b") if of_bytes else unit)
    return None if factor is None else Fraction(match[1]) * factor
