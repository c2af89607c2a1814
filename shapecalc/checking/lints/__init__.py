"""Warnings of networks that are valid and probably not intended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.checking.lints.blocks import bodies
from shapecalc.checking.lints.neighbours import neighbours
from shapecalc.checking.lints.unused import unread_inputs, unread_steps
from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.shape_inference.report import GroupReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.checking.lints.blocks import Rows
    from shapecalc.diagnostics import Span
    from shapecalc.shape_inference.report import Report

__all__ = ["WITHOUT_EFFECT", "lint"]

WITHOUT_EFFECT = frozenset({"SC402", "SC403"})
"""Codes of steps and inputs that have no effect at all."""


def lint(report: Report) -> tuple[Diagnostic, ...]:
    """Return a warning for each layer, step or input that is valid and probably not intended, each once."""
    graphs = tuple(bodies(report))
    found = [*_own(report.tree), *unread_inputs(report.architecture)]
    for graph in graphs:
        found += unread_steps(graph)
    found += neighbours(graphs)
    once = {(finding.span, finding.message): finding._replace(severity=Severity.WARNING) for finding in found}
    return tuple(sorted(once.values(), key=lambda finding: finding.span or ()))


def _own(rows: Rows) -> tuple[Diagnostic, ...]:
    """Return what layers say of themselves, once for each place: a block sees other shapes in other calls."""
    found: dict[tuple[str, Span | None], Diagnostic] = {}
    for finding in _suspect(rows, set()):
        found.setdefault((finding.code, finding.span), finding)
    return tuple(found.values())


def _suspect(rows: Rows, seen: set[int]) -> Iterator[Diagnostic]:
    for row in rows:
        if isinstance(row, GroupReport):
            for walk in row.runs:
                # What was found of a body for the same shapes is one object.
                if id(walk) not in seen:
                    seen.add(id(walk))
                    yield from _suspect(walk.rows, seen)
            continue
        error = row.step.layer.warning(*row.inputs)
        if error is not None and row.step.place is not None:
            yield row.step.place.diagnose(error, row.type)
