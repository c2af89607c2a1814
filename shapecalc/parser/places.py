"""The spans of a text in which something could not be read."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.diagnostics import Span

_Position: TypeAlias = tuple[int, int, int]
"""A file, a line and a column."""


class Places:
    """A set of spans that is sorted, so that those within another span are found without reading all.

    >>> from shapecalc.diagnostics import Span
    >>> places = Places([Span(2, 7, 2, 9)])
    >>> places.within(Span(2, 1, 3, 1)), places.within(Span(2, 8, 3, 1))
    (True, False)
    """

    __slots__ = ("_sorted",)

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._sorted = sorted({_ends(span) for span in spans})

    def add(self, span: Span) -> None:
        """Add a span."""
        ends = _ends(span)
        at = bisect_left(self._sorted, ends)
        if self._sorted[at : at + 1] != [ends]:
            self._sorted.insert(at, ends)

    def remove(self, span: Span) -> None:
        """Remove a span if it is there."""
        ends = _ends(span)
        self._sorted = [other for other in self._sorted if other != ends]

    def within(self, span: Span) -> bool:
        """Return whether one of the spans is in another one."""
        start, end = _ends(span)
        for at in range(bisect_left(self._sorted, (start, start)), len(self._sorted)):
            first, last = self._sorted[at]
            if last <= end:
                return True
            if first > end:
                return False
        return False

    def copy(self) -> Places:
        """Return a set of the same spans."""
        places = Places()
        places._sorted = self._sorted.copy()
        return places


def _ends(span: Span) -> tuple[_Position, _Position]:
    return (span.file, span.line, span.column), (span.file, span.end_line, span.end_column)
