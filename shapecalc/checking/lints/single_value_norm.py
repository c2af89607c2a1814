"""A norm over the batch that has one value per channel: SC412.

Source: torch.nn.functional.batch_norm, which raises "Expected more than 1 value per channel when training".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.diagnostics.step_spans import with_origins
from shapecalc.dims import product, show

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.checking.lints.axes import LayerAxes
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport


_MOST_SHOWN = 4


def single_value_norm(report: Report, entries: Sequence[LayerAxes]) -> Iterator[Diagnostic]:
    """Yield one warning for all norms whose statistics in training would be those of one value per channel."""
    rows = [entry.row for entry in entries if entry.row.step.layer.normalized_together(*entry.row.inputs) == 1]
    spans = {row.step.spans.type: (row, row.step.spans) for row in rows if row.step.spans is not None}
    if not spans:
        return
    (row, first), *others = spans.values()
    labels = [Label(other.type, "this one too") for _, other in others[:_MOST_SHOWN]]
    labels += _pooled(row, {id(entry.row): entry for entry in entries})
    entered = report.inputs[0]
    if row.step.layer.normalizes_batch and entered.shape[:1] == (1,) and entered.span is not None:
        labels.append(Label(entered.span, "one sample"))
    more = len(others) - _MOST_SHOWN
    diagnostic = Diagnostic(
        code="SC412",
        message=f"`{row.type}` has one value per channel in {show(row.inputs[0])}, which training cannot normalise",
        span=first.type,
        labels=tuple(labels),
        help="train with more than one sample, or take the norm out; evaluation alone works"
        if row.step.layer.normalizes_batch
        else "take the norm out, or put it before the layer that leaves one value",
        notes=(f"and {more} more norms",) if more > 0 else (),
    )
    yield with_origins(diagnostic, first.origins)


def _pooled(row: LayerReport, by_row: dict[int, LayerAxes]) -> Iterator[Label]:
    """Yield a label at the layer that leaves one value of several, if there is one."""
    at: LayerReport | None = row
    seen: set[int] = set()
    # The rows of a repeated body are those of all its runs, so that its first layer follows its last one.
    while at is not None and at.inputs and id(at) not in seen:
        seen.add(id(at))
        x = at.inputs[0]
        tensor = by_row[id(at)].inputs[0]
        if at is not row and product(x[2:]) != 1:
            # `flatten` leaves as many values, each of a channel of its own.
            if at.step.spans is not None and len(at.output) == len(x):
                yield Label(at.step.spans.type, f"leaves one value per channel of {show(x)}")
            return
        at = tensor.layer
