"""What every format of `check` says of a finding: the file it lies in, its words line by line, and the counts."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath
from posixpath import normpath
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Severity
from shapecalc.render.terminal.escaping import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.diagnostics import Diagnostic, Source, Span

LONGEST = 1_000
"""Characters of one message: what quotes a whole file is cut."""


class Located(NamedTuple):
    """A finding and the path of the file that it lies in, which one that is checked may include."""

    found: Diagnostic
    path: str
    checked: Checked

    def path_of(self, span: Span) -> str:
        """Return the path of the file that another place of the finding lies in."""
        return _path(self.checked, span)

    def text_of(self, span: Span) -> Source | None:
        """Return the text that a place lies in."""
        return self.checked.source and self.checked.source.of(span)

    def lines(self) -> list[str]:
        """Return what is to be said beside the message: what stands under the caret, other places, help, notes.

        Every line can be shown: nothing in it is a command to a terminal.
        """
        found = self.found
        lines = [brief(found.label)] if found.label else []
        lines += [
            f"{terminal(self.path_of(span))}:{span.line}:{span.column}: {brief(text)}"
            for span, text in dict.fromkeys(found.labels)
        ]
        lines += [f"help: {brief(found.help)}"] if found.help else []
        return lines + [f"note: {brief(note)}" for note in found.notes]


def located(results: Sequence[Checked]) -> Iterator[Located]:
    """Yield the findings of all files, in the order of the files and of their texts."""
    for checked in results:
        for found in checked.findings:
            yield Located(found, _path(checked, found.span), checked)


def path_of(checked: Checked) -> str:
    """Return the path of a file as the pages of a platform have it: `net.yaml`, not `./net.yaml`."""
    return normpath(PurePath(checked.name).as_posix())


def _path(checked: Checked, span: Span | None) -> str:
    if span is None or checked.source is None:
        return path_of(checked)
    source = checked.source.of(span)
    return path_of(checked) if source is checked.source else normpath(PurePath(source.name).as_posix())


def counts(results: Sequence[Checked]) -> dict[Severity, int]:
    """Count the findings of all files by what they weigh, errors first."""
    found = Counter(finding.severity for checked in results for finding in checked.findings)
    return {severity: found[severity] for severity in Severity}


def verdict(results: Sequence[Checked]) -> str:
    """Say in one line how many files were checked and what was found.

    >>> from shapecalc.checking.result import Checked
    >>> verdict([Checked("net.yaml", None, ())])
    '1 file checked: clean'
    """
    found = ", ".join(plural(count, severity.value) for severity, count in counts(results).items() if count)
    return f"{plural(len(results), 'file')} checked: {found or 'clean'}"


def plural(count: int, noun: str) -> str:
    """Return a count and what it counts: `1 error`, `2 errors`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def brief(text: str) -> str:
    """Cut what quotes a whole file, and escape what is left."""
    return terminal(text if len(text) <= LONGEST else text[:LONGEST] + "...")
