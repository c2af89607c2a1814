"""Conversion between offsets in a text and lines and columns."""

from __future__ import annotations

import re

from shapecalc.diagnostics import Span

# Only these break lines in YAML 1.2; `str.splitlines` would also break at form feeds and U+2028.
LINE_BREAK = re.compile(r"\r\n|\r|\n")


def span_between(text: str, start: int, end: int) -> Span:
    r"""Return the span of `text[start:end]`.

    >>> span_between("a: 1\nb: 22\n", 8, 10)
    Span(line=2, column=4, end_line=2, end_column=6, file=0)
    """
    line, column = position_after(text, 0, start, (1, 1))
    return Span(line, column, *position_after(text, start, end, (line, column)))


def offsets_of(text: str, span: Span) -> tuple[int, int]:
    r"""Return the start and end offsets of a span in the text.

    >>> offsets_of("a: 1\nb: 22\n", Span(2, 4, 2, 6))
    (8, 10)
    """
    starts = [0, *(match.end() for match in LINE_BREAK.finditer(text))]
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1


def position_after(text: str, start: int, end: int, position: tuple[int, int]) -> tuple[int, int]:
    """Return the line and column of offset `end`, given those of offset `start` as `position`."""
    line, column = position
    breaks = [match.end() for match in LINE_BREAK.finditer(text, start, end)]
    return (line + len(breaks), end - breaks[-1] + 1) if breaks else (line, column + end - start)
