"""Sound bounds of a dim over all positive values of its symbols."""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from shapecalc.dims.expression import Dim
    from shapecalc.dims.terms import Monomial, Terms

Interval: TypeAlias = "tuple[int | None, int | None]"  # None: unbounded


def least(dim: Dim) -> int | None:
    """A number that no value of the dim is below, for symbols of 1 and more; None where no such number is found.

    >>> from shapecalc.dims import parse
    >>> least(parse("(H + 31)//32")), least(parse("H - H//2")), least(parse("H - W"))
    (1, 1, None)
    """
    if isinstance(dim, int):
        return dim
    return _highest_of(_interval(dim.terms, dim.constant)[0], _relaxed(dim.terms, dim.constant))


def greatest(dim: Dim) -> int | None:
    """A number that no value of the dim is above, for symbols of 1 and more; None where no such number is found.

    >>> from shapecalc.dims import parse
    >>> greatest(parse("H % 32")), greatest(parse("3 - H")), greatest(parse("H"))
    (31, 2, None)
    """
    lowest = least(-dim)
    return None if lowest is None else -lowest


def _highest_of(first: int | None, second: int | None) -> int | None:
    if first is None or second is None:
        return second if first is None else first
    return max(first, second)


def _interval(terms: Terms, constant: int) -> Interval:
    """Interval arithmetic, atom by atom."""
    low: int | None = constant
    high: int | None = constant
    for monomial, coefficient in terms.items():
        lowest, highest = _monomial(monomial)
        if coefficient < 0:
            lowest, highest = highest, lowest
        low = None if low is None or lowest is None else low + coefficient * lowest
        high = None if high is None or highest is None else high + coefficient * highest
    return low, high


def _monomial(monomial: Monomial) -> Interval:
    """Bounds of a product. An atom that may be negative gives none, except alone with power 1."""
    low = 1
    for atom, power in monomial:
        if isinstance(atom, str):
            continue
        lowest, highest = _interval(atom.terms, atom.constant)
        lowest = None if lowest is None else lowest // atom.divisor
        if len(monomial) == power == 1:
            return lowest, None if highest is None else highest // atom.divisor
        if lowest is None or lowest < 0:
            return None, None
        low *= lowest**power
    return low, None


def _relaxed(terms: Terms, constant: int) -> int | None:
    """A lower bound with each floor that stands alone replaced by the line below it, or above where it is subtracted.

    (p − c + 1)/c ≤ ⌊p/c⌋ ≤ p/c. Where the sum that is left is Σ cᵢ·mᵢ with all cᵢ ≥ 0, every mᵢ is at least 1.
    This keeps what interval arithmetic forgets, that H and ⌊H/2⌋ hold the same H.
    """
    scale = 1
    flat: Terms = {}
    todo = list(terms.items())
    # All of `flat`, `constant` and `todo` are multiplied by `scale`, which keeps the fractions whole.
    while todo:
        monomial, coefficient = todo.pop()
        atom, power = monomial[0]
        if isinstance(atom, str) or power > 1 or len(monomial) > 1:
            flat[monomial] = flat.get(monomial, 0) + coefficient
            continue
        grow = lcm(coefficient, atom.divisor) // abs(coefficient)
        if grow > 1:
            scale *= grow
            constant *= grow
            coefficient *= grow
            flat = {other: value * grow for other, value in flat.items()}
            todo = [(other, value * grow) for other, value in todo]
        factor = coefficient // atom.divisor
        constant += factor * (atom.constant - (atom.divisor - 1 if factor > 0 else 0))
        todo += [(other, value * factor) for other, value in atom.terms.items()]
    low = constant
    for monomial, coefficient in flat.items():
        if not coefficient:
            continue
        lowest = _monomial(monomial)[0]
        if coefficient < 0 or lowest is None:
            return None
        low += coefficient * lowest
    return -(-low // scale)
