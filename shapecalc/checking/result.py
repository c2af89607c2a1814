"""The result of checking one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from shapecalc.diagnostics import Severity
from shapecalc.diagnostics.presentation import Presented

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.diagnostics import Diagnostic, Source


class _OneFile(NamedTuple):
    name: str
    source: Source | None
    findings: tuple[Diagnostic, ...]
    readable: bool = True
    used: frozenset[str] | None = None
    strict: bool = False
    former: str | None = None


class Checked(Presented, _OneFile):
    """One file and its diagnostics in the order of its text.

    `name` is the path as it was given, with `/` between folders, and relative if it is below the current folder;
    `source` is its text, None if it cannot be read. `used` has the names of the settings that apply to it, None if it
    is not a valid architecture. `strict` is whether its configuration lets warnings fail it. `former` is the name
    of the locked file that it was before, if it is equal to a single one that is gone. A diagnostic may be in a file
    that it includes (`source.of`).
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the name and the number of errors and warnings.

        >>> Checked("net.yaml", None, ())
        <Checked net.yaml: ok>
        """
        return f"<Checked {self.name}: {_counted(self.findings)}>"

    def failed(self, *, strict: bool = False) -> bool:
        """Return whether a diagnostic is an error, or with `strict`, given or configured, a warning."""
        weighs = (Severity.ERROR, Severity.WARNING) if strict or self.strict else (Severity.ERROR,)
        return any(diagnostic.severity in weighs for diagnostic in self.findings)


class CheckResults(Presented, tuple[Checked, ...]):  # noqa: SLOT001 - a tuple cannot have slots with values
    """The results of checking several files, in their order.

    `skipped` names the YAML files of folders and patterns that were passed over: they describe no network. `unchanged`
    is the number of files that were not checked, as they are those of the revision `base`.
    """

    skipped: tuple[str, ...]
    unchanged: int
    base: str

    def __new__(
        cls, results: Iterable[Checked] = (), skipped: Iterable[str] = (), unchanged: int = 0, base: str = ""
    ) -> Self:
        """Return the results with what was not checked."""
        made = super().__new__(cls, results)
        made.skipped = tuple(skipped)
        made.unchanged = unchanged
        made.base = base
        return made

    def __repr__(self) -> str:
        """Return the number of files, and of errors and warnings.

        >>> CheckResults([Checked("a.yaml", None, ()), Checked("b.yaml", None, ())])
        <CheckResults of 2 files: ok>
        """
        findings = tuple(finding for result in self for finding in result.findings)
        return f"<CheckResults of {len(self)} file{'s' * (len(self) != 1)}: {_counted(findings)}>"

    def failed(self, *, strict: bool = False) -> bool:
        """Return whether a file has an error, or with `strict` a warning."""
        return any(result.failed(strict=strict) for result in self)


def _counted(findings: tuple[Diagnostic, ...]) -> str:
    """Return the number of diagnostics by severity, or `ok`."""
    counts = {each: sum(finding.severity is each for finding in findings) for each in Severity}
    return ", ".join(f"{count} {each.value}{'s' * (count > 1)}" for each, count in counts.items() if count) or "ok"
