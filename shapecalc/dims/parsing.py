"""Text to dim: the grammar that `str(expr)` writes.

Sums of products of powers, with `+ - * // % **`, parentheses, integers and names; precedence as in Python. Operators
wait on an explicit stack (Dijkstra's shunting yard), so no nesting of the text reaches Python's recursion limit.

Every step is charged for the terms that it touches against a budget that grows with the text, so a text takes time in
proportion to its length. Sums are added up in place, or a long one would copy itself at every `+`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shapecalc.dims.expression import Dim, collapsed, floor_div, symbol
from shapecalc.dims.terms import add_into

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.dims.expression import Expr
    from shapecalc.dims.terms import Floor

MAX_LENGTH = 1_000_000  # characters
MAX_DIGITS = 20_000  # of one number, written or computed
_CHUNK = 4_000  # digits; Python refuses to read more than 4,300 at once
_BITS = MAX_DIGITS * 4
_TOO_LONG = f"a number expects at most {MAX_DIGITS} digits, one in a result has more"
_LEAST_BUDGET = 200_000  # terms

_DIGITS = frozenset("0123456789")
_NAME_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")
_NAME = _NAME_START | _DIGITS
_SIGNS = ("**", "//", "+", "-", "*", "%", "(", ")")

# How tightly an operator binds; `neg` is the sign before an operand, which binds as in Python: -H**2 = -(H**2).
_BINDING = {"+": 1, "-": 1, "*": 2, "//": 2, "%": 2, "neg": 3, "**": 4}

Lexeme: TypeAlias = "tuple[str, str, int]"  # kind ("number", "name", "sign" or "end"), text, column from 1


class DimSyntaxError(ValueError):
    """Text that is no dim; `column` counts characters from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column

    def __str__(self) -> str:
        return f"{self.message} (column {self.column})"

    def __reduce__(self) -> tuple[type[DimSyntaxError], tuple[str, int]]:
        return DimSyntaxError, (self.message, self.column)


def parse(text: str) -> Dim:
    """The dim that the text writes, in normal form.

    Raises `DimSyntaxError` with the column where the text is not in the grammar, divides by something that is not
    sure to divide it, or describes an expression too large to keep.

    >>> parse("(H + 32) // 32")
    Expr('(H + 32)//32')
    >>> parse("2*(3 + 4)")
    14
    """
    if len(text) > MAX_LENGTH:
        raise DimSyntaxError(f"an expression expects at most {MAX_LENGTH} characters, receives {len(text)}", 1)
    reader = _Reader(len(text))
    for kind, word, column in _lexemes(text):
        if reader.expects_operand:
            reader.take_operand(kind, word, column)
        else:
            reader.take_operator(kind, word, column)
    return reader.settled(reader.operands[0])


class _Sum:
    """A sum that is still being added up; nobody else holds its terms."""

    __slots__ = ("constant", "terms")

    def __init__(self, first: Dim) -> None:
        self.terms = {} if isinstance(first, int) else first.terms.copy()
        self.constant = first if isinstance(first, int) else first.constant


