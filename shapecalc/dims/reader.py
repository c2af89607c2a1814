"""The reader of the small languages: tokens by a regular expression, values by operator precedence.

Operators wait on an explicit stack (Dijkstra's shunting yard), so no nesting reaches Python's recursion limit.
"""

from __future__ import annotations

import operator
import sys
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, TypeAlias, TypeVar

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator, Mapping

Value = TypeVar("Value")
Token: TypeAlias = tuple[str, str, int]  # kind, text and start; plain, because a class would take twice the time

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def tokens(pattern: re.Pattern[str], text: str, start: int = 0, stop: int = sys.maxsize) -> Iterator[Token]:
    r"""Yield the tokens of a text; their kinds are the groups of the pattern.

    Every match is a token. So the pattern skips spaces, and has a group for any other character and one named `end`.

    >>> import re
    >>> list(tokens(re.compile(r"\s*(?:(?P<name>\w+)|(?P<sign>\+)|(?P<end>\Z)|(?P<other>.))"), "H +"))
    [('name', 'H', 0), ('sign', '+', 2), ('end', '', 3)]
    """
    for found in pattern.finditer(text, start, stop):
        kind = found.lastgroup or ""
        yield kind, found[kind], found.start(kind)


class Reader(ABC, Generic[Value]):
    """An operator-precedence parser; a language is a subclass with its operators, operands and errors.

    The token to read next is spread over `kind`, `text` and `start`. Operators bind more tightly the higher their
    number is, from 1; those that bind alike are applied from the left, those of `from_the_right` from the right.
    """

    infix: ClassVar[Mapping[str, int]]
    prefix: ClassVar[Mapping[str, int]]  # with "(" as 0
    from_the_right: ClassVar[frozenset[str]] = frozenset()
    deepest: ClassVar[int] = sys.maxsize  # prefixes and parentheses within one another

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = iter(tokens)
        self.values: list[Value] = []
        self.waiting: list[tuple[int, str, int, int]] = []  # binding, sign, start and number of operands
        self.advance()

    @abstractmethod
    def operand(self) -> Value:
        """Read an operand that is no parenthesis."""

    @abstractmethod
    def apply(self, sign: str, start: int, operands: int) -> None:
        """Replace the last `values`, one or two, by the result of the operator that starts at `start`."""

    @abstractmethod
    def misplaced(self) -> NoReturn:
        """Raise the error of a token that is no operator, of `)` without `(`, or of the end before `)`."""

    @abstractmethod
    def error(self, message: str, start: int, stop: int) -> Exception:
        """Return the error that shows a part of the text."""

    def advance(self) -> None:
        """Go to the next token."""
        self.kind, self.text, self.start = next(self._tokens)

    def read(self) -> Value:
        """Read `operand { infix operand }` to the end; an operand may be in parentheses or behind a prefix."""
        while True:
            while (binding := self.prefix.get(self.text)) is not None:
                if len(self.waiting) >= self.deepest <= sum(operands == 1 for *_, operands in self.waiting):
                    raise self.error(f"nests deeper than {self.deepest}", self.start, self.start + len(self.text))
                self.waiting.append((binding, self.text, self.start, 1))
                self.advance()
            self.values.append(self.operand())
            while (binding := self.infix.get(self.text)) is None:
                if self.text == ")" and self.apply_down_to(1):
                    self.waiting.pop()
                    self.advance()
                elif self.kind == "end" and not self.apply_down_to(1):
                    return self.values.pop()
                else:
                    self.misplaced()
            self.apply_down_to(binding + (self.text in self.from_the_right))
            self.waiting.append((binding, self.text, self.start, 2))
            self.advance()

    def apply_down_to(self, binding: int) -> bool:
        """Apply the waiting operators that bind at least as tightly; return whether others wait, such as `(`."""
        while self.waiting and self.waiting[-1][0] >= binding:
            self.apply(*self.waiting.pop()[1:])
        return bool(self.waiting)
