"""Substitution of numbers or other expressions for symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.dims.expression import Dim, collapsed, floor_div
from shapecalc.dims.terms import Floor, add_into

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.dims.terms import Atom, Terms


def evaluate(dim: Dim, bindings: Mapping[str, Dim]) -> Dim:
    """Return the dim in normal form with the bound symbols replaced; unbound symbols stay.

    >>> from shapecalc.dims import parse
    >>> evaluate(parse("N*((H + 31)//32)"), {"H": 224})
    Expr('7*N')
    >>> evaluate(parse("(H + 31)//32"), {"H": parse("32*K")})
    Expr('K')
    """
    if isinstance(dim, int):
        return dim
    return _substituted(dim.terms, dim.constant, bindings, {})


def _substituted(terms: Terms, constant: int, bindings: Mapping[str, Dim], known: dict[Atom, Dim | None]) -> Dim:
    """Return the sum after substitution; `known` caches the value of each atom (None if it stays)."""
    total: Terms = {}
    for monomial, coefficient in terms.items():
        value: Dim = coefficient
        rest = []
        for factor in monomial:
            atom, power = factor
            if atom in known:
                replaced = known[atom]
            else:
                replaced = known[atom] = bindings.get(atom) if isinstance(atom, str) else _floor(atom, bindings, known)
            if replaced is None:
                rest.append(factor)
            else:
                value = value * (replaced if power == 1 else replaced**power)
        if rest:
            value = value * collapsed({tuple(rest): 1}, 0)
        if isinstance(value, int):
            constant += value
        else:
            constant += value.constant
            add_into(total, value.terms)
    return collapsed(total, constant)


def _floor(floor: Atom, bindings: Mapping[str, Dim], known: dict[Atom, Dim | None]) -> Dim | None:
    assert type(floor) is Floor
    if not any(name in bindings for name in floor.symbols):
        return None
    return floor_div(_substituted(floor.terms, floor.constant, bindings, known), floor.divisor)
