"""Exact division of polynomials over the atoms."""

from __future__ import annotations

from shapecalc.dims.expression import Dim, collapsed
from shapecalc.dims.terms import Terms, add_into, multiply, order, over


def exact_quotient(a: Dim, b: Dim) -> Dim | None:
    """The dim q with q·b = a, or None where there is none (a remainder, a negative power, or b = 0).

    Floor terms count as indeterminates: 2·⌊H/2⌋ divides its own multiples, and H only its own.

    >>> from shapecalc.dims import parse
    >>> exact_quotient(parse("N*H*W - N*W"), parse("H - 1"))
    Expr('N*W')
    >>> exact_quotient(parse("16*N"), 3) is None
    True
    """
    if isinstance(b, int):
        return _by_number(a, b)
    if isinstance(a, int):
        return None if a else 0
    if len(b.terms) == 1 and not b.constant:
        return _by_monomial(a.terms, a.constant, b.terms)
    return _by_polynomial(a.terms, a.constant, b.terms, b.constant)


def _by_number(a: Dim, number: int) -> Dim | None:
    if not number:
        return None
    if isinstance(a, int):
        return None if a % number else a // number
    if a.constant % number or any(coefficient % number for coefficient in a.terms.values()):
        return None
    return collapsed({monomial: value // number for monomial, value in a.terms.items()}, a.constant // number)


def _by_monomial(terms: Terms, constant: int, divisor: Terms) -> Dim | None:
    ((monomial, coefficient),) = divisor.items()
    if constant:
        return None
    result: Terms = {}
    for dividend, value in terms.items():
        quotient = over(dividend, monomial)
        if quotient is None or value % coefficient:
            return None
        if quotient:
            result[quotient] = value // coefficient
        else:
            constant = value // coefficient
    return collapsed(result, constant)


def _by_polynomial(terms: Terms, constant: int, divisor: Terms, divisor_constant: int) -> Dim | None:
    # Graded order is kept by multiplication, so the leading term of an exact multiple is the product of the leading
    # terms, and dividing it out makes the rest smaller.
    lead = min(divisor, key=order)
    rest = terms.copy()
    result: Terms = {}
    while rest:
        highest = min(rest, key=order)
        monomial = over(highest, lead)
        if monomial is None or rest[highest] % divisor[lead]:
            return None
        coefficient = rest[highest] // divisor[lead]
        if not monomial:
            # The degrees have met: what remains is this number times the divisor, or there is no quotient.
            add_into(rest, divisor, -coefficient)
            return collapsed(result, coefficient) if not rest and constant == coefficient * divisor_constant else None
        result[monomial] = coefficient
        add_into(rest, multiply({monomial: coefficient}, 0, divisor, divisor_constant), -1)
    return collapsed(result, 0) if not constant else None
