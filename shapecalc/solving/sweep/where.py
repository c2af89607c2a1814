"""The conditions of a sweep, such as `params < 5M and macs < 300M`.

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

import re
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

import numpy as np

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source, Span
from shapecalc.dims.reader import COMPARISONS, Reader
from shapecalc.parser.quantities import UNITS, read_quantity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from shapecalc.solving.sweep.compiled import Array

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_EXAMPLE = 'write it like "params < 5M and macs < 300M"'


class Name(NamedTuple):
    """A name as an operand: a column, a symbol or a parameter."""

    name: str
    span: Span


Operand: TypeAlias = Name | Fraction | str | bool


class WhereComparison(NamedTuple):
    """Two operands and the sign between them."""

    left: Operand
    sign: str
    right: Operand


class Where(NamedTuple):
    """A condition as read: comparisons, each followed by the `and`, `or` and `not` that apply to the results so far."""

    postfix: tuple[WhereComparison | str, ...]
    text: str

    @property
    def names(self) -> frozenset[str]:
        """The names that the condition reads."""
        sides = (side for step in self.postfix if isinstance(step, WhereComparison) for side in (step.left, step.right))
        return frozenset(side.name for side in sides if isinstance(side, Name))

    def holds(self, values: Mapping[str, Any]) -> Array | bool:
        """Return whether the condition holds, element by element for arrays; `values` are arrays and values by name."""
        results: list[Array | bool] = []
        for step in self.postfix:
            if isinstance(step, WhereComparison):
                results.append(self._compared(step, values))
            elif step == "not":
                results.append(_array(np.logical_not(results.pop())))
            else:
                join = np.logical_and if step == "and" else np.logical_or
                results.append(_array(join(results.pop(-2), results.pop())))
        return results.pop()

    def _compared(self, test: WhereComparison, values: Mapping[str, Any]) -> Array | bool:
        left, sign, right = self._value(test.left, values), test.sign, self._value(test.right, values)
        if isinstance(right, np.ndarray) and not isinstance(left, np.ndarray):
            left, right, sign = right, left, _MIRRORED[sign]
        kinds = {_kind(left), _kind(right)}
        if len(kinds) > 1 or (sign not in ("==", "!=") and kinds != {"a number"}):
            span = next((side.span for side in (test.left, test.right) if isinstance(side, Name)), None)
            raise _error(self.text, f"cannot compare {' and '.join(sorted(kinds))} by `{test.sign}`", span)
        if isinstance(left, np.ndarray) and isinstance(right, Fraction):
            return _against(left, sign, right)
        return _array(COMPARISONS[sign](left, right))

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
    """Compare integers with a fraction, in integers."""
    if sign in ("==", "!=") and number.denominator != 1:
        return sign == "!="
    # x < 2.5 is x < 3, and x <= 2.5 is x <= 2.
    bound = ceil(number) if sign in ("<", ">=") else floor(number)
    return _array(COMPARISONS[sign](values, bound))


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "a flag"
    if isinstance(value, str):
        return "a word"
    return "a number" if isinstance(value, np.ndarray | Fraction) else "a list"


def parse_where(text: str, known: Collection[str]) -> Where:
    """Return the condition that a text says; `known` are the names that it may use.

    Raises `ShapecalcError` SC801 with the place of what is wrong.

    >>> small = parse_where("params < 5M and not H > 224", {"params", "H"})
    >>> small.holds({"params": np.array([4_999_999, 5_000_000]), "H": 224}).tolist()
    [True, False]
    """
    reader = _WhereReader(text, known)
    reader.read()
    return Where(tuple(reader.postfix), text)


class _WhereReader(Reader[None]):
    """Comparisons in postfix order; an operand of `and`, `or` and `not` is a chain of comparisons."""

    pattern: ClassVar = re.compile(
        r"[ \t\n\r\f\v]*(?:(?P<number>[0-9]{1,40}(?:\.[0-9]{1,20})?[A-Za-z]*)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
        r"|(?P<sign>[<>=!]=|[<>])|(?P<bracket>[()])|(?P<word>\"[^\"]*\"|'[^']*'))|\s*(?:(?P<end>\Z)|(?P<other>\S))"
    )
    infix: ClassVar = {"or": 1, "and": 2}
    prefix: ClassVar = {"not": 3, "(": 0}
    deepest: ClassVar = 50
    after_operand: ClassVar = "`and`, `or` or the end"

    def __init__(self, text: str, known: Collection[str]) -> None:
        self._written = text
        self._known = known
        self.postfix: list[WhereComparison | str] = []
        super().__init__(text)

    def operand(self) -> None:
        """Read `side sign side { sign side }`."""
        left = self._side()
        if self.kind != "sign":
            raise self.unexpected("one of <, <=, >, >=, ==, !=")
        chain: list[WhereComparison | str] = []
        while self.kind == "sign":
            sign = self.text
            self.advance()
            right = self._side()
            chain += [WhereComparison(left, sign, right), "and"]
            left = right
        self.postfix += [chain[0], *chain[2:]]

    def _side(self) -> Operand:
        """Read a name, a number, `true`, `false` or a word in quotes."""
        kind, word, start = self.kind, self.text, self.start
        if kind not in ("name", "number", "word") or word in ("and", "or", "not"):
            raise self.unexpected("a name or a number")
        self.advance()
        if kind == "word":
            return word[1:-1]
        if kind == "number":
            return read_quantity(word) or Fraction(0)
        if word in ("true", "false"):
            return word == "true"
        span = _span(start, start + len(word))
        if word not in self._known:
            from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

            near = closest(word, tuple(self._known))
            help_text = f"write `{near}`" if near else f"it knows {', '.join(sorted(self._known))}"
            message = f"`where` does not know `{word}`"
            raise _error(self._written, message, span, f"{help_text}; words stand in quotes")
        return Name(word, span)

    def apply(self, sign: str, start: int, operands: int) -> None:  # noqa: ARG002 - no operator can fail
        self.postfix.append(sign)

    def tokens(self, text: str, start: int, stop: int) -> Iterator[tuple[str, str, int]]:
        for kind, word, at in super().tokens(text, start, stop):
            if kind == "number" and read_quantity(word) is None:
                message = f"does not know the unit `{word.lstrip('0123456789.')}`"
                units = ", ".join(unit for unit in UNITS if unit)
                raise self.error(message, at, at + len(word), f"units: {units}")
            yield kind, word, at

    def unexpected(self, expected: str) -> ShapecalcError:
        received = f"`{self.text}`" if self.text else "the end"
        start = self.start + (self.kind == "word")  # behind the quote
        return self.error(f"expects {expected}, receives {received}", start, self.stop)

    def error(self, message: str, start: int, stop: int, help_text: str = _EXAMPLE) -> ShapecalcError:
        return _error(self._written, f"`where` {message}", _span(start, stop), help_text)


def _span(start: int, stop: int) -> Span:
    return Span(1, start + 1, 1, stop + 1)


def _error(text: str, message: str, span: Span | None, help_text: str = _EXAMPLE) -> ShapecalcError:
    shown = text.replace("\n", " ")
    finding = Diagnostic(code="SC801", message=message, span=span, help=help_text)
    return ShapecalcError((finding,), Source("<where>", shown), exit_code=2)
