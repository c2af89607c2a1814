"""Diagnostics as a GitLab Code Quality report, which a merge request shows at its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import Severity
from shapecalc.render import json
from shapecalc.render.check.located import brief, fingerprints, located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.render.check.located import Located

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def checks(results: Sequence[Checked]) -> str:
    """Return a JSON array with an entry per diagnostic, in ASCII.

    GitLab matches the entries of two branches by their fingerprints, which are unique and contain no line number, so
    that they stay the same when lines move.
    """
    entries = list(located(results))
    return json.text([_entry(*each) for each in zip(entries, fingerprints(entries), strict=True)], unicode=False)


def _entry(entry: Located, fingerprint: str) -> dict[str, Any]:
    diagnostic = entry.diagnostic
    return {
        "description": " / ".join([brief(diagnostic.message), *entry.lines()]),
        "check_name": diagnostic.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[diagnostic.severity],
        "location": {"path": entry.path, "lines": {"begin": diagnostic.span.line if diagnostic.span else 1}},
    }
