"""All diagnostics of an inferred network, for every command that reports them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.checking.expect import unmet
from shapecalc.checking.lints import ANOTHER_LAYOUT, WITHOUT_EFFECT, lint
from shapecalc.checking.output_padding import with_output_padding
from shapecalc.checking.where import impossible, unproved
from shapecalc.shape_inference.engine import Reports

if TYPE_CHECKING:
    from shapecalc.diagnostics import Diagnostic
    from shapecalc.shape_inference.report import Report


def diagnose(
    report: Report,
    reports: Reports | None = None,
    *,
    brief: bool = False,
    expectations: bool = True,
    where: bool = True,
    lints: bool = True,
) -> tuple[Diagnostic, ...]:
    """Return the lints, unmet expectations, and constraints that no size meets or that `where:` does not ensure.

    `reports` are those of the same architecture. `brief` leaves out lints of networks that are as intended, and could
    be better: `inspect` and `watch` show valid networks, some of them famous, without them. `expectations` and `where`
    are False if the report is not at the sizes, parameters or counts for which the file states them; `lints` is False
    if only these two are to be compared.
    """
    shown = WITHOUT_EFFECT | ANOTHER_LAYOUT
    linted = tuple(diagnostic for diagnostic in lint(report) if not brief or diagnostic.code in shown) if lints else ()
    unmet_here = with_output_padding(report, unmet(report)) if expectations else ()
    diagnostics = (*linted, *unmet_here, *(impossible(report) if lints else ()))
    if not where or not report.architecture.where:
        return diagnostics
    if not report.bindings:
        return (*diagnostics, *unproved(report))
    general, refused = (reports or Reports(report.architecture)).infer({}, symbolic=True)
    return (*diagnostics, *(refused if general is None else unproved(general)))
