"""The value of a printed formula: an evaluator of its own, over fractions, that knows nothing of the package."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"\s*(?:(\d[\d,]*(?:\.\d+)?)|(mod\b)|([A-Za-z_][A-Za-z0-9_]*)|(.))")


def value_of_text(text: str, names: Mapping[str, int] | None = None) -> Fraction:
    """The value of a formula such as `⌊(32 + 2·0 − 5)/1⌋ + 1`; `names` has the values of its symbols."""
    tokens = [next(part for part in match.groups() if part is not None) for match in _TOKEN.finditer(text)]
    reader = _Reader(tokens, names or {})
    value = reader.sum()
    assert not reader.tokens, f"{text}: {reader.tokens} is left"
    return value


class _Reader:
    def __init__(self, tokens: list[str], names: Mapping[str, int]) -> None:
        self.tokens, self.names = tokens, names

    def take(self, *wanted: str) -> str:
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in wanted else ""

    def sum(self) -> Fraction:
        value = -self.product() if self.take("−") else self.product()
        while sign := self.take("+", "−"):
            value += self.product() if sign == "+" else -self.product()
        return value

    def product(self) -> Fraction:
        value = self.factor()
        while sign := self.take("·", "/", "mod"):
            other = self.factor()
            value = value * other if sign == "·" else value / other if sign == "/" else value % other
        return value

    def factor(self) -> Fraction:
        first = self.tokens.pop(0)
        if first in "(⌊⌈":
            value = self.sum()
            assert self.take({"(": ")", "⌊": "⌋", "⌈": "⌉"}[first]), first
            value = {"(": value, "⌊": Fraction(math.floor(value)), "⌈": Fraction(math.ceil(value))}[first]
            return value ** self._power()
        value = Fraction(first.replace(",", "")) if first[0].isdigit() else Fraction(self.names[first])
        return value ** self._power()

    def _power(self) -> int:
        digits = "⁰¹²³⁴⁵⁶⁷⁸⁹"
        return digits.index(self.tokens.pop(0)) if self.tokens and self.tokens[0] in digits else 1
