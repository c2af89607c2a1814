"""Results as JSON: keys in a fixed order, exact integers, no NaN."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from shapecalc.render.escaping import json_text
from shapecalc.render.findings import counts, located, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.diagnostics import Fix, Label, Span
    from shapecalc.render.findings import Located


def document(value: Any, *, unicode: bool = True) -> str:
    """Return a JSON document, two spaces deep, without a line break at its end; escaped where only ASCII goes."""
    return json_text(json.dumps(value, indent=2, ensure_ascii=not unicode, allow_nan=False))


def number(value: float | None) -> float | None:
    """Return a number as JSON has it, null where it is infinite or none at all.

    >>> number(0.5), number(float("inf")), number(float("nan"))
    (0.5, None, None)
    """
    return value if value is not None and math.isfinite(value) else None


def checks(results: Sequence[Checked], *, unicode: bool = True) -> str:
    """Return the findings of each file, exactly as they are, and what they add up to."""
    files = [
        {
            "name": path_of(checked),
            "readable": checked.readable,
            "findings": [_finding(place) for place in located([checked])],
        }
        for checked in results
    ]
    totals = {f"{severity.value}s": count for severity, count in counts(results).items()}
    return document({"schema_version": 1, "files": files, "totals": {"files": len(files), **totals}}, unicode=unicode)


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
    """Return a place, in code points from 1, its end column the first one after it; nulls where there is none."""
    line, column, end_line, end_column = span[:4] if span else (None,) * 4
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
