"""Operators without a layer, whose costs are unknown: what needs all costs, or the values, is refused."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, ShapecalcError

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report


def unknown_operators(report: Report) -> dict[str, int]:
    """Return the operators of a network that have no layer, each with its number of steps."""
    return dict(
        Counter(str(row.step.layer.operator) for row in report.layers if not row.step.layer.counts_known)  # type: ignore[attr-defined]  # only `opaque` has unknown counts
    )


def require_layers(report: Report, what: str) -> None:
    """Raise `ShapecalcError` SC034 if a network has operators without a layer; `what` is then unknown."""
    row = next((row for row in report.layers if not row.step.layer.counts_known), None)
    if row is None:
        return
    names = ", ".join(f"`{name}`" for name in unknown_operators(report))
    message = f"`{report.architecture.name}` has operators without a layer, {names}: {what} unknown"
    span = row.step.spans.type if row.step.spans else None
    help_text = "`shapecalc inspect` shows the shapes, and the costs of the other layers"
    raise ShapecalcError((Diagnostic("SC034", message, span=span, help=help_text),), report.architecture.file)
