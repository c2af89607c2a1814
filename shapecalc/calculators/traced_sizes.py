"""Integers that remember the expression that made them.

A layer's own rule, run on traced integers, gives its result together with the arithmetic that led to it: an explanation
that is not written a second time. A leaf of an expression has a name, such as `H_in`, and a value, which may be a
symbol. Comparisons are those of plain integers, so that a formula is that of the branch which the rule took.
"""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from shapecalc.dims import Dim, Expr, floor_div

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
        return self if is_constant(other, 1) else made(QUOTIENT, (self, other), plain)

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


def signed_terms(size: object) -> Iterator[tuple[int, Any]]:
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


def is_constant(size: object, value: int) -> bool:
    """Return whether an integer is a constant of the rule with this value."""
    return not isinstance(size, TracedSize) and size == value


def _added(one: Any, other: Any) -> Any:
    if is_constant(one, 0):
        return other
    if is_constant(other, 0):
        return one
    return made(SUM, (one, other), int(one) + int(other))


def _multiplied(one: Any, other: Any) -> Any:
    if is_constant(one, 1):
        return other
    if is_constant(other, 1):
        return one
    if is_constant(one, 0) or is_constant(other, 0):
        return 0
    return made(PRODUCT, (one, other), int(one) * int(other))
