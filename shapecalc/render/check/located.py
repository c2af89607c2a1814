"""What the formats of `check` share: the file of a diagnostic, its text line by line, and the counts."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256
from pathlib import PurePath
from posixpath import normpath
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.checking.result import CheckResults
from shapecalc.diagnostics import Severity
from shapecalc.render.terminal.escaping import terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.diagnostics import Diagnostic, Source, Span

LONGEST = 1_000
"""The most characters of a message: one that quotes a whole file is cut."""

_LINE_NUMBER = re.compile(r"\blines? \d+|(?<=:)\d+(:\d+)?\b")


class Located(NamedTuple):
    """A diagnostic and the path of its file, which is the checked one or one that it includes."""

    diagnostic: Diagnostic
    path: str
    checked: Checked

    def path_of(self, span: Span) -> str:
        """Return the path of the file of another span of the diagnostic."""
        return _path(self.checked, span)

    def text_of(self, span: Span) -> Source | None:
        """Return the text that a span refers to."""
        return self.checked.source and self.checked.source.of(span)

    def lines(self) -> list[str]:
        """Return what follows the message: the text under the caret, other labels, help, notes.

        The lines are escaped for a terminal.
        """
        diagnostic = self.diagnostic
        lines = [brief(diagnostic.label)] if diagnostic.label else []
        lines += [
            f"{terminal(self.path_of(span))}:{span.line}:{span.column}: {brief(text)}"
            for span, text in dict.fromkeys(diagnostic.labels)
        ]
        lines += [f"help: {brief(diagnostic.help)}"] if diagnostic.help else []
        return lines + [f"note: {brief(note)}" for note in diagnostic.notes]


def located(results: Sequence[Checked]) -> Iterator[Located]:
    """Yield the diagnostics of all files, in the order of the files and of their texts."""
    for checked in results:
        for diagnostic in checked.findings:
            yield Located(diagnostic, _path(checked, diagnostic.span), checked)


def fingerprints(entries: Iterable[Located]) -> Iterator[str]:
    """Yield a digest of each diagnostic, by which a service finds it again after a change of other lines.

    They are unique: equal diagnostics of a file are counted.
    """
    seen: Counter[str] = Counter()
    for entry in entries:
        message = _LINE_NUMBER.sub("", entry.diagnostic.message)
        identity = f"{entry.path}\0{entry.diagnostic.code}\0{message}"
        seen[identity] += 1
        # The name of a file that is not valid UTF-8 has surrogates.
        yield sha256(f"{identity}\0{seen[identity]}".encode("utf-8", "surrogatepass")).hexdigest()


def path_of(checked: Checked) -> str:
    """Return the path of a file as platforms write it: `net.yaml`, not `./net.yaml`."""
    return normalized(checked.name)


def normalized(name: str) -> str:
    """Return the name of a file as platforms write it."""
    return normpath(PurePath(name).as_posix())


def _path(checked: Checked, span: Span | None) -> str:
    if span is None or checked.source is None:
        return path_of(checked)
    source = checked.source.of(span)
    return path_of(checked) if source is checked.source else normalized(source.name)


def counts(results: Sequence[Checked]) -> dict[Severity, int]:
    """Return the number of diagnostics of all files by severity, errors first."""
    severities = Counter(diagnostic.severity for checked in results for diagnostic in checked.findings)
    return {severity: severities[severity] for severity in Severity}


def skipped_of(results: Sequence[Checked]) -> tuple[str, ...]:
    """Return the YAML files that were passed over, as they describe no network."""
    return results.skipped if isinstance(results, CheckResults) else ()


def unchanged_of(results: Sequence[Checked]) -> tuple[int, str]:
    """Return the number of files that were not checked, as they are those of a revision, and the revision."""
    return (results.unchanged, results.base) if isinstance(results, CheckResults) else (0, "")


def verdict(results: Sequence[Checked]) -> str:
    """Return a line with the number of files checked, of diagnostics, and of files that were passed over.

    >>> from shapecalc.checking.result import Checked, CheckResults
    >>> verdict([Checked("net.yaml", None, ())])
    '1 file checked: clean'
    >>> verdict(CheckResults([Checked("net.yaml", None, ())], skipped=("compose.yaml",)))
    '1 file checked: clean; 1 other YAML file passed over'
    >>> verdict(CheckResults([]))
    '0 files checked: all that were found are excluded'
    """
    totals = ", ".join(plural(count, severity.value) for severity, count in counts(results).items() if count)
    others, unchanged, base = len(skipped_of(results)), *unchanged_of(results)
    same = f"; {plural(unchanged, 'file')} as in {terminal(base)} not checked" if unchanged else ""
    passed_over = f"; {plural(others, 'other YAML file')} passed over" if others else ""
    clean = "clean" if results or unchanged or others else "all that were found are excluded"
    return f"{plural(len(results), 'file')} checked: {totals or clean}{same}{passed_over}"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 error`, `2 errors`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def brief(text: str) -> str:
    """Return a text cut to `LONGEST` characters and escaped."""
    return terminal(text if len(text) <= LONGEST else text[:LONGEST] + "...")
