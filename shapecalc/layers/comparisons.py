"""Comparisons of sizes, decided or as closed forms over symbols."""

from shapecalc.dims import Dim, floor_div, least

_ABOVE_ALL_SIZES = 2**40


def is_at_least(size: Dim, bound: int) -> bool:
    """Return whether a size is known to be at least `bound`."""
    lowest = least(size)
    return lowest is not None and lowest >= bound


def reaches(size: Dim, bound: int) -> Dim:
    """Return 1 if a size is at least `bound`, else 0."""
    return floor_div(size + _ABOVE_ALL_SIZES - bound, _ABOVE_ALL_SIZES)


def at_least(size: Dim, bound: int) -> Dim:
    """Return the greater of a size and a bound.

    >>> at_least(3, 2), at_least(1, 2)
    (3, 2)
    """
    if isinstance(size, int):
        return max(size, bound)
    return size if is_at_least(size, bound) else bound + reaches(size, bound) * (size - bound)
