"""Diagnostics as a GitLab Code Quality report, which a merge request shows at its lines."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import Severity
from shapecalc.render import json
from shapecalc.render.check.located import brief, located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.render.check.located import Located

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}
_LINE_NUMBER = re.compile(r"\blines? \d+|(?<=:)\d+(:\d+)?\b")


def checks(results: Sequence[Checked]) -> str:
    """Return a JSON array with an entry per diagnostic, in ASCII.

    GitLab matches the entries of two branches by their fingerprints, which are unique and contain no line number, so
    that they stay the same when lines move.
    """
    seen: Counter[str] = Counter()
    return json.text([_entry(entry, seen) for entry in located(results)], unicode=False)


def _entry(entry: Located, seen: Counter[str]) -> dict[str, Any]:
    diagnostic = entry.diagnostic
    identity = "\0".join((entry.path, diagnostic.code, _LINE_NUMBER.sub("", diagnostic.message)))
    seen[identity] += 1
    return {
        "description": " / ".join([brief(diagnostic.message), *entry.lines()]),
        "check_name": diagnostic.code,
        "fingerprint": _digest(f"{identity}\0{seen[identity]}"),
        "severity": _SEVERITIES[diagnostic.severity],
        "location": {"path": entry.path, "lines": {"begin": diagnostic.span.line if diagnostic.span else 1}},
    }


def _digest(text: str) -> str:
    # The name of a file that is not valid UTF-8 has surrogates.
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
