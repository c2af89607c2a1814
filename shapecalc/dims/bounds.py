"""Sound bounds of a dim over all positive values of its symbols.

No atom is ever negative: a symbol is at least 1, and a floor term in normal form has no negative coefficient.
"""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.dims.expression import Dim
    from shapecalc.dims.terms import Monomial, Terms


def least(dim: Dim) -> int | None:
    """Return a lower bound of the dim for symbols of 1 and more; None if none is known.

    >>> from shapecalc.dims import parse
    >>> least(parse("(H + 31)//32")), least(parse("H - H//2")), least(parse("H - W"))
    (1, 1, None)
    """
    if isinstance(dim, int):
        return dim
    bounds = (_termwise(dim.terms, dim.constant), _relaxed(dim.terms, dim.constant))
    return max((bound for bound in bounds if bound is not None), default=None)


def greatest(dim: Dim) -> int | None:
    """Return an upper bound of the dim for symbols of 1 and more; None if none is known.

    >>> from shapecalc.dims import parse
    >>> greatest(parse("H % 32")), greatest(parse("3 - H")), greatest(parse("H"))
    (31, 2, None)
    """
    lowest = least(-dim)
    return None if lowest is None else -lowest


def _termwise(terms: Terms, constant: int) -> int | None:
    """Return the lower bound with every atom at its least value; None if a term is subtracted."""
    for monomial, coefficient in terms.items():
        if coefficient < 0:
            return None
        constant += coefficient * _least_product(monomial)
    return constant


def _least_product(monomial: Monomial) -> int:
    result = 1
    for atom, power in monomial:
        if not isinstance(atom, str):
            inside = sum(coefficient * _least_product(inner) for inner, coefficient in atom.terms.items())
            result *= ((inside + atom.constant) // atom.divisor) ** power
    return result


def _relaxed(terms: Terms, constant: int) -> int | None:
    """Return a lower bound with each floor outside of products replaced by a linear bound from the matching side.

    (p − c + 1)/c ≤ ⌊p/c⌋ ≤ p/c. Unlike a bound term by term, this takes into account that H and ⌊H/2⌋ share H.
    """
    scale = 1
    flat: Terms = {}
    todo = list(terms.items())
    # `flat`, `constant` and `todo` are multiplied by `scale`, so that all coefficients are integers.
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
    low = _termwise(flat, constant)  # a coefficient may be 0 here
    return None if low is None else -(-low // scale)
