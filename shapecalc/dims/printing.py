"""Expressions as text: ASCII that `parse` reads, typographic, and LaTeX.

Leading terms come first, symbols are alphabetical, floors follow symbols. The text is factored if that is shorter (see
`factoring.py`): `N*((H - 4)//2)` for the normal form N·⌊H/2⌋ − 2·N. It depends on the normal form alone, and parsing it
returns the normal form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.dims.terms import order

if TYPE_CHECKING:
    from shapecalc.dims.terms import Floor, Monomial, Terms

_CHUNK = 4_000  # digits; Python refuses to write more than 4,300 at once


class _Ascii:
    """The style of `str(expr)`; the other two styles override parts of it."""

    minus = "-"
    times = "*"

    def name(self, name: str) -> str:
        return name

    def power(self, base: str, power: int) -> str:
        return f"{base}**{power}"

    def parenthesised(self, text: str) -> str:
        return f"({text})"

    def floor(self, floor: Floor, *, alone: bool) -> str:
        numerator = self.numerator(floor)
        text = f"{numerator if _is_bare(floor) else f'({numerator})'}//{decimal(floor.divisor)}"
        return text if alone else f"({text})"

    def numerator(self, floor: Floor) -> str:
        return _sum(self, floor.terms, floor.constant)


class _Pretty(_Ascii):
    minus = "−"
    times = "·"
    digits = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

    def power(self, base: str, power: int) -> str:
        return base + str(power).translate(self.digits)

    def floor(self, floor: Floor, *, alone: bool) -> str:  # noqa: ARG002  # needs no parentheses
        numerator = self.numerator(floor)
        return f"⌊{numerator if _is_bare(floor) else f'({numerator})'}/{decimal(floor.divisor)}⌋"


class _Latex(_Ascii):
    times = r" \, "

    def name(self, name: str) -> str:
        escaped = name.replace("_", r"\_")
        return name if len(name) == 1 and name != "_" else rf"\mathit{{{escaped}}}"

    def power(self, base: str, power: int) -> str:
        return f"{base}^{{{power}}}"

    def parenthesised(self, text: str) -> str:
        return rf"\left({text}\right)"

    def floor(self, floor: Floor, *, alone: bool) -> str:  # noqa: ARG002  # as above
        return rf"\left\lfloor \frac{{{self.numerator(floor)}}}{{{decimal(floor.divisor)}}} \right\rfloor"


_ASCII, _PRETTY, _LATEX = _Ascii(), _Pretty(), _Latex()


def ascii_text(terms: Terms, constant: int) -> str:
    """Return the sum as `parse` reads it: `16*N*((H - 4)//2)`."""
    return _sum(_ASCII, terms, constant)


def pretty_text(terms: Terms, constant: int) -> str:
    """Return the sum in typographic form: `16·N·⌊(H − 4)/2⌋`."""
    return _sum(_PRETTY, terms, constant)


def latex_text(terms: Terms, constant: int) -> str:
    """Return the sum in LaTeX's math mode."""
    return _sum(_LATEX, terms, constant)


def decimal(number: int) -> str:
    """Return all digits of an integer, of any length: `str` refuses more than 4,300."""
    if number.bit_length() < 3 * _CHUNK:
        return str(number)
    if number < 0:
        return "-" + decimal(-number)
    high, low = divmod(number, 10**_CHUNK)
    chunks = [low]
    while high:
        high, low = divmod(high, 10**_CHUNK)
        chunks.append(low)
    return str(chunks.pop()) + "".join(str(chunk).zfill(_CHUNK) for chunk in reversed(chunks))


def _is_bare(floor: Floor) -> bool:
    """Return whether the numerator is one symbol, which needs no parentheses."""
    if floor.constant or len(floor.terms) > 1:
        return False
    ((monomial, coefficient),) = floor.terms.items()
    return coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1  # a single floor would have been absorbed


def _sum(style: _Ascii, terms: Terms, constant: int) -> str:
    from shapecalc.dims.factoring import factored  # noqa: PLC0415  # needed to print, not to compute

    terms, constant = factored(terms, constant)
    pieces: list[str] = []
    for monomial in sorted(terms, key=order):
        coefficient = terms[monomial]
        negative = coefficient < 0
        if pieces:
            pieces.append(f" {style.minus} " if negative else " + ")
        elif negative:
            pieces.append(style.minus)
        # `-H//2` is read as (−H)//2, so a floor after a leading minus needs parentheses.
        pieces.append(_product(style, monomial, abs(coefficient), alone=not negative or len(pieces) > 1))
    if constant:
        pieces.append(f" {style.minus if constant < 0 else '+'} {decimal(abs(constant))}")
    return "".join(pieces)


def _product(style: _Ascii, monomial: Monomial, coefficient: int, *, alone: bool) -> str:
    factors = [] if coefficient == 1 else [decimal(coefficient)]
    alone = alone and coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1
    for atom, power in monomial:
        if isinstance(atom, str):
            base = style.name(atom)
        elif atom.divisor == 1:  # a sum that became a factor
            base = style.parenthesised(_plain(style, atom))
        else:
            base = style.floor(atom, alone=alone)
        factors.append(base if power == 1 else style.power(base, power))
    return style.times.join(factors)


def _plain(style: _Ascii, shifted: Floor) -> str:
    """Return a factor such as H − 4, in that order."""
    ((monomial, _),) = shifted.terms.items()
    sign = style.minus if shifted.constant < 0 else "+"
    return f"{_product(style, monomial, 1, alone=True)} {sign} {decimal(abs(shifted.constant))}"
