"""Diagnostics as plain values; `render/text.py` turns them into what a person reads."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Severity(Enum):
    """How much a diagnostic weighs: only errors stop the work."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Span(NamedTuple):
    """A stretch of source text: lines and columns from 1, in code points; the end column is the first one after it.

    `file` says which text: 0 the one that was asked for, k the k-th one that it includes (`Source.of`).
    """

    line: int
    column: int
    end_line: int
    end_column: int
    file: int = 0


class Source(NamedTuple):
    """A text and the name under which diagnostics quote it (`net.yaml`, `<stdin>`), with all texts that it includes.

    What an included text includes stands in the same tuple: one number, `Span.file`, finds every text. `mark` is the
    byte order mark that the file begins with, if it does: it is no part of the text, and stays where the file is
    written anew.
    """

    name: str
    text: str
    included: tuple[Source, ...] = ()
    mark: str = ""

    def of(self, span: Span) -> Source:
        """Return the text that a span points into; this one where the span names a file that is not here.

        >>> net = Source("net.yaml", "include: common.yaml", (Source("common.yaml", "blocks: {}"),))
        >>> net.of(Span(1, 1, 1, 7, file=1)).name
        'common.yaml'
        """
        return self.included[span.file - 1] if 0 < span.file <= len(self.included) else self


class Label(NamedTuple):
    """A second place that belongs to the story, such as the line where a shape came from."""

    span: Span
    text: str


class Fix(NamedTuple):
    """Text to put in place of a span; `safe` when it cannot change what the author meant."""

    span: Span
    replacement: str
    safe: bool = False


MOST_FINDINGS = 50
"""A file with more mistakes than this is not an architecture; nobody reads the hundredth."""


class Diagnostic(NamedTuple):
    """One finding.

    `message` says what is ("`linear` expects 512 input features, receives 25088"), `label` stands under the caret,
    `help` is an edit that, applied, clears the finding. A finding about a file that cannot be read has no span.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    span: Span | None = None
    label: str = ""
    labels: tuple[Label, ...] = ()
    help: str | None = None
    notes: tuple[str, ...] = ()
    fix: Fix | None = None
