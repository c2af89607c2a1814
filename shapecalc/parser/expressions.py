"""`$name` and `${…}`: parameters of a block or of the file put in, and arithmetic on whole numbers.

The grammar of `${…}`, in whole numbers throughout:

    sum     = product { ("+" | "-") product }
    product = factor { ("*" | "//" | "%") factor }
    factor  = "-" factor | "(" sum ")" | number | name

`//` rounds down and `%` has the sign of its right side, as in Python.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.layers.fields import said
from shapecalc.parser.tree import Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_USE = re.compile(r"\$(?:(?P<name>[A-Za-z_][A-Za-z0-9_]{0,63})|\{(?P<sum>.*)\})", re.DOTALL)
_TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>//|\*\*|[-+*/%()^]))")
_LARGEST = 2**63 - 1
_DEEPEST = 32
_MOST_DIGITS = 20

Value = int | float | bool | str | None


class ExpressionError(ValueError):
    """What is wrong with a use of parameters, and from where to where in its text."""

    def __init__(
        self, message: str, start: int, end: int, help_text: str | None = None, replacement: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.help = help_text
        self.replacement = replacement
        """What to write from `start` to `end`, where that mends it."""
        self.name: str | None = None
        """The parameter that is to blame, where one is."""


def uses_parameters(node: Node) -> bool:
    """Return whether a single value stands for a parameter or holds arithmetic."""
    return isinstance(node, Scalar) and isinstance(node.value, str) and node.value.startswith("$")


def value_of(text: str, arguments: MappingOf[str, Node], owner: str = "the block") -> Node | int:
    """Return what `$name` or `${…}` stands for: the argument itself, or the number that comes out.

    `owner` is what messages call that which has the parameters.

    Raises `ExpressionError` where the text is neither, names no parameter, or cannot be worked out.

    >>> from shapecalc.diagnostics import Span
    >>> value_of("${4 * (width - 1) // 3}", {"width": Scalar(8, Span(1, 1, 1, 2), "8")})
    9
    """
    found = _USE.fullmatch(text)
    if found is None:
        raise ExpressionError("expects `$name` alone, or arithmetic in `${…}`", 0, len(text))
    name = found["name"]
    if name is not None:
        if name not in arguments:
            raise _unknown(name, _Token("use", text, 0, len(text)), arguments, owner)
        return arguments[name]
    return _Sum(found["sum"], found.start("sum"), arguments, owner).result()


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class _Sum:
    """A recursive descent over one text; positions are those in the text that holds `${…}`."""

    __slots__ = ("_arguments", "_at", "_depth", "_owner", "_tokens")

    def __init__(self, text: str, offset: int, arguments: MappingOf[str, Node], owner: str) -> None:
        self._owner = owner
        self._arguments = arguments
        self._tokens = list(_tokens(text, offset))
        self._at = 0
        self._depth = 0

    def result(self) -> int:
        value = self._sum()
        token = self._tokens[self._at]
        if token.kind != "end":
            raise ExpressionError(f"expects `+`, `-`, `*`, `//` or `%` before `{token.text}`", token.start, token.end)
        return value

    def _sum(self) -> int:
        value = self._product()
        while (token := self._tokens[self._at]).text in ("+", "-"):
            self._at += 1
            right = self._product()
            value = _bounded(value + right if token.text == "+" else value - right, token)
        return value

    def _product(self) -> int:
        value = self._factor()
        while (token := self._tokens[self._at]).text in ("*", "//", "%"):
            self._at += 1
            begins = self._tokens[self._at]
            right = self._factor()
            if token.text == "*":
                value = _bounded(value * right, token)
            elif right == 0:
                error = ExpressionError(f"divides {value} by zero", token.start, self._tokens[self._at - 1].end)
                error.name = begins.text if begins.kind == "name" else None
                raise error
            else:
                value = value // right if token.text == "//" else value % right
        return value

    def _factor(self) -> int:
        token = self._tokens[self._at]
        self._at += 1
        if token.kind == "number":
            return _bounded(int(token.text), token)
        if token.kind == "name":
            return self._argument(token)
        if token.text in ("-", "("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise ExpressionError(f"nests deeper than {_DEEPEST}", token.start, token.end)
            value = -self._factor() if token.text == "-" else self._sum()
            self._depth -= 1
            if token.text == "(":
                closing = self._tokens[self._at]
                if closing.text != ")":
                    raise ExpressionError("expects `)` for this `(`", token.start, token.end)
                self._at += 1
            return value
        what = f"`{token.text}`" if token.kind != "end" else "the end"
        raise ExpressionError(f"expects a number or a parameter before {what}", token.start, token.end)

    def _argument(self, token: _Token) -> int:
        if token.text not in self._arguments:
            raise _unknown(token.text, token, self._arguments, self._owner)
        node = self._arguments[token.text]
        value = node.value if isinstance(node, Scalar) else None
        if type(value) is not int:
            received = said(value) if isinstance(node, Scalar) else "a list"
            message = f"expects a whole number as `{token.text}`, receives {received}"
            error = ExpressionError(message, token.start, token.end)
            error.name = token.text
            raise error
        return value


def _tokens(text: str, offset: int) -> list[_Token]:
    tokens = []
    position = 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            start = position + len(text[position:]) - len(text[position:].lstrip()) + offset
            raise ExpressionError(f"does not know `{text[start - offset]}`", start, start + 1)
        kind = found.lastgroup
        token = _Token(kind, found[kind], found.start(kind) + offset, found.end(kind) + offset)
        if token.text == "/":
            help_text = "write `//`: whole numbers, rounded down"
            raise ExpressionError("expects `//` to divide, receives `/`", token.start, token.end, help_text, "//")
        if token.text in ("**", "^"):
            raise ExpressionError(f"knows no `{token.text}`", token.start, token.end, "write a product")
        if kind == "number" and len(token.text) > _MOST_DIGITS:
            raise ExpressionError(f"has a number of more than {_MOST_DIGITS} digits", token.start, token.end)
        tokens.append(token)
        position = found.end()
    end = len(text) + offset
    tokens.append(_Token("end", "", end, end + 1))
    return tokens


def _bounded(value: int, token: _Token) -> int:
    if abs(value) > _LARGEST:
        raise ExpressionError(f"reaches {value}, more than {_LARGEST} (2^63 - 1)", token.start, token.end)
    return value


def _unknown(name: str, token: _Token, arguments: MappingOf[str, Node], owner: str) -> ExpressionError:
    from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

    near = closest(name, tuple(arguments))
    known = ", ".join(f"`{other}`" for other in arguments)
    otherwise = f"its parameters: {known}" if known else f"{owner} has no parameter"
    message = f"is no parameter of {owner}" if token.kind == "use" else f"uses `{name}`, no parameter of {owner}"
    written = f"${near}" if token.kind == "use" else near
    if near is None or written is None:
        return ExpressionError(message, token.start, token.end, otherwise)
    return ExpressionError(message, token.start, token.end, f"write `{written}`", written)


def names_used(node: Node) -> frozenset[str]:
    """Return the parameters that a tree of values uses.

    >>> from shapecalc.diagnostics import Span
    >>> sorted(names_used(Scalar("${a + 2 * b}", Span(1, 1, 1, 2), "")))
    ['a', 'b']
    """
    if isinstance(node, Scalar):
        if not uses_parameters(node):
            return frozenset()
        return frozenset(NAME.findall(str(node.value)))
    if isinstance(node, Sequence):
        return frozenset().union(*map(names_used, node.items))
    keys = frozenset().union(*(names_used(key) for key, _ in node.entries))
    return keys.union(*(names_used(value) for _, value in node.entries))
