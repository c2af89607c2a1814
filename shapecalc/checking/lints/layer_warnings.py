"""Warnings of single layers, which `Layer.warning` decides from the input shapes: SC401, SC402."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.shape_inference.rows import GroupReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.checking.lints.graphs import Rows
    from shapecalc.diagnostics import Diagnostic, Span
    from shapecalc.shape_inference.report import Report


def layer_warnings(report: Report) -> tuple[Diagnostic, ...]:
    """Return the warnings of layers, one for each code and span: a block has other shapes in other calls."""
    once: dict[tuple[str, Span | None], Diagnostic] = {}
    for warning in _warnings(report.tree, set()):
        once.setdefault((warning.code, warning.span), warning)
    return tuple(once.values())


def _warnings(rows: Rows, seen: set[int]) -> Iterator[Diagnostic]:
    for row in rows:
        if isinstance(row, GroupReport):
            for walk in row.runs:
                # The walk of a body for the same shapes is one object.
                if id(walk) not in seen:
                    seen.add(id(walk))
                    yield from _warnings(walk.rows, seen)
            continue
        error = row.step.layer.warning(*row.inputs)
        if error is not None and row.step.spans is not None:
            yield row.step.spans.diagnose(error, row.type)
