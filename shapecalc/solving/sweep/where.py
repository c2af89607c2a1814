"""What a sweep keeps: `params < 5M and macs < 300M`, in a grammar of its own.

    any        = all { "or" all }
    all        = not { "and" not }
    not        = "not" not | "(" any ")" | comparison
    comparison = operand sign operand { sign operand }
    sign       = "<" | "<=" | ">" | ">=" | "==" | "!="
    operand    = name | number [unit] | word in quotes | "true" | "false"
    unit       = "K" | "M" | "G" | "T" | "Ki" | "Mi" | "Gi" | "Ti"

K is a thousand and Ki 1024; numbers may have a fraction (`1.5M`), and compare exactly.
"""

from __future__ import annotations

import operator
import re
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source, Span
from shapecalc.parser.quantities import UNITS, read_quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from shapecalc.solving.sweep.compiled import Array

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[0-9]{1,40}(?:\.[0-9]{1,20})?)(?P<unit>[A-Za-z]*)|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<sign><=|>=|==|!=|<|>)|(?P<bracket>[()])|"(?P<word>[^"]*)"|'(?P<other>[^']*)')""",
    re.ASCII,
)
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_DEEPEST = 50
_EXAMPLE = 'write it like "params < 5M and macs < 300M"'


class Name(NamedTuple):
    """An operand that stands for a column, a symbol or a parameter."""

    name: str
    span: Span


class Comparison(NamedTuple):
    """Two operands and the sign between them."""

    left: Operand
    sign: str
    right: Operand


class Junction(NamedTuple):
    """Several parts, of which all must hold, or any."""

    parts: tuple[Test, ...]
    all: bool


class Negation(NamedTuple):
    """A part that must not hold."""

    part: Test


Literal: TypeAlias = Fraction | str | bool
Operand: TypeAlias = "Name | Literal"
Test: TypeAlias = "Comparison | Junction | Negation"


