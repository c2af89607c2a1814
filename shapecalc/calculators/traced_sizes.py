"""Integers that remember the expression that made them, and that expression as a formula.

A layer's own rule, run on traced integers, gives its result together with the arithmetic that led to it: an explanation
that is not written a second time. A leaf of an expression has a name, such as `H_in`, and a value, which may be a
symbol. Comparisons are those of plain integers, so that a formula is that of the branch which the rule took.
"""

from __future__ import annotations

import operator
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from shapecalc.dims import Dim, Expr, floor_div, grouped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SUM, PRODUCT, NEGATIVE, QUOTIENT, CEILING, REMAINDER, FLOOR = (
    "sum",
    "product",
    "negative",
    "quotient",
    "ceiling",
    "remainder",
    "floor",
)


class Leaf(NamedTuple):
    """A named number of a formula, the value that is shown, and a key of where it comes from."""

    name: str
    value: Dim | float
    source: tuple[Any, ...] = ()


class TracedSize(int):
    """An integer with the expression that made it: a leaf, or an operation on other integers."""

    operation: str
    parts: tuple[Any, ...]
    leaf: Leaf | None

    def __add__(self, other: Any) -> Any:
        return _added(self, other) if isinstance(other, int) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return _added(other, self) if isinstance(other, int) else NotImplemented

    def __sub__(self, other: Any) -> Any:
        return _added(self, -other) if isinstance(other, int) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return _added(other, -self) if isinstance(other, int) else NotImplemented

    def __neg__(self) -> Any:
        if self.operation == NEGATIVE:
            return self.parts[0]
        if self.operation == QUOTIENT and isinstance(self.parts[0], TracedSize) and self.parts[0].operation == NEGATIVE:
            return made(CEILING, (-self.parts[0], self.parts[1]), -int(self))
        return made(NEGATIVE, (self,), -int(self))

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, float):
            return TracedProduct(self, other)
        return _multiplied(self, other) if isinstance(other, int) else NotImplemented

    def __rmul__(self, other: Any) -> Any:
        return _multiplied(other, self) if isinstance(other, int) else NotImplemented

    def __floordiv__(self, other: Any) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        plain = int(self) // int(other)
        return self if _is_plain(other, 1) else made(QUOTIENT, (self, other), plain)

    def __rfloordiv__(self, other: Any) -> Any:
        return made(QUOTIENT, (other, self), int(other) // int(self)) if isinstance(other, int) else NotImplemented

    def __mod__(self, other: Any) -> Any:
        return made(REMAINDER, (self, other), int(self) % int(other)) if isinstance(other, int) else NotImplemented

    def __rmod__(self, other: Any) -> Any:
        return made(REMAINDER, (other, self), int(other) % int(self)) if isinstance(other, int) else NotImplemented

    def __pow__(self, power: Any, modulus: Any = None) -> Any:
        result: Any = 1
        for _ in range(power):
            result = result * self
        return result

    def __abs__(self) -> Any:
        return -self if self < 0 else self

    def __floor__(self) -> Any:
        return self

    def __pos__(self) -> Any:
        return self

    def __reduce__(self) -> Any:
        return int, (int(self),)


class TracedFactor(float):
    """A factor with a point, such as a `scale_factor`, as a leaf."""

    leaf: Leaf

    def __new__(cls, leaf: Leaf) -> Self:
        """Return the value of a leaf, with the leaf."""
        assert isinstance(leaf.value, float)
        self = super().__new__(cls, leaf.value)
        self.leaf = leaf
        return self


class TracedProduct(float):
    """The product of a traced integer and a factor with a point, of which a rule takes the floor."""

    size: Any
    factor: float

    def __new__(cls, size: Any, factor: float) -> Self:
        """Return the product in float64, with its factors."""
        self = super().__new__(cls, float(int(size)) * float(factor))
        self.size, self.factor = size, factor
        return self

    def __floor__(self) -> Any:
        return made(FLOOR, (self.size, self.factor), int(float(self) // 1))


def leaf(name: str, value: Dim, source: tuple[Any, ...] = (), *, stand_in: int | None = None) -> TracedSize:
    """Return a leaf; a symbolic value is computed with as the integer `stand_in`."""
    number = value if isinstance(value, int) else stand_in
    assert number is not None, name
    size = int.__new__(TracedSize, int(number))
    size.operation, size.parts, size.leaf = "", (), Leaf(name, value, source)
    return size


def made(operation: str, parts: tuple[Any, ...], value: int) -> TracedSize:
    """Return the result of an operation."""
    size = int.__new__(TracedSize, value)
    size.operation, size.parts, size.leaf = operation, parts, None
    return size


def leaves(size: object) -> dict[Leaf, None]:
    """Return the leaves of an expression, in the order of the formula."""
    named: dict[Leaf, None] = {}
    todo = [size]
    while todo:
        each = todo.pop()
        if isinstance(each, TracedSize):
            if each.leaf is not None:
                named.setdefault(each.leaf)
            todo += reversed(each.parts)
        elif isinstance(each, TracedFactor):
            named.setdefault(each.leaf)
    return named


def value_of(size: object) -> Dim:
    """Return the value of an expression at the values of its leaves, which may be symbols.

    >>> from shapecalc.dims import symbol
    >>> value_of((leaf("H_in", symbol("H"), stand_in=8) - 3) // 2 + 1)
    Expr('(H - 1)//2')
    """
    if not isinstance(size, TracedSize):
        assert isinstance(size, int | Expr)
        return size
    if size.leaf is not None:
        assert not isinstance(size.leaf.value, float)  # a factor is not an integer
        return size.leaf.value
    if size.operation == FLOOR:
        exact = Fraction(size.parts[1])
        return floor_div(value_of(size.parts[0]) * exact.numerator, exact.denominator)
    first, *others = map(value_of, flat(size) if size.operation in (SUM, PRODUCT) else size.parts)
    for other in others:
        first = _OPERATIONS[size.operation](first, other)
    return -first if size.operation == NEGATIVE else first


_OPERATIONS: dict[str, Callable[[Any, Any], Dim]] = {
    SUM: operator.add,
    PRODUCT: operator.mul,
    QUOTIENT: operator.floordiv,
    CEILING: lambda dividend, divisor: -(-dividend // divisor),
    REMAINDER: operator.mod,
}


def flat(size: TracedSize) -> Iterator[Any]:
    """Yield the terms of a sum, or the factors of a product, those of inner ones in place of them."""
    todo: list[Any] = [size]
    while todo:
        each = todo.pop()
        if isinstance(each, TracedSize) and each.operation == size.operation:
            todo += reversed(each.parts)
        else:
            yield each


def in_names(size: object) -> str:
    """Return the formula with the names of its leaves: the rule.

    >>> n, f = leaf("H_in", 32), leaf("kernel_size", 5)
    >>> in_names((n - 1 * (f - 1) - 1) // 1 + 1), in_numbers((n - 1 * (f - 1) - 1) // 1 + 1)
    ('H_in − kernel_size + 1', '32 − 5 + 1')
    """
    return _BY_NAME.written(size, loose=True)


def in_numbers(size: object) -> str:
    """Return the formula with the values of its leaves.

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
        for sign, term in _signed_terms(size):
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
        exact = isinstance(dividend, TracedSize) and dividend.leaf is not None and int(dividend) % int(divisor) == 0
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


def _signed_terms(size: object) -> Iterator[tuple[int, Any]]:
    """Yield the terms of a sum with their signs, those within a negative sum too."""
    todo = [(1, size)]
    while todo:
        sign, each = todo.pop()
        if isinstance(each, TracedSize) and each.operation == NEGATIVE:
            todo.append((-sign, each.parts[0]))
        elif isinstance(each, TracedSize) and each.operation == SUM:
            todo += [(sign, part) for part in reversed(each.parts)]
        else:
            yield sign, each


def _ceiling(dividend: Any, divisor: Any) -> Any:
    """Return what is divided if a floor is that of (a + d − 1)/d, which rounds a/d up; None if it is not."""
    if not isinstance(dividend, TracedSize) or dividend.operation != SUM:
        return None
    added = list(_signed_terms(dividend))
    if isinstance(divisor, TracedSize) and divisor.leaf is not None:
        marks = [place for place, (sign, term) in enumerate(added) if sign == 1 and _is_leaf(term, divisor.leaf)]
        ones = [place for place, (sign, term) in enumerate(added) if _is_plain(term, -sign)]
        if not marks or not ones:
            return None
        rest = [each for place, each in enumerate(added) if place not in (marks[0], ones[0])]
    elif not isinstance(divisor, TracedSize):
        places = [place for place, (sign, term) in enumerate(added) if _is_plain(term, sign * (divisor - 1))]
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


def _is_plain(size: object, value: int) -> bool:
    """Return whether an integer is a constant of the rule with this value."""
    return not isinstance(size, TracedSize) and size == value


def _plain(size: object) -> str:
    assert isinstance(size, int | Expr)
    return grouped(size).replace("-", "−")


def _added(one: Any, other: Any) -> Any:
    if _is_plain(one, 0):
        return other
    if _is_plain(other, 0):
        return one
    return made(SUM, (one, other), int(one) + int(other))


def _multiplied(one: Any, other: Any) -> Any:
    if _is_plain(one, 1):
        return other
    if _is_plain(other, 1):
        return one
    if _is_plain(one, 0) or _is_plain(other, 0):
        return 0
    return made(PRODUCT, (one, other), int(one) * int(other))
