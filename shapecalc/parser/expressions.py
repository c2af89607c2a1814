"""`$name` and `${…}`: parameters of a block or of the file, arithmetic on them and on symbols, and conditions.

`${…}` has `+ - * // %`, comparisons, `and`, `or`, `not`, parentheses, integers, names and entries of lists such as
`widths[0]`; precedence as in Python. `//` rounds down and `%` has the sign of its right side, also as in Python. A
parameter shadows a symbol of the same name.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from shapecalc.dims import Dim, DimLimitError, Expr, symbol
from shapecalc.dims.reader import COMPARISONS, Reader
from shapecalc.layers.refusals import said
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping as MappingOf

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_USE = re.compile(r"\$(?:(?P<name>[A-Za-z_][A-Za-z0-9_]{0,63})|\{(?P<sum>.*)\})", re.DOTALL)
_ENTRY = re.compile(rf"\s*(?P<name>{NAME.pattern})\s*(?P<index>\[[^\[\]]*\])\s*")
_RESULTS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
}
_DIVISIONS = ("//", "%")
_OF_FLAGS = {"and": operator.and_, "or": operator.or_}
_KEYWORDS = {*_OF_FLAGS, "not"}
_OF_ANY = {"==", "!="}
_WRITE = {"=": "==", "&&": "and", "||": "or", "!": "not "}
"""Operators of other languages, and how they are written."""
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

    An entry of a list, `${widths[0]}`, is any value; the results of arithmetic are integers, those of conditions flags.

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
    arithmetic = _Arithmetic(text, *match.span("sum"), arguments, owner, symbols)
    return arithmetic.entry() if _ENTRY.fullmatch(match["sum"]) else arithmetic.read()


class _Place(NamedTuple):
    """Where an operand is: the parameter, the text with an index, and its start and end."""

    word: str
    written: str
    start: int
    stop: int


class _Arithmetic(Reader["Dim | None"]):
    """The reader of the arithmetic between two positions of a text; None is a value that is not known."""

    pattern: ClassVar = re.compile(
        r"\s*(?:(?P<number>[0-9]{1,20}(?![0-9]))|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<index>\[[^\[\]]*\])"
        r"|(?P<sign>//|\*(?!\*)|[=!<>]=|[-+%()<>])|(?P<end>\Z)|(?P<other>[0-9]+|\*\*|&&|\|\||.))",
        re.DOTALL,
    )
    infix: ClassVar = {
        "or": 1,
        "and": 2,
        **dict.fromkeys(COMPARISONS, 4),
        "+": 5,
        "-": 5,
        "*": 6,
        "//": 6,
        "%": 6,
    }
    prefix: ClassVar = {"not": 3, "-": 7, "(": 0}
    deepest: ClassVar = 32
    after_operand: ClassVar = "an operator, such as `+`, `//` or `==`,"

    def __init__(
        self, text: str, start: int, stop: int, arguments: MappingOf[str, Node], owner: str, symbols: Collection[str]
    ) -> None:
        self._written = text
        self._arguments = arguments
        self._owner = owner
        self._symbols = symbols
        super().__init__(text, start, stop)

    def entry(self) -> Node | None:
        """Return the entry of a list, of which the text is the name and the index."""
        word, start = self.text, self.start
        node = self._node(word, start)
        self.advance()
        return self._entry(node, word, start)

    def operand(self) -> Dim | None:
        word, start = self.text, self.start
        if self.kind == "number":
            value = _bounded(int(word), start, word)
            self.advance()
            return value
        if self.kind != "name" or word in _KEYWORDS:
            raise self.unexpected("a number or a parameter")
        if word in self._symbols and word not in self._arguments:
            self.advance()
            return symbol(word)
        node: Node | None = self._node(word, start)
        written, stop = word, self.stop
        self.advance()
        if self.kind == "index" and node is not None:
            written, stop = f"{word}{self.text}", self.stop
            node = self._entry(node, word, start)
            self.advance()
        if node is None or isinstance(node, Mapping):
            return None
        return self._value(node, _Place(word, written, start, stop))

    def _node(self, word: str, start: int) -> Node:
        if word not in self._arguments:
            raise _unknown(word, start, self._arguments, self._owner, self._symbols)
        return self._arguments[word]

    def _value(self, node: Scalar | Sequence, place: _Place) -> Dim:
        """Return the value of a parameter, which may be a symbol or an expression over symbols."""
        given = node.value if isinstance(node, Scalar) else None
        # A flag is an operand of conditions; in arithmetic it is refused here, where its name is known.
        of_arithmetic = self.text in _RESULTS or bool(self.pending and self.pending[-1][1] in _RESULTS)
        if isinstance(given, Expr) or (isinstance(given, int) and not (isinstance(given, bool) and of_arithmetic)):
            return given
        if isinstance(given, str) and given in self._symbols:
            return symbol(given)
        inner = _USE.fullmatch(given) if isinstance(given, str) and self._symbols else None
        if inner is not None and inner["sum"] is not None:  # in a call in a file without parameters
            value = _Arithmetic(str(given), *inner.span("sum"), {}, self._owner, self._symbols).read()
            assert value is not None  # without parameters, every value is known
            return value
        received = said(given) if isinstance(node, Scalar) else "a list"
        message = f"expects a whole number as `{place.written}`, receives {received}"
        help_text = None if isinstance(node, Scalar) else f"an entry of it is `{place.written}[0]`"
        raise ExpressionError(message, place.start, place.stop, help_text, name=place.word)

    def _entry(self, node: Node, word: str, start: int) -> Node | None:
        """Return the entry of a list at the index that is the next token; None if one of the two is not known."""
        inside = _Arithmetic(self._written, self.start + 1, self.stop - 1, self._arguments, self._owner, self._symbols)
        index = inside.read()
        if isinstance(node, Mapping) or index is None:
            return None
        if not isinstance(node, Sequence):
            message = f"expects a list as `{word}`, receives {said(node.value)}"
            raise ExpressionError(message, start, self.stop, name=word)
        if isinstance(index, bool | Expr):
            received = "a flag" if isinstance(index, bool) else f"{index}, which depends on a symbol"
            message = f"expects a whole number as an index, receives {received}"
            raise ExpressionError(message, self.start, self.stop)
        if not -len(node.items) <= index < len(node.items):
            last = len(node.items) - 1
            message = f"has no entry {index} of `{word}`, whose entries are 0 to {last}"
            raise ExpressionError(message, self.start, self.stop, name=word)
        return node.items[index]

    def apply(self, sign: str, start: int, operands: int) -> None:
        right = self.values.pop()
        left = self.values.pop() if operands > 1 else right
        self._check(sign, start, (left, right))
        if left is None or right is None:
            self.values.append(None)
        elif operands == 1:
            self.values.append((not right) if sign == "not" else -right)
        elif sign in _RESULTS:
            self.values.append(self._result(sign, start, left, right))
        else:
            self.values.append((COMPARISONS | _OF_FLAGS)[sign](left, right))

    def _result(self, sign: str, start: int, left: Dim, right: Dim) -> Dim:
        division = self._written[start : self.start].rstrip()
        if right == 0 and sign in _DIVISIONS:
            name = NAME.match(division.removeprefix(sign).lstrip())
            message = f"divides {left} by zero"
            raise ExpressionError(message, start, start + len(division), name=name and name[0])
        try:
            return _bounded(_RESULTS[sign](left, right), start, sign)
        except ExpressionError:
            raise
        except (DimLimitError, TypeError, ValueError) as error:
            if isinstance(error, DimLimitError) or sign not in _DIVISIONS:
                raise ExpressionError(f"is too long: {error}", start, start + len(sign)) from None
            message = f"expects a positive number to divide {left} by, receives {right}"
            raise ExpressionError(message, start, start + len(division)) from None

    def _check(self, sign: str, start: int, operands: tuple[Dim | None, ...]) -> None:
        """Refuse flags in arithmetic and orders, numbers at `and`, `or` and `not`, and comparisons of symbols."""
        known = [value for value in operands if value is not None]
        flags = [value for value in known if isinstance(value, bool)]
        unbound = next((value for value in known if isinstance(value, Expr)), None)
        wanted = sign in _KEYWORDS
        if unbound is not None and sign in COMPARISONS:
            message = f"compares {unbound}, whose size is not known"
            help_text = "a condition is decided when the file is read: compare parameters"
            raise ExpressionError(message, start, start + len(sign), help_text)
        if len(flags) == (len(known) if wanted else 0) or (sign in _OF_ANY and len(flags) == len(known)):
            return
        kinds = "flags" if wanted else "whole numbers"
        received = "a flag" if not wanted else next(str(value) for value in known if not isinstance(value, bool))
        advice = "join comparisons with `and`" if sign in COMPARISONS else None
        message = f"expects {kinds} at `{sign}`, receives {received}"
        raise ExpressionError(message, start, start + len(sign), advice)

    def unreadable(self, text: str, start: int) -> ExpressionError:
        stop = start + len(text)
        if text == "/":
            help_text = "write `//`: whole numbers, rounded down"
            return ExpressionError("expects `//` to divide, receives `/`", start, stop, help_text, "//")
        if text in _WRITE:
            return ExpressionError(f"knows no `{text}`", start, stop, f"write `{_WRITE[text].strip()}`", _WRITE[text])
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
        return frozenset(NAME.findall(str(node.value))) - _KEYWORDS
    if isinstance(node, Sequence):
        return frozenset().union(*map(names_used, node.items))
    keys = frozenset().union(*(names_used(key) for key, _ in node.entries))
    used = keys.union(*(names_used(value) for _, value in node.entries))
    repeat = node.get("repeat")
    if not isinstance(repeat, Mapping):
        return used
    # The lists of a repeated step are the names' values, and no uses of them.
    return (used - {key.text for key, _ in repeat.entries}) | names_used(repeat)
