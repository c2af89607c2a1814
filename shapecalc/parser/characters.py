"""Refusal of characters that files do not need and that people and programs read differently."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Fix, ShapecalcError, Source
from shapecalc.parser.positions import span_between
from shapecalc.parser.scalars import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.parser.events import ScalarEvent

# Control characters, the line breaks that only YAML 1.1 knows (U+0085, U+2028, U+2029), surrogates, byte order marks
# and non-characters.
_FORBIDDEN = "[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
_FORBIDDEN_IN_ASCII = "[^\t\n\r -~]"
_TAB_OR_COMMENT = re.compile(r"\t+|#[^\r\n]*")
_TABS = re.compile(r"\t+")
_HEADING = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)|%[^\r\n]*(?:\r\n|\r|\n|\Z))*")
"""The text before `---`: empty lines, comments and directives."""
_DIRECTIVE = re.compile(r"(?:\A|(?<=[\r\n]))%[^\r\n]*")
_KNOWN_DIRECTIVE = re.compile(r"%YAML[ \t]+1\.[12][ \t]*(?:#.*)?|%TAG[ \t].*")
_INVISIBLE_BREAKS = "\x85\u2028\u2029"


def describe(character: str) -> str:
    r"""Return the description of a character that cannot be shown.

    >>> describe("\x1b"), describe("\ufeff")
    ('`U+001B` is a control character', '`U+FEFF` is a byte order mark')
    """
    kind = "a control character"
    if character == "\ufeff":
        kind = "a byte order mark"
    elif character in _INVISIBLE_BREAKS:
        kind = "a line break that most editors do not show"
    elif "\ud800" <= character <= "\udfff":
        kind = "half of a surrogate pair"
    elif character > "\ufeff":
        kind = "no character"
    return f"`U+{ord(character):04X}` is {kind}"


def forbidden(text: str) -> re.Pattern[str]:
    """Return the pattern of the characters that are refused in this text.

    The pattern for all of Unicode takes 5 ms to compile, a tenth of the start-up time: ASCII texts have their own.
    """
    return re.compile(_FORBIDDEN_IN_ASCII if text.isascii() else _FORBIDDEN)


def refuse_characters(source: Source) -> None:
    """Raise `ShapecalcError` SC003 at the first character that is refused."""
    pattern = forbidden(source.text)
    match = pattern.search(source.text)
    if not match:
        return
    others = len(pattern.findall(source.text, match.end()))
    diagnostic = Diagnostic(
        code="SC003",
        message=f"{describe(match[0])}, expects printable text",
        span=span_between(source.text, match.start(), match.end()),
        help="delete it",
        notes=(f"{others} more such characters follow",) if others else (),
    )
    raise ShapecalcError((diagnostic,), source)


def refuse_directives(source: Source) -> None:
    """Raise `ShapecalcError` SC003 at a directive other than `%YAML 1.1`, `%YAML 1.2` and `%TAG`, or without `---`.

    libyaml refuses some of them and PyYAML's own parser others: a file must not depend on which one reads it.
    """
    if "%" not in source.text:
        return
    heading = _HEADING.match(source.text)
    for match in _DIRECTIVE.finditer(source.text, 0, heading.end() if heading else 0):
        known = _KNOWN_DIRECTIVE.fullmatch(match[0])
        if known and source.text.startswith("---", heading.end() if heading else 0):
            continue
        shown = shorten(match[0])
        message = f"`{shown}` is no directive of YAML 1.2" if not known else f"`{shown}` stands without `---` after it"
        help_ = "delete it" if not known else "write `---` on the line below it, or delete it"
        span = span_between(source.text, match.start(), match.end())
        raise ShapecalcError((Diagnostic(code="SC003", message=message, span=span, help=help_),), source)


def stray_tabs(text: str, scalars: Iterable[ScalarEvent]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for tabs outside quotes, block texts and comments; `scalars` are all those of the text.

    libyaml accepts some of them and PyYAML's own parser none: a file must not depend on which one reads it.
    """
    position = 0
    for scalar in scalars:
        start, end = scalar.start_mark.index, scalar.end_mark.index
        yield from _tabs_within(text, position, start, _TAB_OR_COMMENT)
        if not scalar.style:
            yield from _tabs_within(text, start, end, _TABS)
        position = end
    yield from _tabs_within(text, position, len(text), _TAB_OR_COMMENT)


def _tabs_within(text: str, start: int, end: int, pattern: re.Pattern[str]) -> Iterator[Diagnostic]:
    for match in pattern.finditer(text, start, end):
        if match[0].startswith("\t"):
            yield tab_diagnostic(text, match.start(), match.end())


def tab_diagnostic(text: str, start: int, end: int) -> Diagnostic:
    """Return the diagnostic of tabs in place of spaces."""
    span = span_between(text, start, end)
    spaces = "  " * (end - start)
    before = re.split(r"[\r\n]", text[:start])[-1]
    return Diagnostic(
        code="SC003",
        message="a tab stands where YAML expects spaces",
        span=span,
        help="write spaces",
        fix=Fix(span, spaces, safe=before.strip() != ""),
    )
