"""Diagnostics as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.render.check.findings import counts, located, path_of
from shapecalc.render.json import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.diagnostics import Fix, Label, Span
    from shapecalc.render.check.findings import Located


def checks(results: Sequence[Checked], *, unicode: bool = True) -> str:
    """Return the diagnostics of each file, unescaped, and their totals."""
    files = [
        {
            "name": path_of(checked),
            "readable": checked.readable,
            "findings": [_finding(place) for place in located([checked])],
        }
        for checked in results
    ]
    totals = {f"{severity.value}s": count for severity, count in counts(results).items()}
    return document({"files": files, "totals": {"files": len(files), **totals}}, unicode=unicode)


def _finding(place: Located) -> dict[str, Any]:
    found = place.found
    return {
        "code": found.code,
        "severity": found.severity.value,
        "message": found.message,
        "file": place.path,
        **_span(found.span),
        "label": found.label or None,
        "labels": [_label(place, label) for label in dict.fromkeys(found.labels)],
        "help": found.help,
        "notes": list(found.notes),
        "fix": _fix(place, found.fix),
    }


def _label(place: Located, label: Label) -> dict[str, Any]:
    return {"file": place.path_of(label.span), **_span(label.span), "text": label.text}


def _fix(place: Located, fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    return {
        "file": place.path_of(fix.span),
        **_span(fix.span),
        "replacement": fix.replacement,
        "safe": fix.safe,
    }


def _span(span: Span | None) -> dict[str, int | None]:
    """Return a span in code points from 1, with an exclusive end column; nulls if there is none."""
    line, column, end_line, end_column = span[:4] if span else (None,) * 4
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
