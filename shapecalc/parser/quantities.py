"""Numbers with units, as people write them: `25.6M`, `4GiB`; exact, as fractions."""

from __future__ import annotations

import re
from fractions import Fraction

UNITS = {
    **dict(zip(("", "K", "M", "G", "T"), (1000**power for power in range(5)), strict=True)),
    **dict(zip(("Ki", "Mi", "Gi", "Ti"), (1024**power for power in range(1, 5)), strict=True)),
}
"""K is a thousand and Ki 1024; capitals make no difference, and bytes have a B behind."""
_FACTORS = {unit.lower(): factor for unit, factor in UNITS.items()}
_QUANTITY = re.compile(r"([0-9]{1,40}(?:\.[0-9]{1,20})?) ?([A-Za-z]*)")


def read_quantity(text: str, *, of_bytes: bool = False) -> Fraction | None:
    """Return the number that a text says, None for one that says none; only a quantity `of_bytes` may end in B.

    >>> read_quantity("25.6M"), read_quantity("4 GiB", of_bytes=True), read_quantity("4GiB")
    (Fraction(25600000, 1), Fraction(4294967296, 1), None)
    """
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    unit = found[2].lower()
    factor = _FACTORS.get(unit.removesuffix("b") if of_bytes else unit)
    return None if factor is None else Fraction(found[1]) * factor