class Where(NamedTuple):
    """A condition as read: what it says, and the text that diagnostics point into."""

    test: Test
    text: str

    @property
    def names(self) -> frozenset[str]:
        """What it reads."""
        return frozenset(name.name for name in _names(self.test))

    def holds(self, values: Mapping[str, Any]) -> Array | bool:
        """Return where it holds, for arrays and single values by name."""
        return self._holds(self.test, values)

    def _holds(self, test: Test, values: Mapping[str, Any]) -> Array | bool:
        if isinstance(test, Comparison):
            return self._compared(test, values)
        if isinstance(test, Negation):
            return _array(np.logical_not(self._holds(test.part, values)))
        join = np.logical_and if test.all else np.logical_or
        found = self._holds(test.parts[0], values)
        for part in test.parts[1:]:
            found = _array(join(found, self._holds(part, values)))
        return found

    def _compared(self, test: Comparison, values: Mapping[str, Any]) -> Array | bool:
        sides = [self._value(side, values) for side in (test.left, test.right)]
        left, right = sides
        sign = test.sign
        if isinstance(right, np.ndarray) and not isinstance(left, np.ndarray):
            left, right, sign = right, left, _MIRRORED[sign]
        kinds = {_kind(left), _kind(right)}
        if len(kinds) > 1 or (sign not in ("==", "!=") and kinds != {"a number"}):
            span = next((side.span for side in (test.left, test.right) if isinstance(side, Name)), None)
            raise _error(self.text, f"cannot compare {' and '.join(sorted(kinds))} by `{test.sign}`", span)
        if isinstance(left, np.ndarray) and isinstance(right, Fraction):
            return _against(left, sign, right)
        return _array(_SIGNS[sign](left, right))

    def _value(self, operand: Operand, values: Mapping[str, Any]) -> Any:
        if not isinstance(operand, Name):
            return operand
        value = values[operand.name]
        if value is None:
            raise _error(self.text, f"`{operand.name}` is unknown here", operand.span)
        return Fraction(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _array(mask: Any) -> Array | bool:
    """Return what NumPy found as an array of flags, or a plain flag."""
    return mask.astype(bool) if isinstance(mask, np.ndarray) else bool(mask)


def _against(values: Array, sign: str, number: Fraction) -> Array | bool:
    """Compare whole numbers with a fraction, in whole numbers."""
    if sign in ("==", "!=") and number.denominator != 1:
        return sign == "!="
    # x < 2.5 is x < 3, and x <= 2.5 is x <= 2.
    bound = ceil(number) if sign in ("<", ">=") else floor(number)
    return _array(_SIGNS[sign](values, bound))


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "a flag"
    if isinstance(value, str):
        return "a word"
    return "a number" if isinstance(value, np.ndarray | Fraction) else "a list"


def _names(test: Test) -> Iterator[Name]:
    if isinstance(test, Comparison):
        yield from (side for side in (test.left, test.right) if isinstance(side, Name))
    elif isinstance(test, Negation):
        yield from _names(test.part)
    else:
        for part in test.parts:
            yield from _names(part)


def parse_where(text: str, known: Collection[str]) -> Where:
    """Return the condition that a text says; `known` are the names that it may use.

    Raises `ShapecalcError` SC801 with the place of what is wrong.

    >>> small = parse_where("params < 5M and not H > 224", {"params", "H"})
    >>> small.holds({"params": np.array([4_999_999, 5_000_000]), "H": 224}).tolist()
    [True, False]
    """
    return Where(_Reader(text, known).test(), text)


class _Token(NamedTuple):
    kind: str
    text: str
    span: Span
    value: Literal | None = None


class _Reader:
    """A recursive descent over one text."""

    __slots__ = ("_at", "_depth", "_known", "_text", "_tokens")

    def __init__(self, text: str, known: Collection[str]) -> None:
        self._text = text
        self._known = known
        self._tokens = list(self._read())
        self._at = 0
        self._depth = 0

    def test(self) -> Test:
        test = self._any()
        token = self._tokens[self._at]
        if token.kind != "end":
            raise self._wrong("expects `and`, `or` or the end", token)
        return test

    def _any(self) -> Test:
        return self._joined("or", self._all)

    def _all(self) -> Test:
        return self._joined("and", self._not)

    def _joined(self, word: str, read: Callable[[], Test]) -> Test:
        parts = [read()]
        while self._taken(word):
            parts.append(read())
        return parts[0] if len(parts) == 1 else Junction(tuple(parts), word == "and")

    def _not(self) -> Test:
        token = self._tokens[self._at]
        negated = self._taken("not")
        if not negated and not self._taken("("):
            return self._comparison()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong(f"nests deeper than {_DEEPEST}", token)
        test = Negation(self._not()) if negated else self._any()
        if not negated and not self._taken(")"):
            raise self._wrong("expects `)` for this `(`", token)
        self._depth -= 1
        return test

    def _comparison(self) -> Test:
        operands, signs = [self._operand()], []
        while self._tokens[self._at].kind == "sign":
            signs.append(self._tokens[self._at].text)
            self._at += 1
            operands.append(self._operand())
        if not signs:
            raise self._wrong("expects one of <, <=, >, >=, ==, !=", self._tokens[self._at])
        tests = tuple(
            Comparison(left, sign, right) for (left, right), sign in zip(pairwise(operands), signs, strict=True)
        )
        return tests[0] if len(tests) == 1 else Junction(tests, all=True)

    def _operand(self) -> Operand:
        token = self._tokens[self._at]
        self._at += 1
        if token.value is not None:
            return token.value
        if token.kind != "name" or token.text in ("and", "or", "not"):
            raise self._wrong("expects a name or a number", token)
        if token.text in ("true", "false"):
            return token.text == "true"
        if token.text not in self._known:
            from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

            near = closest(token.text, tuple(self._known))
            help_text = f"write `{near}`" if near else f"it knows {', '.join(sorted(self._known))}"
            message = f"`where` does not know `{token.text}`"
            raise _error(self._text, message, token.span, f"{help_text}; words stand in quotes")
        return Name(token.text, token.span)

    def _taken(self, text: str) -> bool:
        token = self._tokens[self._at]
        found = token.kind in ("name", "bracket") and token.text == text
        self._at += found
        return found

    def _wrong(self, message: str, token: _Token) -> ShapecalcError:
        received = f"receives `{token.text}`" if token.text else "receives the end"
        if message.startswith("nests") or "for this" in message:
            return _error(self._text, f"`where` {message}", token.span)
        return _error(self._text, f"`where` {message}, {received}", token.span)

    def _read(self) -> Iterator[_Token]:
        at = 0
        text = self._text
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                at += len(text[at:]) - len(text[at:].lstrip())
                raise _error(text, f"`where` does not know `{text[at]}`", _span(at, at + 1))
            kind = "number" if found["number"] else found.lastgroup
            span = _span(found.start(kind), found.end())
            value: Literal | None = None
            if kind == "number":
                value = read_quantity(found["number"] + found["unit"])
                if value is None:
                    units = ", ".join(unit for unit in UNITS if unit)
                    message = f"`where` does not know the unit `{found['unit']}`"
                    raise _error(text, message, span, f"units: {units}")
            elif kind in ("word", "other"):
                value = found[kind]
            yield _Token(kind, found[0].strip(), span, value)
            at = found.end()
        yield _Token("end", "", _span(len(text), len(text) + 1))


def _span(start: int, stop: int) -> Span:
    return Span(1, start + 1, 1, stop + 1)


def _error(text: str, message: str, span: Span | None, help_text: str = _EXAMPLE) -> ShapecalcError:
    shown = text.replace("\n", " ")
    finding = Diagnostic(code="SC801", message=message, span=span, help=help_text)
    return ShapecalcError((finding,), Source("<where>", shown), exit_code=2)
