"""The normal form of a floor division, by three rules that hold for all integers.

1. Multiples of the divisor are taken out: ⌊(c·q + r)/c⌋ = q + ⌊r/c⌋, for each coefficient and for the constant.
2. A common factor is cancelled: ⌊(g·X + b)/(g·c)⌋ = ⌊(X + ⌊b/g⌋)/c⌋ for integer X.
3. A floor of coefficient 1 is absorbed: ⌊(⌊A/c⌋ + B)/g⌋ = ⌊(A + c·B)/(c·g)⌋ for integer B.

The rules are applied until none applies. Rule 3 removes one floor at a time, so this ends; on a chain of windows it
leaves one floor per axis at constant cost per window. If several floors have coefficient 1, rule 3 absorbs the first
in the order of atoms: the choice depends on the normal form alone, so equal dividends give equal quotients. The rules
do not decide equality: H − ⌊H/2⌋ and ⌊(H + 1)/2⌋ have different normal forms, and m·⌊x/c⌋ with m > 1 stays nested.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from shapecalc.dims.terms import Floor, add_into, new_floor

if TYPE_CHECKING:
    from shapecalc.dims.terms import Terms


def divided(terms: Terms, constant: int, divisor: int) -> tuple[Terms, int]:
    """Return terms and constant of ⌊(terms + constant)/divisor⌋, for a divisor above 1."""
    if len(terms) == 1:
        ((monomial, coefficient),) = terms.items()
        if coefficient == 1:
            atom, power = monomial[0]
            if isinstance(atom, str) or power > 1 or len(monomial) > 1:
                quotient, constant = divmod(constant, divisor)
                return {((new_floor(terms, constant, divisor), 1),): 1}, quotient
            if atom.content == 1:
                # The common case, a window after a window: rule 3 alone.
                divisor *= atom.divisor
                quotient, constant = divmod(atom.constant + atom.divisor * constant, divisor)
                return {((atom.scaled(constant, divisor), 1),): 1}, quotient
    return _reduced(terms, constant, divisor)


def _reduced(terms: Terms, constant: int, divisor: int) -> tuple[Terms, int]:
    outside: Terms = {}
    outside_constant = 0
    while True:
        inside: Terms = {}
        for monomial, coefficient in terms.items():
            quotient, rest = divmod(coefficient, divisor)
            if quotient:
                add_into(outside, {monomial: quotient})
            if rest:
                inside[monomial] = rest
        quotient, constant = divmod(constant, divisor)
        outside_constant += quotient
        if not inside:
            return outside, outside_constant
        common = gcd(divisor, *inside.values())
        if common > 1:
            inside = {monomial: coefficient // common for monomial, coefficient in inside.items()}
            constant //= common
            divisor //= common
        absorbed = _first_floor(inside)
        if absorbed is None:
            add_into(outside, {((new_floor(inside, constant, divisor), 1),): 1})
            return outside, outside_constant
        del inside[((absorbed, 1),)]
        terms = absorbed.terms.copy()
        add_into(terms, inside, absorbed.divisor)
        constant = absorbed.constant + absorbed.divisor * constant
        divisor *= absorbed.divisor


def _first_floor(terms: Terms) -> Floor | None:
    """Return the first floor, in the order of atoms, that is a term by itself with coefficient 1."""
    floors = [
        monomial[0][0]
        for monomial, coefficient in terms.items()
        if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1
    ]
    return min((atom for atom in floors if not isinstance(atom, str)), default=None)
