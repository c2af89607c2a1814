"""`$name` and `${…}`: parameters of a block or of the file, and integer arithmetic on them and on symbols.

`${…}` has `+ - * // %`, parentheses, integers and names; precedence as in Python. `//` rounds down and `%` has the sign
of its right side, also as in Python. A parameter shadows a symbol of the same name.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any, ClassVar

from shapecalc.dims import Dim, DimLimitError, Expr, symbol
from shapecalc.dims.reader import Reader
from shapecalc.layers.fields import said
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping as MappingOf

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_USE = re.compile(r"\$(?:(?P<name>[A-Za-z_][A-Za-z0-9_]{0,63})|\{(?P<sum>.*)\})", re.DOTALL)
_RESULTS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
}
_DIVISIONS = ("//", "%")
_LARGEST = 2**63 - 1
_MOST_TERMS = 32
"""The terms of an expression over symbols; sizes of real networks have three."""


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


def value_of(
    text: str, arguments: MappingOf[str, Node], owner: str = "the block", symbols: Collection[str] = ()
) -> Node | Dim | None:
    """Return the argument of `$name`, or the value of `${…}`; `owner` names what has the parameters, in messages.

    The value is None if that of one of its parameters is not known: a placeholder.
    Raises `ExpressionError` if the text is neither, names an unknown parameter, or cannot be computed.

    >>> from shapecalc.diagnostics import Span
    >>> value_of("${4 * (width - 1) // 3}", {"width": Scalar(8, Span(1, 1, 1, 2), "8")})
    9
    >>> value_of("${2 * H}", {}, symbols=("H", "W"))
    Expr('2*H')
    """
    match = _USE.fullmatch(text)
    if match is None:
        raise ExpressionError("expects `$name` alone, or arithmetic in `${…}`", 0, len(text))
    name = match["name"]
    if name is not None:
        if name not in arguments:
            raise _unknown(f"${name}", 0, arguments, owner)
        return arguments[name]
    return _Arithmetic(text, *match.span("sum"), arguments, owner, symbols).read()


class _Arithmetic(Reader["Dim | None"]):
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

    def __init__(
        self, text: str, start: int, stop: int, arguments: MappingOf[str, Node], owner: str, symbols: Collection[str]
    ) -> None:
        self._written = text
        self._arguments = arguments
        self._owner = owner
        self._symbols = symbols
        super().__init__(text, start, stop)

    def operand(self) -> Dim | None:
        word, start = self.text, self.start
        value: Dim | None
        if self.kind == "number":
            value = _bounded(int(word), start, word)
        elif self.kind != "name":
            raise self.unexpected("a number or a parameter")
        elif word in self._arguments:
            value = self._argument(word, self._arguments[word])
        elif word in self._symbols:
            value = symbol(word)
        else:
            raise _unknown(word, start, self._arguments, self._owner, self._symbols)
        self.advance()
        return value

    def _argument(self, word: str, node: Node) -> Dim | None:
        """Return the value of a parameter, which may be a symbol or an expression over symbols."""
        if isinstance(node, Mapping):
            return None
        given = node.value if isinstance(node, Scalar) else None
        if type(given) is int or isinstance(given, Expr):
            return given
        if isinstance(given, str) and given in self._symbols:
            return symbol(given)
        inner = _USE.fullmatch(given) if isinstance(given, str) and self._symbols else None
        if inner is not None and inner["sum"] is not None:  # in a call in a file without parameters
            return _Arithmetic(str(given), *inner.span("sum"), {}, self._owner, self._symbols).read()
        received = said(given) if isinstance(node, Scalar) else "a list"
        message = f"expects a whole number as `{word}`, receives {received}"
        raise ExpressionError(message, self.start, self.stop, name=word)

    def apply(self, sign: str, start: int, operands: int) -> None:
        right = self.values.pop()
        if operands == 1:
            self.values.append(None if right is None else -right)
            return
        left = self.values.pop()
        if left is None or right is None:
            self.values.append(None)
            return
        division = self._written[start : self.start].rstrip()
        if right == 0 and sign in _DIVISIONS:
            name = NAME.match(division.removeprefix(sign).lstrip())
            message = f"divides {left} by zero"
            raise ExpressionError(message, start, start + len(division), name=name and name[0])
        try:
            self.values.append(_bounded(_RESULTS[sign](left, right), start, sign))
        except ExpressionError:
            raise
        except (DimLimitError, TypeError, ValueError) as error:
            if isinstance(error, DimLimitError) or sign not in _DIVISIONS:
                raise ExpressionError(f"is too long: {error}", start, start + len(sign)) from None
            message = f"expects a positive number to divide {left} by, receives {right}"
            raise ExpressionError(message, start, start + len(division)) from None

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


def _bounded(value: Dim, start: int, token: str) -> Dim:
    if isinstance(value, Expr):
        if len(value.terms) > _MOST_TERMS:
            message = f"has more than {_MOST_TERMS} terms in symbols"
            raise ExpressionError(message, start, start + len(token))
        for number in (value.constant, *value.terms.values()):
            _bounded(number, start, token)
    elif abs(value) > _LARGEST:
        raise ExpressionError(f"reaches {value}, more than {_LARGEST} (2^63 - 1)", start, start + len(token))
    return value


def _unknown(
    written: str, start: int, arguments: MappingOf[str, Node], owner: str, symbols: Collection[str] = ()
) -> ExpressionError:
    from shapecalc.diagnostics.suggestions import nearest  # noqa: PLC0415 - only a mistake needs it

    name = written.removeprefix("$")
    near = nearest(name, (*arguments, *symbols))
    stop = start + len(written)
    nor = " and no symbol of the input" if symbols else ""
    message = f"uses `{name}`, no parameter of {owner}{nor}" if name == written else f"is no parameter of {owner}"
    if near is None:
        known = ", ".join(f"`{other}`" for other in arguments)
        help_text = f"its parameters: {known}" if known else f"{owner} has no parameter"
        if symbols:
            help_text += f"; symbols: {', '.join(f'`{other}`' for other in symbols)}"
        elif name.isupper():
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
