"""An operator-precedence parser with a regular expression as its tokenizer, for all small languages of shapecalc.

Pending operators are on an explicit stack (Dijkstra's shunting yard): nesting never reaches Python's recursion limit.
"""

from __future__ import annotations

import operator
import sys
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Mapping

Value = TypeVar("Value")
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class Reader(ABC, Generic[Value]):
    """An operator-precedence parser; each language is a subclass with its tokens, operators, operands and errors.

    Every match of `pattern` is a token, and its kind is the group that matched: `end` is the end of the text, `other`
    any character that is not part of a token. `kind`, `text` and `start` describe the next token: a class for it would
    double the time. Operators with a higher number, from 1, bind more tightly; equal ones are applied from the left.
    """

    pattern: ClassVar[re.Pattern[str]]
    infix: ClassVar[Mapping[str, int]]
    prefix: ClassVar[Mapping[str, int]]  # with "(" as 0
    from_the_right: ClassVar[frozenset[str]] = frozenset()
    deepest: ClassVar[int] = sys.maxsize  # prefixes and parentheses within one another
    after_operand: ClassVar[str]  # the name of the infix operators in messages

    def __init__(self, text: str, start: int = 0, stop: int = sys.maxsize, *, lazy: bool = False) -> None:
        tokens = self.tokens(text, start, stop)
        self._tokens = tokens if lazy else iter(list(tokens))
        self.values: list[Value] = []
        self.pending: list[tuple[int, str, int, int]] = []  # binding, sign, start and number of operands
        self.advance()

    def tokens(self, text: str, start: int, stop: int) -> Iterator[tuple[str, str, int]]:
        """Yield kind, text and start of each token."""
        for match in self.pattern.finditer(text, start, stop):
            kind = match.lastgroup or ""
            if kind == "other":
                raise self.unreadable(match[kind], match.start(kind))
            yield kind, match[kind], match.start(kind)

    @abstractmethod
    def operand(self) -> Value:
        """Read and return an operand that is not in parentheses."""

    @abstractmethod
    def apply(self, sign: str, start: int, operands: int) -> None:
        """Replace the last one or two of `values` by the result of the operator that starts at `start`."""

    @abstractmethod
    def unexpected(self, expected: str) -> Exception:
        """Return the error for the next token."""

    @abstractmethod
    def error(self, message: str, start: int, stop: int) -> Exception:
        """Return the error for a part of the text."""

    def unreadable(self, text: str, start: int) -> Exception:
        """Return the error for text that is not a token."""
        return self.error(f"does not know `{text}`", start, start + len(text))

    def misplaced(self) -> Exception:
        """Return the error for a token after an operand: not an operator, `)` without `(`, or the end before `)`."""
        if self.apply_down_to(1):
            start = self.pending[-1][2]
            return self.error("expects `)` for this `(`", start, start + 1)
        return self.unexpected(self.after_operand)

    @property
    def stop(self) -> int:
        """The index after the next token; the end of the text counts as one character."""
        return self.start + (len(self.text) or 1)

    def advance(self) -> None:
        """Go to the next token."""
        self.kind, self.text, self.start = next(self._tokens)

    def read(self) -> Value:
        """Return the value of `operand { infix operand }`, where operands may have prefixes or be in parentheses."""
        infix, prefix = self.infix, self.prefix
        while True:
            while (binding := prefix.get(self.text)) is not None:
                if len(self.pending) >= self.deepest <= sum(operands == 1 for *_, operands in self.pending):
                    raise self.error(f"nests deeper than {self.deepest}", self.start, self.stop)
                self.pending.append((binding, self.text, self.start, 1))
                self.advance()
            self.values.append(self.operand())
            while (binding := infix.get(self.text)) is None:
                if self.text == ")" and self.apply_down_to(1):
                    self.pending.pop()
                    self.advance()
                elif self.kind == "end" and not self.apply_down_to(1):
                    return self.values.pop()
                else:
                    raise self.misplaced()
            self.apply_down_to(binding + (self.text in self.from_the_right))
            self.pending.append((binding, self.text, self.start, 2))
            self.advance()

    def apply_down_to(self, binding: int) -> bool:
        """Apply the pending operators that bind at least as tightly; return whether others remain, such as `(`."""
        while self.pending and self.pending[-1][0] >= binding:
            _, sign, start, operands = self.pending.pop()
            self.apply(sign, start, operands)
        return bool(self.pending)
