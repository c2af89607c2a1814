"""Text to dim: the grammar that `str(expr)` writes.

sum of products of powers, with `+ - * // % **`, parentheses, integers and names; precedence as in Python. Operators
wait on an explicit stack (Dijkstra's shunting yard), so no nesting of the text reaches Python's recursion limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shapecalc.dims.expression import Dim, floor_div, symbol
from shapecalc.dims.terms import DimLimitError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LENGTH = 1_000_000  # characters
MAX_DIGITS = 20_000  # of one number, written or computed
_CHUNK = 4_000  # digits; Python refuses to read more than 4,300 at once
_BITS = MAX_DIGITS * 4

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
    operands: list[Dim] = []
    operators: list[tuple[str, int]] = []
    expects_operand = True
    for kind, word, column in _lexemes(text):
        if expects_operand:
            expects_operand = _take_operand(kind, word, column, operators, operands)
        else:
            expects_operand = _take_operator(kind, word, column, operators, operands)
    return operands[0]


def _take_operand(kind: str, word: str, column: int, operators: list[tuple[str, int]], operands: list[Dim]) -> bool:
    """Take a number, a name, a sign or `(`; whether an operand is expected again."""
    if kind == "number":
        operands.append(_number(word, column))
        return False
    if kind == "name":
        operands.append(symbol(word))
        return False
    if word == "-":
        operators.append(("neg", column))
    elif word == "(":
        operators.append((word, column))
    elif word != "+":
        raise DimSyntaxError(f"{_named(kind, word)} stands where a number, a name or `(` is expected", column)
    return True


def _take_operator(kind: str, word: str, column: int, operators: list[tuple[str, int]], operands: list[Dim]) -> bool:
    """Take an operator, `)` or the end; whether an operand is expected next."""
    if word in _BINDING and kind == "sign":
        _apply_down_to(_BINDING[word], operators, operands, right=word == "**")
        operators.append((word, column))
        return True
    if kind != "end" and word != ")":
        raise DimSyntaxError(f"{_named(kind, word)} stands where an operator is expected", column)
    _apply_down_to(0, operators, operands)
    if kind == "end" and operators:
        raise DimSyntaxError("`(` is never closed", operators[-1][1])
    if kind != "end":
        if not operators:
            raise DimSyntaxError("`)` closes nothing", column)
        operators.pop()
    return False


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


def _apply_down_to(binding: int, operators: list[tuple[str, int]], operands: list[Dim], *, right: bool = False) -> None:
    """Apply the waiting operators that bind at least as tightly, back to the last open parenthesis."""
    while operators and operators[-1][0] != "(":
        name, column = operators[-1]
        if _BINDING[name] < binding or (right and _BINDING[name] == binding):
            return
        operators.pop()
        try:
            if name == "neg":
                operands.append(-operands.pop())
            else:
                b = operands.pop()
                operands.append(_checked(_applied(name, operands.pop(), b)))
        except (DimLimitError, ValueError, ZeroDivisionError) as error:
            raise DimSyntaxError(str(error), column) from None


def _applied(name: str, a: Dim, b: Dim) -> Dim:
    if name == "+":
        return a + b
    if name == "-":
        return a - b
    if name == "*":
        return a * b
    if name == "**":
        return _power(a, b)
    if name == "//":
        return floor_div(a, b) if isinstance(b, int) else a // b
    if isinstance(b, int):
        return a - floor_div(a, b) * b
    raise ValueError(f"`%` expects a positive number on its right, receives `{b}`")


def _power(base: Dim, exponent: Dim) -> Dim:
    if not isinstance(exponent, int) or exponent < 0:
        raise ValueError(f"`**` expects a number of 0 or more on its right, receives `{exponent}`")
    if exponent * _bits(base) > _BITS:
        raise ValueError(f"a number expects at most {MAX_DIGITS} digits, a power here has more")
    return base**exponent


def _bits(dim: Dim) -> int:
    """Bits of the longest number in a dim, at least 1."""
    numbers = [dim] if isinstance(dim, int) else [dim.constant, *dim.terms.values()]
    return max(1, *(number.bit_length() for number in numbers))


def _checked(dim: Dim) -> Dim:
    if _bits(dim) > _BITS:
        raise ValueError(f"a number expects at most {MAX_DIGITS} digits, a result here has more")
    return dim
