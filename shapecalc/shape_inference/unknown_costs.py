"""Operators without a layer: what needs the values of a network, or all of its costs, is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, ShapecalcError

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report


def require_layers(report: Report, unknown: str) -> None:
    """Raise `ShapecalcError` SC034 if a network has operators without a layer; the message says what is `unknown`."""
    row = next((row for row in report.layers if not row.step.layer.counts_known), None)
    if row is None:
        return
    names = ", ".join(f"`{name}`" for name in report.unknown_operators)
    message = f"`{report.architecture.name}` has operators without a layer, {names}: {unknown} unknown"
    span = row.step.spans.type if row.step.spans else None
    help_text = "`shapecalc inspect` shows the shapes, and the costs of the other layers"
    raise ShapecalcError((Diagnostic("SC034", message, span=span, help=help_text),), report.architecture.file)
