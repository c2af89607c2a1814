"""Shorter equivalents of a normal form for printing: constants move back into floors, and equal sums become factors.

The normal form takes multiples out of floors and expands products, so that equal expressions are equal. In print
⌊(H − 4)/2⌋ is clearer than ⌊H/2⌋ − 2, and its product with ⌊(W − 4)/2⌋ than four terms. So an atom a is replaced by
(a + shift) if that leaves fewer terms; only one shift can cancel the second highest power of a.
"""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

from shapecalc.dims.terms import new_floor, order

if TYPE_CHECKING:
    from shapecalc.dims.terms import Atom, Floor, Terms

_LARGEST = 256  # terms; no person reads a longer sum, and factoring takes quadratic time
_HIGHEST = 16  # power


def factored(terms: Terms, constant: int) -> tuple[Terms, int]:
    """Return an equal sum with fewer terms, if there is one; its floors may have constants outside of bounds."""
    if (len(terms) == 1 and not constant) or len(terms) > _LARGEST:
        return terms, constant
    total = {**terms, (): constant} if constant else dict(terms)
    for floor in sorted({atom for monomial in terms for atom, _ in monomial if not isinstance(atom, str)}):
        total = _factored_by(floor, total)
    # A product of sums of symbols, such as N·(H − 4)·(W − 4), the cost of a first convolution. Not 3·H − 12.
    if len(total) > 2 or () not in total:  # noqa: PLR2004
        by_symbol = total
        for name in sorted({atom for monomial in total for atom, _ in monomial if isinstance(atom, str)}):
            by_symbol = _factored_by(name, by_symbol)
        if len(by_symbol) == 1:
            total = by_symbol
    constant = total.pop((), 0)
    return total, constant


def _factored_by(atom: Atom, total: Terms) -> Terms:
    """Return the same sum over (atom + shift) in place of the atom, if some shift leaves fewer terms."""
    by_power: dict[int, Terms] = {}
    for monomial, coefficient in total.items():
        power = next((p for a, p in monomial if a == atom), 0)
        rest = tuple(factor for factor in monomial if factor[0] != atom)
        by_power.setdefault(power, {})[rest] = coefficient
    highest = max(by_power)
    if highest > _HIGHEST or highest - 1 not in by_power:
        return total
    lead = min(by_power[highest], key=order)
    shift, remainder = divmod(by_power[highest - 1].get(lead, 0), highest * by_power[highest][lead])
    if remainder or not shift:
        return total
    shifted = _shifted(atom, shift)
    result: Terms = {}
    for power, group in by_power.items():
        # atom = shifted − shift
        for rest, coefficient in group.items():
            for p in range(power + 1):
                monomial = tuple(sorted(((shifted, p), *rest))) if p else rest
                result[monomial] = result.get(monomial, 0) + coefficient * comb(power, p) * (-shift) ** (power - p)
    result = {monomial: coefficient for monomial, coefficient in result.items() if coefficient}
    return result if len(result) < len(total) else total


def _shifted(atom: Atom, shift: int) -> Floor:
    """Return the atom plus the shift, as one floor; a symbol becomes a floor over 1."""
    if not isinstance(atom, str):
        return atom.scaled(atom.constant + shift * atom.divisor, atom.divisor)
    return new_floor({((atom, 1),): 1}, shift, 1)
