"""Diagnostics for GitHub Actions: annotations at the lines of a pull request, and the summary page of a step.

The runner executes `::word` at the start of a line, after white space, and an older form, `##[word]`, anywhere in it.
It makes annotations of the first ten errors, ten warnings and ten notices of a step, and cuts each at 4,096 characters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Severity
from shapecalc.render.check.located import brief, counts, located, plural, verdict
from shapecalc.render.check.markdown import page
from shapecalc.render.terminal.escaping import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.diagnostics import Span
    from shapecalc.render.check.located import Located

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_MOST = 10
_LONGEST = 4_000
_SUMMARY_BYTES = 1 << 20


def checks(results: Sequence[Checked]) -> str:
    """Return a workflow command per diagnostic, at most ten of each severity, errors first, and the number left out."""
    entries = list(located(results))
    shown: list[str] = []
    for severity in Severity:
        shown += [_annotation(entry) for entry in entries if entry.diagnostic.severity is severity][:_MOST]
    beyond = {severity: count - _MOST for severity, count in counts(results).items() if count > _MOST}
    if beyond:
        more = " and ".join(plural(count, severity.value) for severity, count in beyond.items())
        shown.append(f"and {more} more, which GitHub would not show: a step has {_MOST} annotations of a kind")
    return "\n".join([*shown, verdict(results)])


def _annotation(entry: Located) -> str:
    diagnostic = entry.diagnostic
    properties = {"file": _file(entry.path), **_region(diagnostic.span), "title": f"shapecalc {diagnostic.code}"}
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    message = "\n".join([brief(diagnostic.message), *entry.lines()])
    if len(message) > _LONGEST:
        message = message[:_LONGEST] + "..."
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_data(message)}"


def _file(path: str) -> str:
    # The runner drops signs of equality at the start of a value, and has no escape for them.
    return f"./{terminal(path)}" if path.startswith("=") else terminal(path)


def _region(span: Span | None) -> dict[str, str]:
    """Return the lines of a span and, if it is within one line, its columns: GitHub takes columns of one line only."""
    if span is None:
        return {}
    # A span that ends before the first column ends in the line above.
    last = span.end_line - (span.line < span.end_line and span.end_column == 1)
    columns = {"col": str(span.column), "endColumn": str(span.end_column)} if span.line == span.end_line else {}
    return {"line": str(span.line), "endLine": str(last), **columns}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def summary(results: Sequence[Checked]) -> str:
    """Return Markdown for `$GITHUB_STEP_SUMMARY`, of at most the 1 MiB that GitHub takes of a step."""
    return page(results, _SUMMARY_BYTES, lambda text: len(text.encode()), "GitHub takes no more than 1 MiB")
