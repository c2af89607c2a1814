"""`$name` and `${…}`: parameters of a block or of the file, and integer arithmetic on them.

`${…}` has `+ - * // %`, parentheses, integers and names; precedence as in Python. `//` rounds down and `%` has the sign
of its right side, also as in Python.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, ClassVar

from shapecalc.dims.reader import Reader
from shapecalc.layers.fields import said
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_USE = re.compile(r"\$(?:(?P<name>[A-Za-z_][A-Za-z0-9_]{0,63})|\{(?P<sum>.*)\})", re.DOTALL)
_RESULTS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod}
_LARGEST = 2**63 - 1

Value = int | float | bool | str | None


class ExpressionError(ValueError):
    """A mistake in a use of parameters, from `start` to `end` of its text.

    `replacement` is the text for `start` to `end` that fixes it, if any; `name` is the parameter that is the cause.
    `unknown` if there is no such parameter, and no other one with which its name is certainly confused.
    """

    def __init__(
        self,
        message: str,
        start: int,
        end: int,
        help_text: str | None = None,
        replacement: str | None = None,
        name: str | None = None,
        *,
        unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.message, self.start, self.end = message, start, end
        self.help, self.replacement, self.name, self.unknown = help_text, replacement, name, unknown


def uses_parameters(node: Node) -> bool:
    """Return whether a node is a scalar with `$name` or `${…}`."""
    return isinstance(node, Scalar) and isinstance(node.value, str) and node.value.startswith("$")


def value_of(text: str, arguments: MappingOf[str, Node], owner: str = "the block") -> Node | int | None:
    """Return the argument of `$name`, or the value of `${…}`; `owner` names what has the parameters, in messages.

    The value is None if that of one of its parameters is not known: a placeholder.
    Raises `ExpressionError` if the text is neither, names an unknown parameter, or cannot be computed.

    >>> from shapecalc.diagnostics import Span
    >>> value_of("${4 * (width - 1) // 3}", {"width": Scalar(8, Span(1, 1, 1, 2), "8")})
    9
    """
    match = _USE.fullmatch(text)
    if match is None:
        raise ExpressionError("expects `$name` alone, or arithmetic in `${…}`", 0, len(text))
    name = match["name"]
    if name is not None:
        if name not in arguments:
            raise _unknown(f"${name}", 0, arguments, owner)
        return arguments[name]
    return _Arithmetic(text, *match.span("sum"), arguments, owner).read()


class _Arithmetic(Reader[int | None]):
    """The reader of the arithmetic between two positions of a text; None is a value that is not known."""

    pattern: ClassVar = re.compile(
        r"\s*(?:(?P<number>[0-9]{1,20}(?![0-9]))|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>//|\*(?!\*)|[-+%()])"
        r"|(?P<end>\Z)|(?P<other>[0-9]+|\*\*|.))",
        re.DOTALL,
    )
    infix: ClassVar = {"+": 1, "-": 1, "*": 2, "//": 2, "%": 2}
    prefix: ClassVar = {"-": 3, "(": 0}
    deepest: ClassVar = 32
    after_operand: ClassVar = "`+`, `-`, `*`, `//` or `%`"

    def __init__(self, text: str, start: int, stop: int, arguments: MappingOf[str, Node], owner: str) -> None:
        self._written = text
        self._arguments = arguments
        self._owner = owner
        super().__init__(text, start, stop)

    def operand(self) -> int | None:
        word, start = self.text, self.start
        value: int | None
        if self.kind == "number":
            value = _bounded(int(word), start, word)
        elif self.kind != "name":
            raise self.unexpected("a number or a parameter")
        elif word not in self._arguments:
            raise _unknown(word, start, self._arguments, self._owner)
        else:
            node = self._arguments[word]
            given = node.value if isinstance(node, Scalar) else None
            if type(given) is not int and not isinstance(node, Mapping):
                received = said(given) if isinstance(node, Scalar) else "a list"
                message = f"expects a whole number as `{word}`, receives {received}"
                raise ExpressionError(message, start, self.stop, name=word)
            value = given if type(given) is int else None
        self.advance()
        return value

    def apply(self, sign: str, start: int, operands: int) -> None:
        right = self.values.pop()
        if operands == 1:
            self.values.append(None if right is None else -right)
            return
        left = self.values.pop()
        if left is None or right is None:
            self.values.append(None)
            return
        if right == 0 and sign in ("//", "%"):
            division = self._written[start : self.start].rstrip()
            name = NAME.match(division.removeprefix(sign).lstrip())
            message = f"divides {left} by zero"
            raise ExpressionError(message, start, start + len(division), name=name and name[0])
        self.values.append(_bounded(_RESULTS[sign](left, right), start, sign))

    def unreadable(self, text: str, start: int) -> ExpressionError:
        stop = start + len(text)
        if text == "/":
            help_text = "write `//`: whole numbers, rounded down"
            return ExpressionError("expects `//` to divide, receives `/`", start, stop, help_text, "//")
        if text in ("**", "^"):
            return ExpressionError(f"knows no `{text}`", start, stop, "write a product")
        message = "has a number of more than 20 digits" if len(text) > 1 else f"does not know `{text}`"
        return ExpressionError(message, start, stop)

    def unexpected(self, expected: str) -> ExpressionError:
        received = f"`{self.text}`" if self.text else "the end"
        return ExpressionError(f"expects {expected} before {received}", self.start, self.stop)

    def error(self, message: str, start: int, stop: int) -> ExpressionError:
        return ExpressionError(message, start, stop)


def _bounded(value: int, start: int, token: str) -> int:
    if abs(value) > _LARGEST:
        raise ExpressionError(f"reaches {value}, more than {_LARGEST} (2^63 - 1)", start, start + len(token))
    return value


def _unknown(written: str, start: int, arguments: MappingOf[str, Node], owner: str) -> ExpressionError:
    from shapecalc.diagnostics.suggestions import nearest  # noqa: PLC0415 - only a mistake needs it

    name = written.removeprefix("$")
    near = nearest(name, tuple(arguments))
    stop = start + len(written)
    message = f"uses `{name}`, no parameter of {owner}" if name == written else f"is no parameter of {owner}"
    if near is None:
        known = ", ".join(f"`{other}`" for other in arguments)
        help_text = f"its parameters: {known}" if known else f"{owner} has no parameter"
        if name.isupper():
            help_text += f"; a symbol of `input:` is written `{name}`"
        return ExpressionError(message, start, stop, help_text, unknown=True)
    replacement = written.replace(name, near.word)
    return ExpressionError(message, start, stop, f"write `{replacement}`", replacement, unknown=not near.sure)


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
