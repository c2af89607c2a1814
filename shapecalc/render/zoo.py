"""The architectures that ship, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from shapecalc.layers.base import show
from shapecalc.render.columns import grouped
from shapecalc.render.table import new_table, printed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.report import Report


def table(reports: Iterable[tuple[str, Report]], *, width: int | None, color: bool, unicode: bool) -> str:
    """Return a row per architecture: its name, input, layers, params, MACs of one sample."""
    grid = new_table()
    grid.add_column("name", no_wrap=True)
    grid.add_column("input", no_wrap=True)
    for heading in ("layers", "params", "MACs"):
        grid.add_column(heading, justify="right", no_wrap=True)
    for name, report in reports:
        row = (
            name,
            ", ".join(show(entry.shape) for entry in report.inputs),
            str(len(report.layers)),
            grouped(report.totals.params),
            grouped(report.totals.macs),
        )
        grid.add_row(*(Text(text) for text in row))
    note = Text("`shapecalc inspect NAME` shows one layer by layer, `shapecalc show NAME` prints its file")
    return printed((grid, note), width=width, color=color, unicode=unicode)
