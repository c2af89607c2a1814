"""Diagnostics as plain values, which `render/` formats."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Severity(Enum):
    """The severity of a diagnostic; only errors prevent a result."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Span(NamedTuple):
    """A range of source text: lines and columns from 1, in code points; the end column is the first one after it.

    `file` is the text: 0 for the one that was read, k for the k-th one that it includes (`Source.of`).
    """

    line: int
    column: int
    end_line: int
    end_column: int
    file: int = 0


class Source(NamedTuple):
    """A text and its name in diagnostics (`net.yaml`, `<stdin>`), with all texts that it includes.

    `included` also has the texts that included texts include, so that one number, `Span.file`, identifies a text.
    `mark` is the byte order mark at the start of the file, if any: it is not part of `text`, and is preserved if the
    file is written.
    """

    name: str
    text: str
    included: tuple[Source, ...] = ()
    mark: str = ""

    def of(self, span: Span) -> Source:
        """Return the text that a span refers to; this one if the span's file is not included.

        >>> net = Source("net.yaml", "include: common.yaml", (Source("common.yaml", "blocks: {}"),))
        >>> net.of(Span(1, 1, 1, 7, file=1)).name
        'common.yaml'
        """
        return self.included[span.file - 1] if 0 < span.file <= len(self.included) else self


class Label(NamedTuple):
    """A text at a second position of a diagnostic, such as the line that a shape comes from."""

    span: Span
    text: str


class Fix(NamedTuple):
    """A replacement for a span of text; `safe` if it cannot change what the author intended."""

    span: Span
    replacement: str
    safe: bool = False


MOST_DIAGNOSTICS = 50
"""The most diagnostics that are reported for a file."""


class Diagnostic(NamedTuple):
    """One mistake, warning or note.

    `message` states the fact ("`linear` expects 512 input features, receives 25088"), `label` is printed under the
    caret, `help` describes an edit that resolves it. `span` is None if the file cannot be read.
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
