"""What is legal and likely not meant: warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import Group
from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.report import GroupReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.architecture import Architecture, Body, Step
    from shapecalc.report import LayerReport, Report


def suspicions(report: Report) -> tuple[Diagnostic, ...]:
    """Return a warning for each layer, step or input that is legal and likely not meant, each once."""
    found = [*_suspect(report.tree), *_unused(report.architecture)]
    once = {(finding.span, finding.message): finding._replace(severity=Severity.WARNING) for finding in found}
    return tuple(sorted(once.values(), key=lambda finding: finding.span or ()))


def _suspect(rows: Iterable[LayerReport | GroupReport]) -> Iterator[Diagnostic]:
    """Yield what layers say of themselves; the runs of a group have the same layers."""
    for row in rows:
        if isinstance(row, GroupReport):
            yield from _suspect(row.runs[0].rows)
            continue
        error = row.step.layer.suspect()
        if error is not None and row.step.place is not None:
            yield row.step.place.diagnose(error, row.type)


def _unused(architecture: Architecture) -> Iterator[Diagnostic]:
    read = {slot for step in architecture.steps for slot in step.inputs}
    for entry in architecture.inputs:
        if entry.name not in read and entry.name not in architecture.outputs.values() and entry.span is not None:
            yield Diagnostic(
                code="SC403",
                message=f"nothing reads the input `{entry.name}`",
                span=entry.span,
                help=f"read it by `from: {entry.name}`, or take it out",
            )
    yield from _unread(architecture.steps, set(architecture.outputs.values()), set())


def _unread(steps: tuple[Step | Group, ...], leaving: set[str], seen: set[Body]) -> Iterator[Diagnostic]:
    """Yield a warning for each step that nothing reads and that does not leave, once a body."""
    read = leaving | {slot for step in steps for slot in step.inputs}
    for step in steps:
        further = () if isinstance(step, Group) else step.layer.output_names or ()
        slots = {step.path, *(step.slot(name) for name in further if not isinstance(step, Group))}
        if slots.isdisjoint(read) and step.place is not None:
            yield Diagnostic(
                code="SC403",
                message=f"nothing reads `{step.path}`, and it does not leave",
                span=step.place.word,
                help="take it out, read it by `from:`, or name it under `outputs:`",
            )
        if isinstance(step, Group) and step.body not in seen:
            seen.add(step.body)
            yield from _unread(step.body.steps, {step.body.output}, seen)
