"""TOML text → values, within limits, and the position of a key or of a text in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source, Span
from shapecalc.parser.positions import span_between

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_BYTES = 2**18
"""Of a file: tomllib takes a second and 100 MB for as much of the worst TOML."""
MOST_DEPTH = 64
"""Of arrays and inline tables in each other: tomllib reads them by recursion."""
MOST_PARTS = 16
"""Of a dotted key: tomllib takes time and memory with the square of their number."""

# Each alternative matches wherever it begins, closed or not: the time of a search is linear in the text.
_WORD = r"""(?:[\w-]+|"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?)"""
_TOKEN = re.compile(
    rf'''"""(?:[^\\]|\\.)*?(?:"""|\\?\Z)|\'\'\'.*?(?:\'\'\'|\Z)|#[^\n]*|(?P<key>{_WORD}(?:[ \t]*\.[ \t]*{_WORD})*)'''
    r"|(?P<open>[\[{])|(?P<close>[\]}])",
    re.DOTALL,
)
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_KEY_PARTS, _BETWEEN = re.compile(r"\('(.*)',?\)"), "', '"
"""A key in a message of tomllib, `('tool', 'a')`, and what is between its parts."""
_PLACEHOLDER = "shapecalc-position"
_MOST_SEARCHED = 2**16
_MOST_CANDIDATES = 32

Path = tuple[str | int, ...]
"""The keys and indices that lead to a value."""


def read_toml(source: Source) -> dict[str, Any]:
    r"""Return the values of a TOML text; raise `ShapecalcError` SC506 (exit code 2) at its first mistake.

    >>> read_toml(Source("a.toml", "[a]\nb = 1"))
    {'a': {'b': 1}}
    """
    import tomllib  # noqa: PLC0415 - 4 ms, which only a file of TOML needs

    _refuse_beyond_limits(source)
    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        message, start = str(error), len(source.text.rstrip())
        place = _PLACE.search(message)
        if place and place[1]:
            start = _offset(source.text, int(place[1]), int(place[2]))
        reason = message[: place.start()] if place else message
        reason = _KEY_PARTS.sub(lambda parts: f"`{parts[1].replace(_BETWEEN, '.')}`", reason)
        _refuse(source, start, f"is not TOML: {reason[:1].lower()}{reason[1:]}")
    except ValueError:
        mistake = _mistake(source, "cannot be read: it has an integer of thousands of digits")
        raise ShapecalcError((mistake,), source, exit_code=2) from None


def _refuse_beyond_limits(source: Source) -> None:
    depth = 0
    for token in _TOKEN.finditer(source.text):
        kind = token.lastgroup
        depth = depth + 1 if kind == "open" else depth - 1 if kind == "close" else depth
        if depth > MOST_DEPTH:
            _refuse(source, token.start(), f"has more than {MOST_DEPTH} arrays and tables in each other")
        # Most keys are single words: parts are counted only of those that could have too many.
        if kind == "key" and token[0].count(".") >= MOST_PARTS and len(re.findall(_WORD, token[0])) > MOST_PARTS:
            _refuse(source, token.start(), f"has a key of more than {MOST_PARTS} parts")


def _offset(text: str, line: int, column: int) -> int:
    """Return the offset of a position as tomllib states it: its lines end at each line feed."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return min(start + column - 1, len(text))


def _refuse(source: Source, start: int, message: str) -> NoReturn:
    end = min(start + 1, len(source.text))
    span = span_between(source.text, start, max(start, end))
    raise ShapecalcError((_mistake(source, message, span),), source, exit_code=2) from None


def _mistake(source: Source, message: str, span: Span | None = None) -> Diagnostic:
    return Diagnostic(code="SC506", message=f"`{source.name}` {message}", span=span)


def key_span(text: str, path: Path) -> Span | None:
    r"""Return the span of the last key of a path, None if it is not certain.

    It is certain if another word in its place is read as a key there.

    >>> key_span("# select\n[lint]\nselect = 1", ("lint", "select"))
    Span(line=3, column=1, end_line=3, end_column=7, file=0)
    """
    *parents, key = path
    written = re.escape(str(key))
    pattern = rf"(?<![\w\"'-])(?:{written}|\"{written}\"|'{written}')(?=[ \t]*[.=\]])"
    return _certain(text, pattern, _PLACEHOLDER, lambda document: _PLACEHOLDER in _at(document, parents))


def text_span(text: str, path: Path, value: str) -> Span | None:
    r"""Return the span of a text at a path, with its quotes; None if it is not certain.

    >>> text_span('a = ["SC1"]\nb = ["SC2", "SC1"]', ("b", 1), "SC1")
    Span(line=2, column=13, end_line=2, end_column=18, file=0)
    """
    written = re.escape(value)
    pattern = rf"\"{written}\"|'{written}'"
    return _certain(text, pattern, f'"{_PLACEHOLDER}"', lambda document: _at(document, path) == _PLACEHOLDER)


def _certain(text: str, pattern: str, replacement: str, holds: Any) -> Span | None:
    """Return the span of the first match that `holds` of the document with the replacement in its place."""
    import tomllib  # noqa: PLC0415 - already imported

    if len(text) > _MOST_SEARCHED or _PLACEHOLDER in text:
        return None
    for start, end in _candidates(text, pattern):
        try:
            document = tomllib.loads(text[:start] + replacement + text[end:])
        except ValueError:
            continue
        if holds(document):
            return span_between(text, start, end)
    return None


def _candidates(text: str, pattern: str) -> Iterator[tuple[int, int]]:
    for number, match in enumerate(re.finditer(pattern, text)):
        if number == _MOST_CANDIDATES:
            return
        yield match.span()


def _at(document: Any, path: Sequence[str | int]) -> Any:
    """Return the value at a path, an empty tuple if there is none."""
    for key in path:
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return ()
    return document if isinstance(document, dict | str) else ()
