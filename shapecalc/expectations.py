"""What a file expects of itself, held against what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import joined
from shapecalc.diagnostics import Diagnostic, Fix
from shapecalc.layers.base import show
from shapecalc.report import GroupReport, sums_of, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.architecture import Expectation
    from shapecalc.layers import Shape
    from shapecalc.report import Count, LayerReport, Report, Sums, Totals

Tree = tuple["LayerReport | GroupReport", ...]


def unmet(report: Report) -> tuple[Diagnostic, ...]:
    """Return an SC501 error for each line of an `expect:` block that the report does not meet."""
    whole = _figures(report.totals, next(iter(report.outputs.values())))
    found = [_unmet(f"`{report.architecture.name}`", whole, line) for line in report.architecture.expect]
    found += _unmet_steps(report.tree, "")
    lines = {(finding.span, finding.message): finding for finding in found if finding is not None}
    return tuple(sorted(lines.values(), key=lambda finding: finding.span or ()))


def _unmet_steps(rows: Tree, prefix: str) -> Iterator[Diagnostic | None]:
    """Yield what the steps of a body do not meet; a merge answers for its branches too, a group for all its runs."""
    for row in rows:
        path = joined(prefix, row.path)
        expect = row.group.expect if isinstance(row, GroupReport) else row.step.expect
        if expect:
            own = [other for other in rows if other is row or other.path.startswith(f"{row.path}.")]
            figures = _figures(total(map(sums_of, own)), row.output)
            yield from (_unmet(f"`{path}`", figures, line) for line in expect)
        if isinstance(row, GroupReport):
            for run, walk in zip(row.group.runs, row.runs, strict=True):
                yield from _unmet_steps(walk.rows, joined(prefix, run))


def _figures(sums: Sums | Totals, output: Shape) -> Mapping[str, Count | Shape]:
    return {
        "params": sums.params,
        "buffers": sums.buffers,
        "macs": sums.macs,
        "flops": sums.flops,
        "output": output,
    }


def _unmet(subject: str, found: Mapping[str, Count | Shape], line: Expectation) -> Diagnostic | None:
    value = found[line.key]
    if value == line.value:
        return None
    said = show(value) if isinstance(value, tuple) else "unknown" if value is None else str(value)
    wanted = show(line.value) if isinstance(line.value, tuple) else line.value
    return Diagnostic(
        code="SC501",
        message=f"{subject} expects {line.key} {wanted}, has {said}",
        span=line.span,
        label=f"is {said}",
        help=f"write `{line.key}: {said}` if the change is meant" if value is not None else None,
        fix=Fix(line.span, said) if value is not None else None,
    )
