"""Diagnostics as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.render.check.located import counts, located, normalized, path_of, skipped_of, unchanged_of
from shapecalc.render.check.overview import by_directory
from shapecalc.render.json import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.diagnostics import Fix, Label, Severity, Span
    from shapecalc.render.check.located import Located


def checks(results: Sequence[Checked], *, unicode: bool = True) -> str:
    """Return the diagnostics of each file, unescaped, and their totals."""
    return document(values(results), unicode=unicode)


def values(results: Sequence[Checked]) -> dict[str, Any]:
    """Return the values of the document."""
    files = [
        {
            "name": path_of(checked),
            "readable": checked.readable,
            "findings": [_finding(entry) for entry in located([checked])],
        }
        for checked in results
    ]
    directories = [
        {"name": group.path, "files": group.files, **_counts(group.findings)} for group in by_directory(results)
    ]
    skipped = list(map(normalized, skipped_of(results)))
    return {
        "files": files,
        "skipped": skipped,
        "directories": directories,
        "totals": {
            "files": len(files),
            "skipped": len(skipped),
            "unchanged": unchanged_of(results)[0],
            **_counts(counts(results)),
        },
    }


def _counts(severities: dict[Severity, int]) -> dict[str, int]:
    return {f"{severity.value}s": count for severity, count in severities.items()}


def _finding(entry: Located) -> dict[str, Any]:
    diagnostic = entry.diagnostic
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "file": entry.path,
        **_span(diagnostic.span),
        "label": diagnostic.label or None,
        "labels": [_label(entry, label) for label in dict.fromkeys(diagnostic.labels)],
        "help": diagnostic.help,
        "notes": list(diagnostic.notes),
        "fix": _fix(entry, diagnostic.fix),
    }


def _label(entry: Located, label: Label) -> dict[str, Any]:
    return {"file": entry.path_of(label.span), **_span(label.span), "text": label.text}


def _fix(entry: Located, fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    return {"file": entry.path_of(fix.span), **_span(fix.span), "replacement": fix.replacement, "safe": fix.safe}


def _span(span: Span | None) -> dict[str, int | None]:
    """Return a span in code points from 1, with an exclusive end column; nulls if there is none."""
    line, column, end_line, end_column = span[:4] if span else (None,) * 4
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
