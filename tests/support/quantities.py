"""Quantities as people write them, with what they are worth as fractions."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

FACTORS = {"": 1, "K": 10**3, "m": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "MI": 2**20, "gi": 2**30, "Ti": 2**40}
numbers = st.tuples(
    st.integers(0, 10**6),
    st.text("0123456789", max_size=6),
    st.sampled_from(sorted(FACTORS)),
    st.sampled_from(["", " "]),
)


def written(number: tuple[int, str, str, str]) -> tuple[str, Fraction]:
    """Return a quantity as a text, and as the fraction that it is worth."""
    whole, decimals, unit, space = number
    value = (whole + Fraction(int(decimals or 0), 10 ** len(decimals))) * FACTORS[unit]
    return f"{whole}{'.' if decimals else ''}{decimals}{space if unit else ''}{unit}", value
