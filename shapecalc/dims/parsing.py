"""The parser of dims, for the grammar of `str(expr)`.

Sums of products of powers, with `+ - * // % **`, parentheses, integers and names; precedence as in Python.

Every step is charged for the terms that it touches against a budget proportional to the length of the text, so that
time is linear in it. Sums are added up in place: copies at every `+` would take quadratic time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from shapecalc.dims.expression import Dim, collapsed, floor_div, symbol
from shapecalc.dims.reader import Reader
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


class DimSyntaxError(ValueError):
    """An error for text that is not a dim; `column` counts characters from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column

    def __str__(self) -> str:
        return f"{self.message} (column {self.column})"

    def __reduce__(self) -> tuple[type[DimSyntaxError], tuple[str, int]]:
        return DimSyntaxError, (self.message, self.column)


def parse(text: str) -> Dim:
    """Return the dim that the text describes, in normal form.

    Raises `DimSyntaxError` with the column if the text is not in the grammar, contains a division by an expression that
    is not exact, or describes an expression beyond the limits.

    >>> parse("(H + 32) // 32")
    Expr('(H + 32)//32')
    >>> parse("2*(3 + 4)")
    14
    """
    if len(text) > MAX_LENGTH:
        raise DimSyntaxError(f"an expression expects at most {MAX_LENGTH} characters, receives {len(text)}", 1)
    reader = _Reader(text)
    return reader.settled(reader.read())


class _Sum:
    """A sum that is still being added up; its terms are not shared."""

    __slots__ = ("constant", "terms")

    def __init__(self, first: Dim) -> None:
        self.terms = {} if isinstance(first, int) else first.terms.copy()
        self.constant = first if isinstance(first, int) else first.constant


class _Reader(Reader["Dim | _Sum"]):
    """The reader of dims; the sign before an operand binds as in Python: -H**2 = -(H**2)."""

    pattern: ClassVar = re.compile(
        r"[ \t]*(?:(?P<number>[0-9]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>\*\*|//|[-+*%()])"
        r"|(?P<end>\Z)|(?P<other>.))",
        re.DOTALL,
    )
    infix: ClassVar = {"+": 1, "-": 1, "*": 2, "//": 2, "%": 2, "**": 4}
    prefix: ClassVar = {"+": 3, "-": 3, "(": 0}
    from_the_right: ClassVar = frozenset({"**"})

    def __init__(self, text: str) -> None:
        super().__init__(text, lazy=True)
        self.budget = _LEAST_BUDGET + 10 * len(text)

    def operand(self) -> Dim:
        """Read a number or a name."""
        if self.kind == "name":
            dim: Dim = symbol(self.text)
        elif self.kind == "number":
            dim = _number(self.text, self.start + 1)
        else:
            raise self.unexpected("a number, a name or `(`")
        self.advance()
        return dim

    def unreadable(self, text: str, start: int) -> DimSyntaxError:
        """Return the error for a character that is not a token."""
        hint = ", whole division is written `//`" if text == "/" else ""
        return self.error(f"{text!r} has no meaning in a dimension{hint}", start)

    def unexpected(self, expected: str) -> DimSyntaxError:
        """Return the error for the next token."""
        named = f"`{self.text[:40]}`" if self.text else "the end"
        return self.error(f"{named} stands where {expected} is expected", self.start)

    def misplaced(self) -> DimSyntaxError:
        """Return the error for a token after an operand."""
        if self.text == ")":
            return self.error("`)` closes nothing", self.start)
        return self.unexpected("an operator") if self.text else self.error("`(` is never closed", self.pending[-1][2])

    def error(self, message: str, start: int, stop: int = 0) -> DimSyntaxError:  # noqa: ARG002 - the error has no end
        """Return an error at `start`."""
        return DimSyntaxError(message, start + 1)

    def apply(self, sign: str, start: int, operands: int) -> None:
        """Replace the operands by the result of the operator."""
        if operands == 1 and sign == "+":
            return
        try:
            b = self.settled(self.values.pop())
            if operands == 1:
                self.charge(_weight(b))
                self.values.append(-b)
            elif sign in "+-":
                self.values.append(self.added(self.values.pop(), b, 1 if sign == "+" else -1))
            else:
                self.values.append(self.applied(sign, self.settled(self.values.pop()), b))
        except (ValueError, ZeroDivisionError) as error:
            raise self.error(str(error), start) from None

    def added(self, a: Dim | _Sum, b: Dim, sign: int) -> _Sum:
        """Return the sum a ± b, computed in place if a is a `_Sum`."""
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
        """Return the result of any other operator."""
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
        """Return the product; raise `ValueError` if its numbers are too long."""
        bits = _bits(a) + _bits(b)
        if bits > _BITS:
            raise ValueError(_TOO_LONG)
        self.charge(_weight(a) * _weight(b) * (1 + bits // 256))
        return a * b

    def power(self, base: Dim, exponent: Dim) -> Dim:
        """Return the power; that of a sum is multiplied step by step, so that each step is charged."""
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
        """Return the operand as a dim."""
        return collapsed(operand.terms, operand.constant) if isinstance(operand, _Sum) else operand

    def charge(self, work: int) -> None:
        """Subtract the work from the budget; raise `ValueError` if it is exceeded."""
        self.budget -= work
        if self.budget < 0:
            raise ValueError("an expression of this length expects to need less work than this one")


def _number(digits: str, column: int) -> int:
    if len(digits) > MAX_DIGITS:
        raise DimSyntaxError(f"a number expects at most {MAX_DIGITS} digits, receives {len(digits)}", column)
    value = 0
    for start in range(0, len(digits), _CHUNK):
        chunk = digits[start : start + _CHUNK]
        value = value * 10 ** len(chunk) + int(chunk)
    return value


def _bits(dim: Dim) -> int:
    """Return the bits of the longest number in a dim, at least 1."""
    numbers = [dim] if isinstance(dim, int) else [dim.constant, *dim.terms.values()]
    return max(1, *(number.bit_length() for number in numbers))


def _weight(dim: Dim) -> int:
    """Return how many terms an operation touches, with those directly in floors; a long divisor counts as several."""
    if isinstance(dim, int):
        return 1
    return 1 + len(dim.terms) + sum(len(floor.terms) + floor.divisor.bit_length() // 256 for floor in _floors(dim))


def _divisor_bits(dim: Dim) -> int:
    return 0 if isinstance(dim, int) else max((floor.divisor.bit_length() for floor in _floors(dim)), default=0)


def _floors(expr: Expr) -> Iterator[Floor]:
    return (atom for monomial in expr.terms for atom, _ in monomial if not isinstance(atom, str))
