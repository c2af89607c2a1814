"""What a check of one file hands over."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Severity

if TYPE_CHECKING:
    from shapecalc.diagnostics import Diagnostic, Source


class Checked(NamedTuple):
    """One file, and what was found in it in the order of its text.

    `name` is the path as it was given, with `/` between folders and relative where it lies below the current folder;
    `source` is its text, None where it could not be read. A finding may lie in a file that it includes: `source.of`.
    """

    name: str
    source: Source | None
    findings: tuple[Diagnostic, ...]
    readable: bool = True

    def failed(self, *, strict: bool = False) -> bool:
        """Return whether a finding is an error, or with `strict` a warning."""
        weighs = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
        return any(finding.severity in weighs for finding in self.findings)