class _Reader:
    """The stacks of the shunting yard."""

    def __init__(self, length: int) -> None:
        self.operands: list[Dim | _Sum] = []
        self.operators: list[tuple[str, int]] = []
        self.expects_operand = True
        self.budget = _LEAST_BUDGET + 10 * length

    def take_operand(self, kind: str, word: str, column: int) -> None:
        """Take a number, a name, a sign before an operand, or `(`."""
        if kind == "number":
            self.operands.append(_number(word, column))
            self.expects_operand = False
        elif kind == "name":
            self.operands.append(symbol(word))
            self.expects_operand = False
        elif word == "-":
            self.operators.append(("neg", column))
        elif word == "(":
            self.operators.append((word, column))
        elif word != "+":
            raise DimSyntaxError(f"{_named(kind, word)} stands where a number, a name or `(` is expected", column)

    def take_operator(self, kind: str, word: str, column: int) -> None:
        """Take an operator between two operands, `)` or the end."""
        if kind == "sign" and word in _BINDING:
            self.apply_down_to(_BINDING[word], right=word == "**")
            self.operators.append((word, column))
            self.expects_operand = True
            return
        if kind != "end" and word != ")":
            raise DimSyntaxError(f"{_named(kind, word)} stands where an operator is expected", column)
        self.apply_down_to(0)
        if kind == "end":
            if self.operators:
                raise DimSyntaxError("`(` is never closed", self.operators[-1][1])
        elif not self.operators:
            raise DimSyntaxError("`)` closes nothing", column)
        else:
            self.operators.pop()

    def apply_down_to(self, binding: int, *, right: bool = False) -> None:
        """Apply the waiting operators that bind at least as tightly, back to the last open parenthesis."""
        while self.operators and self.operators[-1][0] != "(":
            name, column = self.operators[-1]
            if _BINDING[name] < binding or (right and _BINDING[name] == binding):
                return
            self.operators.pop()
            try:
                self.apply(name)
            except (ValueError, ZeroDivisionError) as error:
                raise DimSyntaxError(str(error), column) from None

    def apply(self, name: str) -> None:
        """Put the result of an operator in the place of its operands."""
        b = self.settled(self.operands.pop())
        if name == "neg":
            self.charge(_weight(b))
            self.operands.append(-b)
        elif name in {"+", "-"}:
            self.operands.append(self.added(self.operands.pop(), b, 1 if name == "+" else -1))
        else:
            self.operands.append(self.applied(name, self.settled(self.operands.pop()), b))

    def added(self, a: Dim | _Sum, b: Dim, sign: int) -> _Sum:
        """The sum a ± b, in place where a is one already."""
        self.charge(_weight(b))
        if not isinstance(a, _Sum):
            self.charge(_weight(a))
            a = _Sum(a)
        if isinstance(b, int):
            a.constant += sign * b
        else:
            a.constant += sign * b.constant
            add_into(a.terms, b.terms, sign)
        return a

    def applied(self, name: str, a: Dim, b: Dim) -> Dim:
        """The result of any other operator."""
        if name == "*":
            return self.multiplied(a, b)
        if name == "**":
            return self.power(a, b)
        self.charge(_weight(a) * _weight(b))
        if isinstance(b, int):
            quotient = floor_div(a, b)
            if _divisor_bits(quotient) > _BITS:
                raise ValueError(_TOO_LONG)
            return quotient if name == "//" else a - quotient * b
        if name == "//":
            return a // b
        raise ValueError(f"`%` expects a positive number on its right, receives `{b}`")

    def multiplied(self, a: Dim, b: Dim) -> Dim:
        """The product, refused where its numbers grow beyond all use."""
        bits = _bits(a) + _bits(b)
        if bits > _BITS:
            raise ValueError(_TOO_LONG)
        self.charge(_weight(a) * _weight(b) * (1 + bits // 256))
        return a * b

    def power(self, base: Dim, exponent: Dim) -> Dim:
        """The power, multiplied out step by step where the base is a sum, so that each step is charged."""
        if not isinstance(exponent, int) or exponent < 0:
            raise ValueError(f"`**` expects a number of 0 or more on its right, receives `{exponent}`")
        bits = exponent * _bits(base)
        if bits > _BITS:
            raise ValueError(_TOO_LONG)
        if isinstance(base, int) or (len(base.terms) == 1 and not base.constant):
            self.charge(1 + bits // 16)
            return base**exponent
        result: Dim = 1
        for _ in range(exponent):
            result = self.multiplied(base, result)
        return result

    def settled(self, operand: Dim | _Sum) -> Dim:
        """The operand as a dim; a sum is complete then."""
        return collapsed(operand.terms, operand.constant) if isinstance(operand, _Sum) else operand

    def charge(self, work: int) -> None:
        """Take the work off the budget."""
        self.budget -= work
        if self.budget < 0:
            raise ValueError("an expression of this length expects to need less work than this one")


def _named(kind: str, word: str) -> str:
    return "the end" if kind == "end" else f"`{word[:40]}`"


def _lexemes(text: str) -> Iterator[Lexeme]:
    at, length = 0, len(text)
    while at < length:
        start, character = at, text[at]
        if character in " \t":
            at += 1
            continue
        if character in _DIGITS or character in _NAME_START:
            kind, allowed = ("number", _DIGITS) if character in _DIGITS else ("name", _NAME)
            while at < length and text[at] in allowed:
                at += 1
            yield kind, text[start:at], start + 1
            continue
        sign = next((sign for sign in _SIGNS if text.startswith(sign, at)), None)
        if sign is None:
            hint = ", whole division is written `//`" if character == "/" else ""
            raise DimSyntaxError(f"{character!r} has no meaning in a dimension{hint}", start + 1)
        yield "sign", sign, start + 1
        at += len(sign)
    yield "end", "", length + 1


def _number(digits: str, column: int) -> int:
    if len(digits) > MAX_DIGITS:
        raise DimSyntaxError(f"a number expects at most {MAX_DIGITS} digits, receives {len(digits)}", column)
    value = 0
    for start in range(0, len(digits), _CHUNK):
        chunk = digits[start : start + _CHUNK]
        value = value * 10 ** len(chunk) + int(chunk)
    return value


def _bits(dim: Dim) -> int:
    """Bits of the longest number in a dim, at least 1."""
    numbers = [dim] if isinstance(dim, int) else [dim.constant, *dim.terms.values()]
    return max(1, *(number.bit_length() for number in numbers))


def _weight(dim: Dim) -> int:
    """Terms that an operation touches, those right inside of floors included; a long divisor counts as several."""
    if isinstance(dim, int):
        return 1
    return 1 + len(dim.terms) + sum(len(floor.terms) + floor.divisor.bit_length() // 256 for floor in _floors(dim))


def _divisor_bits(dim: Dim) -> int:
    return 0 if isinstance(dim, int) else max((floor.divisor.bit_length() for floor in _floors(dim)), default=0)


def _floors(expr: Expr) -> Iterator[Floor]:
    return (atom for monomial in expr.terms for atom, _ in monomial if not isinstance(atom, str))
