"""The result of checking one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Severity

if TYPE_CHECKING:
    from shapecalc.diagnostics import Diagnostic, Source


class Checked(NamedTuple):
    """One file and its diagnostics in the order of its text.

    `name` is the path as it was given, with `/` between folders, and relative if it is below the current folder;
    `source` is its text, None if it cannot be read. A diagnostic may be in a file that it includes (`source.of`).
    """

    name: str
    source: Source | None
    findings: tuple[Diagnostic, ...]
    readable: bool = True

    def __repr__(self) -> str:
        """Return the name and the number of errors and warnings.

        >>> Checked("net.yaml", None, ())
        <Checked net.yaml: ok>
        """
        counts = {each: sum(finding.severity is each for finding in self.findings) for each in Severity}
        counted = ", ".join(f"{count} {each.value}{'s' * (count > 1)}" for each, count in counts.items() if count)
        return f"<Checked {self.name}: {counted or 'ok'}>"

    def failed(self, *, strict: bool = False) -> bool:
        """Return whether a diagnostic is an error, or with `strict` a warning."""
        weighs = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
        return any(diagnostic.severity in weighs for diagnostic in self.findings)
