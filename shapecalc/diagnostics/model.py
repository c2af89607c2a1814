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
    """A stretch of source text: lines and columns from 1, in code points; the end column is the first one after it."""

    line: int
    column: int
    end_line: int
    end_column: int


class Source(NamedTuple):
    """A text and the name under which diagnostics quote it (`net.yaml`, `<stdin>`)."""

    name: str
    text: str


class Label(NamedTuple):
    """A second place that belongs to the story, such as the line where a shape came from."""

    span: Span
    text: str


class Fix(NamedTuple):
    """Text to put in place of a span; `safe` when it cannot change what the author meant."""

    span: Span
    replacement: str
    safe: bool = False


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
