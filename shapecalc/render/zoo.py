"""The architectures that ship, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.layers.base import show
from shapecalc.render.columns import grouped
from shapecalc.render.grid import DIM, Cells, Grid, Heading, draw, paragraph, spelt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.report import Report

HEADINGS = (
    Heading("name"),
    Heading("input", wraps=True),
    *(Heading(count, right=True) for count in ("layers", "params", "MACs")),
)


def table(reports: Iterable[tuple[str, Report]], *, width: int | None, color: bool, unicode: bool) -> str:
    """Return a row per architecture: its name, input, layers, params, MACs of one sample."""
    rows = [
        Cells(
            (
                name,
                spelt(", ".join(show(entry.shape) for entry in report.inputs), unicode=unicode),
                str(len(report.layers)),
                spelt(grouped(report.totals.params), unicode=unicode),
                spelt(grouped(report.totals.macs), unicode=unicode),
            )
        )
        for name, report in reports
    ]
    note = "MACs are those of one sample; `shapecalc inspect NAME` shows every layer"
    return "\n".join(
        (
            draw(Grid(HEADINGS, rows), width=width, color=color, unicode=unicode),
            paragraph(note, width=width, color=color, style=DIM),
        )
    )
