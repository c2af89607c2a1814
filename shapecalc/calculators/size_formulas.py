"""Formulas of traced integers as text, in names or in numbers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

from shapecalc.calculators.traced_sizes import (
    CEILING,
    FLOOR,
    NEGATIVE,
    PRODUCT,
    QUOTIENT,
    REMAINDER,
    SUM,
    Leaf,
    TracedFactor,
    TracedSize,
    flat,
    is_constant,
    leaves,
    signed_terms,
)
from shapecalc.dims import Expr, grouped

if TYPE_CHECKING:
    from collections.abc import Callable


def in_names(size: object) -> str:
    """Return the formula with the names of its leaves: the rule.

    >>> from shapecalc.calculators.traced_sizes import leaf
    >>> n, f = leaf("H_in", 32), leaf("kernel_size", 5)
    >>> in_names((n - 1 * (f - 1) - 1) // 1 + 1), in_numbers((n - 1 * (f - 1) - 1) // 1 + 1)
    ('H_in − kernel_size + 1', '32 − 5 + 1')
    """
    return _BY_NAME.written(size, loose=True)


def in_numbers(size: object) -> str:
    """Return the formula with the values of its leaves.

    >>> from shapecalc.calculators.traced_sizes import leaf
    >>> rows, s = leaf("rows", 7), leaf("stride", 2)
    >>> in_numbers((rows - 3) // s), in_numbers(rows * (rows + s))
    ('⌊(7 − 3)/2⌋', '7·(7 + 2)')
    """
    return _FormulaWriter(_number).written(size, loose=True)


def factor_text(factor: float) -> str:
    """Return a factor with all its digits.

    >>> factor_text(1.5), factor_text(2.0), factor_text(1 / 3)
    ('1.5', '2', '0.3333333333333333')
    """
    return repr(float(factor)).removesuffix(".0")


def _number(each: Leaf) -> str:
    if isinstance(each.value, float):
        return factor_text(each.value)
    text = grouped(each.value).replace("-", "−")
    return f"({text})" if text.startswith("−") or " " in _outside(text) else text


def _outside(text: str) -> str:
    """Return the characters of a formula outside of all brackets."""
    depth = 0
    outside = []
    for character in text:
        depth -= character in ")⌋⌉"
        if not depth:
            outside.append(character)
        depth += character in "(⌊⌈"
    return "".join(outside)


class _FormulaWriter:
    """The text of expressions, with a text for each leaf."""

    __slots__ = ("_text",)

    def __init__(self, text: Callable[[Leaf], str]) -> None:
        self._text = text

    def written(self, size: object, *, loose: bool = False) -> str:
        """Return an expression; a sum is in parentheses unless it is `loose`: nothing around it binds tighter."""
        if not isinstance(size, TracedSize):
            return _plain(size)
        if size.leaf is not None:
            return self._text(size.leaf)
        text = self._writers[size.operation](self, size)
        binds = size.operation not in (SUM, NEGATIVE, REMAINDER) or " " not in text
        return text if loose or binds else f"({text})"

    def _remainder(self, size: TracedSize) -> str:
        return " mod ".join(self._factor(part) for part in size.parts)

    def _floor(self, size: TracedSize) -> str:
        number, factor = size.parts
        scale = self._text(factor.leaf) if isinstance(factor, TracedFactor) else factor_text(factor)
        return f"⌊{self.written(number)}·{scale}⌋"

    def _sum(self, size: TracedSize) -> str:
        """Return a sum with its constants added up, and equal terms written once with their number."""
        constant = 0
        counts: Counter[tuple[str, int]] = Counter()
        texts: dict[tuple[str, int], str] = {}
        for sign, term in signed_terms(size):
            if isinstance(term, TracedSize):
                name, text = _BY_NAME.written(term), self.written(term)
                negative = name.startswith("−")  # a product with a negative constant
                key = name[negative:], int(term)
                texts[key] = text[negative:]
                counts[key] += -sign if negative else sign
            else:
                constant += sign * int(term)
        each = [(count, texts[key]) for key, count in counts.items() if count]
        terms = [(count, text if abs(count) == 1 else f"{abs(count)}·{text}") for count, text in each]
        terms.sort(key=lambda each: each[0] < 0)
        if constant or not terms:
            terms.append((constant, f"{abs(constant):,}"))
        (sign, first), *others = terms
        rest = "".join(f" {'−' if sign < 0 else '+'} {text}" for sign, text in others)
        return f"{'−' if sign < 0 else ''}{first}{rest}"

    def _product(self, size: TracedSize) -> str:
        constant = 1
        factors = []
        for factor in flat(size):
            if isinstance(factor, TracedSize):
                factors.append(self.written(factor))
            else:
                constant *= int(factor)
        return "·".join([_plain(constant), *factors] if constant != 1 or not factors else factors)

    def _quotient(self, size: TracedSize) -> str:
        dividend, divisor = size.parts
        rounded_up = dividend if size.operation == CEILING else _ceiling(dividend, divisor)
        if rounded_up is not None:
            return f"⌈{self._fraction(rounded_up, divisor)}⌉"
        text = self._fraction(dividend, divisor)
        is_leaf = isinstance(dividend, TracedSize) and dividend.leaf is not None
        known = not any(isinstance(each.value, Expr) for each in leaves(size))
        exact = is_leaf and known and int(dividend) % int(divisor) == 0
        return text if exact else f"⌊{text}⌋"

    def _fraction(self, dividend: object, divisor: object) -> str:
        return f"{self.written(dividend)}/{self._factor(divisor)}"

    def _factor(self, size: object) -> str:
        """Return an expression next to a sign that binds as tightly as a product's."""
        text = self.written(size)
        outside = _outside(text)
        return f"({text})" if text.startswith("−") or "·" in outside or "/" in outside else text

    _writers: ClassVar[dict[str, Callable[[_FormulaWriter, TracedSize], str]]] = {
        SUM: _sum,
        NEGATIVE: _sum,
        PRODUCT: _product,
        QUOTIENT: _quotient,
        CEILING: _quotient,
        REMAINDER: _remainder,
        FLOOR: _floor,
    }


_BY_NAME = _FormulaWriter(lambda each: each.name)


def _ceiling(dividend: Any, divisor: Any) -> Any:
    """Return what is divided if a floor is that of (a + d − 1)/d, which rounds a/d up; None if it is not."""
    if not isinstance(dividend, TracedSize) or dividend.operation != SUM:
        return None
    added = list(signed_terms(dividend))
    if isinstance(divisor, TracedSize) and divisor.leaf is not None:
        marks = [place for place, (sign, term) in enumerate(added) if sign == 1 and _is_leaf(term, divisor.leaf)]
        ones = [place for place, (sign, term) in enumerate(added) if is_constant(term, -sign)]
        if not marks or not ones:
            return None
        rest = [each for place, each in enumerate(added) if place not in (marks[0], ones[0])]
    elif not isinstance(divisor, TracedSize):
        places = [place for place, (sign, term) in enumerate(added) if is_constant(term, sign * (divisor - 1))]
        if divisor == 1 or not places:
            return None
        rest = [each for place, each in enumerate(added) if place != places[0]]
    else:
        return None
    total: Any = 0
    for sign, term in rest:
        total = total + (term if sign > 0 else -term)
    return total


def _is_leaf(size: object, wanted: Leaf) -> bool:
    return isinstance(size, TracedSize) and size.leaf == wanted


def _plain(size: object) -> str:
    assert isinstance(size, int | Expr)
    return grouped(size).replace("-", "−")
