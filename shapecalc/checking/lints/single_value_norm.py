"""A norm over the batch that has one value per channel: SC412.

Source: torch.nn.functional.batch_norm, which raises "Expected more than 1 value per channel when training".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import with_origins
from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.dims import product, show

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.checking.lints.axes import LayerAxes
    from shapecalc.shape_inference.report import LayerReport, Report


def single_value_norm(report: Report, entries: Sequence[LayerAxes]) -> Iterator[Diagnostic]:
    """Yield a warning for each norm whose statistics in training would be those of one value per channel."""
    by_row = {id(entry.row): entry for entry in entries}
    for entry in entries:
        row, spans = entry.row, entry.row.step.spans
        x = row.inputs[0] if row.inputs else ()
        if spans is None or row.step.layer.normalized_together(*row.inputs) != 1:
            continue
        first = report.inputs[0]
        batch = first.shape[0] if first.shape else 0
        labels = [*_pooled(row, by_row)]
        if row.step.layer.normalizes_batch and batch == 1 and first.span is not None:
            labels.append(Label(first.span, "one sample"))
        diagnostic = Diagnostic(
            code="SC412",
            message=f"`{row.type}` has one value per channel in {show(x)}, which training cannot normalise",
            span=spans.type,
            labels=tuple(labels),
            help="train with more than one sample, or take the norm out; evaluation alone works"
            if row.step.layer.normalizes_batch
            else "take the norm out, or put it before the layer that leaves one value",
        )
        yield with_origins(diagnostic, spans.origins)


def _pooled(row: LayerReport, by_row: dict[int, LayerAxes]) -> Iterator[Label]:
    """Yield a label at the layer that leaves one value of several, if there is one."""
    at: LayerReport | None = row
    while at is not None:
        x = at.inputs[0]
        tensor = by_row[id(at)].inputs[0]
        if at is not row and product(x[2:]) != 1:
            if at.step.spans is not None:
                yield Label(at.step.spans.type, f"leaves one value per channel of {show(x)}")
            return
        at = tensor.layer
