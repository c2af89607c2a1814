"""Bytes → text → tree → architecture: whatever comes in is read, or refused with a code and a place in its text."""

from __future__ import annotations

import re
import zlib
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from shapecalc.checking.fix import fix_text
from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.diagnostics.limits import Limits
from shapecalc.diagnostics.rules import codes, rule
from shapecalc.files.load import loads_source
from shapecalc.parser.files import decode
from shapecalc.parser.grammar import parse
from shapecalc.parser.reader import read_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.diagnostics import Diagnostic, Span

LIMITS = Limits(layers=300)
MENDED_OF = 8
"""One file of so many is mended too, which reads it up to 200 times."""
KNOWN = frozenset(codes())
LINE_BREAK = re.compile("\r\n|\r|\n")


def one_input(data: bytes) -> None:
    """Read bytes as a file; raise `AssertionError` where a promise is broken, whatever else where one is not kept."""
    try:
        source = decode("net.yaml", data)
        read_tree(source, LIMITS)
        reading = parse(source, LIMITS)
        whole = parse(source, LIMITS, unused=True)
    except ShapecalcError as error:
        refused(error)
        return
    hold(whole.diagnostics, whole.source)
    assert set(reading.diagnostics) <= set(whole.diagnostics)
    assert reading.architecture is not None or reading.diagnostics
    try:
        loads_source(source, LIMITS)
    except ShapecalcError as error:
        refused(error)
        if zlib.crc32(data) % MENDED_OF == 0:
            mended = fix_text(source, None, LIMITS)
            hold(mended.remaining, mended.source)
    else:
        assert not reading.diagnostics


def refused(error: ShapecalcError) -> None:
    """Hold an error to what is promised: something is said, and all of it holds."""
    assert error.diagnostics
    hold(error.diagnostics, error.source)


def hold(findings: Iterable[Diagnostic], source: Source | None) -> None:
    """Hold findings to what is promised of each: a code with a page, and places in the text."""
    for found in findings:
        assert found.code in KNOWN, found
        assert rule_of(found.code)
        assert found.message, found
        for span in spans_of(found):
            assert source is not None, found
            lies_inside(span, source)


@cache
def rule_of(code: str) -> bool:
    """Return whether a code has a page that can be read."""
    return bool(rule(code).text)


def spans_of(found: Diagnostic) -> Iterator[Span]:
    """Yield every place that a finding names."""
    if found.span is not None:
        yield found.span
    yield from (label.span for label in found.labels)
    if found.fix is not None:
        yield found.fix.span


def lies_inside(span: Span, source: Source) -> None:
    """Raise `AssertionError` where a span does not lie within its text."""
    assert 0 <= span.file <= len(source.included), span
    lines = lines_of(source.of(span).text)
    for line, column in ((span.line, span.column), (span.end_line, span.end_column)):
        assert 1 <= line <= len(lines), span
        assert 1 <= column <= len(lines[line - 1]) + 1, span
    assert (span.line, span.column) <= (span.end_line, span.end_column), span


@lru_cache(8)
def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of a text: many spans lie in one."""
    return tuple(LINE_BREAK.split(text))
