"""Markers of merge conflicts, as git writes them into a file."""

from __future__ import annotations

import re

from shapecalc.diagnostics import Diagnostic
from shapecalc.parser.positions import span_between

MARKER = re.compile(r"(<{7,}|\|{7,}|={7,}|>{7,})(?:[ \t]+(.*))?")
"""A line that is a marker, with the name of its side; those of conflicts in a merged base are longer."""
_FIRST = re.compile(r"^<{7}(?: [^\r\n]*)?(?=\r?$)", re.MULTILINE)


def explain_conflict(text: str) -> Diagnostic | None:
    r"""Return the diagnostic of the first conflict of a text that cannot be read, None without one.

    >>> diagnostic = explain_conflict("input: [N, 3]\n<<<<<<< HEAD\nlayers: [relu]\n")
    >>> diagnostic.code, diagnostic.span.line
    ('SC003', 2)
    """
    first = _FIRST.search(text)
    if first is None:
        return None
    return Diagnostic(
        code="SC003",
        message="the file has an unresolved merge conflict",
        span=span_between(text, first.start(), first.end()),
        help="write what is meant in place of both sides, and delete the lines of markers",
    )
