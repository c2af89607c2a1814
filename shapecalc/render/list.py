"""The architectures that ship, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.dims import show
from shapecalc.render.terminal.grid import DIM, Cells, Grid, Heading, draw, paragraph, spelt
from shapecalc.render.terminal.numbers import grouped, rounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.shape_inference.report import Count, Report

HEADINGS = (
    Heading("name"),
    Heading("input", wraps=True),
    *(Heading(count, right=True) for count in ("layers", "params", "MACs")),
)


def table(reports: Iterable[tuple[str, Report]], *, width: int | None, color: bool, unicode: bool) -> str:
    """Return a row per architecture: its name, input, layers, params, MACs of one sample; rounded in little room."""
    reports = tuple(reports)
    for write in (grouped, rounded):
        grid = Grid(HEADINGS, [_row(name, report, write, unicode=unicode) for name, report in reports])
        if width is None or grid.width <= width:
            break
    note = "MACs are those of one sample; `shapecalc inspect NAME` shows every layer"
    return "\n".join(
        (
            draw(grid, width=width, color=color, unicode=unicode),
            paragraph(note, width=width, color=color, style=DIM),
        )
    )


def _row(name: str, report: Report, write: Callable[[Count], str], *, unicode: bool) -> Cells:
    entering = ", ".join(show(entry.shape) for entry in report.inputs)
    figures = (write(report.totals.params), write(report.totals.macs))
    words = (name, entering, str(len(report.layers)), *figures)
    return Cells(tuple(spelt(word, unicode=unicode) for word in words))
