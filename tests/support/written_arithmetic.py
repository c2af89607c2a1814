"""The value of arithmetic as it is written for a reader, `(1 − 2)/√(0.667 + 1e−05)`, by a parser of its own.

sum     = ["−"] product {("+" | "−") product}
product = power {("·" | "/") power}
power   = atom ["^" atom]
atom    = number | "∞" | "√" atom | "(" sum ")" | name "(" sum {"," sum} ")"
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = re.compile(r"\s*(\d+(?:\.\d*)?(?:e[+−-]?\d+)?|[a-z]\w*|[-+−·/^(),√∞])")

FUNCTIONS: dict[str, Callable[..., Any]] = {"max": max, "min": min} | {
    name: getattr(math, name) for name in ("exp", "expm1", "log", "log1p", "tanh", "sin", "cos", "erf")
}


class Reader:
    def __init__(self, text: str, number: Callable[[str], Any]) -> None:
        self.tokens: list[str] = []
        place = 0
        while place < len(text):
            match = TOKEN.match(text, place)
            assert match, f"{text[place:]!r} in {text!r}"
            self.tokens.append(match[1])
            place = match.end()
        self.tokens = [*reversed(self.tokens)]
        self.number = number

    def taken(self, *signs: str) -> str:
        return self.tokens.pop() if self.tokens and self.tokens[-1] in signs else ""

    def sum(self) -> Any:
        value = -self.product() if self.taken("−") else self.product()
        while sign := self.taken("+", "−"):
            value = value + self.product() if sign == "+" else value - self.product()
        return value

    def product(self) -> Any:
        value = self.power()
        while sign := self.taken("·", "/"):
            value = value * self.power() if sign == "·" else value / self.power()
        return value

    def power(self) -> Any:
        base = self.atom()
        return base ** self.atom() if self.taken("^") else base

    def atom(self) -> Any:
        token = self.tokens.pop()
        if token == "√":
            return math.sqrt(self.atom())
        if token == "∞":
            return math.inf
        if token in FUNCTIONS:
            assert self.taken("(")
        if token == "(" or token in FUNCTIONS:
            values = [self.sum()]
            while self.taken(","):
                values.append(self.sum())
            assert self.taken(")")
            return values[0] if token == "(" else FUNCTIONS[token](*values)
        return self.number(token.replace("−", "-"))


def value_of(text: str, number: Callable[[str], Any] = float) -> Any:
    """The value of an expression, whose numbers `number` reads."""
    reader = Reader(text, number)
    value = reader.sum()
    assert not reader.tokens, text
    return value
