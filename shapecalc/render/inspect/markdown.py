"""An inspection as a Markdown table (GitHub's), with names in code spans, so that none is markup or a mention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.render.inspect.columns import DEFAULT_COLUMNS, TEXT_COLUMNS, Column, cell, heading, lines_of
from shapecalc.render.terminal.escaping import markdown_code, markdown_figure
from shapecalc.render.terminal.numbers import grouped

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report


def inspection(
    report: Report,
    columns: tuple[Column, ...] = DEFAULT_COLUMNS,
    depth: int | None = None,
    *,
    expand: bool = False,
) -> str:
    """Return a table with a row per layer, one for each repeat unless `expand` is set, and the totals."""
    rows = [
        "| " + " | ".join(heading(column) for column in columns) + " |",
        "|" + "|".join(" --- " if column in TEXT_COLUMNS else " ---: " for column in columns) + "|",
    ]
    for line in lines_of(report, depth, expand=expand):
        if line.heading is not None:
            continue  # paths are written in full
        cells = (cell(column, line, report, grouped) for column in columns)
        quoted = (
            markdown_code(text) if text and column in TEXT_COLUMNS else markdown_figure(text)
            for column, text in zip(columns, cells, strict=True)
        )
        rows.append("| " + " | ".join(quoted) + " |")
    totals = report.totals
    sums = {
        Column.PARAMS: grouped(totals.params),
        Column.BUFFERS: grouped(totals.buffers),
        Column.MACS: grouped(totals.macs),
        Column.FLOPS: grouped(totals.flops),
    }
    rows.append("| " + " | ".join(f"**{markdown_figure(sums[c])}**" if c in sums else "" for c in columns) + " |")
    return "\n".join(rows)
