"""Exact division of polynomials over the atoms."""

from __future__ import annotations

from shapecalc.dims.terms import Terms, add_into, multiply, order, over

Quotient = tuple[Terms, int]
"""Terms and constant of an exact quotient."""


def by_number(terms: Terms, constant: int, number: int) -> Quotient | None:
    """Return (terms + constant)/number; None if a coefficient leaves a remainder, or the number is 0."""
    if not number or constant % number or any(coefficient % number for coefficient in terms.values()):
        return None
    return {monomial: value // number for monomial, value in terms.items()}, constant // number


def by_polynomial(terms: Terms, constant: int, divisor: Terms, divisor_constant: int) -> Quotient | None:
    """Return the quotient by a polynomial of at least one term; None if there is a remainder or a negative power."""
    if len(divisor) == 1 and not divisor_constant:
        return None if constant else _by_monomial(terms, divisor)
    # Multiplication preserves graded order, so the leading term of an exact multiple is the product of the leading
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
            # The degrees are equal: the rest is this number times the divisor, or no quotient exists.
            add_into(rest, divisor, -coefficient)
            return (result, coefficient) if not rest and constant == coefficient * divisor_constant else None
        result[monomial] = coefficient
        add_into(rest, multiply({monomial: coefficient}, 0, divisor, divisor_constant), -1)
    return None if constant else (result, 0)


def _by_monomial(terms: Terms, divisor: Terms) -> Quotient | None:
    ((monomial, coefficient),) = divisor.items()
    result: Terms = {}
    constant = 0
    for dividend, value in terms.items():
        quotient = over(dividend, monomial)
        if quotient is None or value % coefficient:
            return None
        if quotient:
            result[quotient] = value // coefficient
        else:
            constant = value // coefficient
    return result, constant
