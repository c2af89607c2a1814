"""The included architectures as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.dims import show
from shapecalc.render.terminal.grid import Heading, Page
from shapecalc.render.terminal.numbers import grouped, rounded
from shapecalc.render.terminal.palette import DIM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.shape_inference.report import Count, Report

HEADINGS = (
    Heading("name"),
    Heading("input", wraps=True),
    *(Heading(count, right=True) for count in ("layers", "params", "MACs")),
)


def table(reports: Iterable[tuple[str, Report]], *, width: int | None, color: bool, unicode: bool) -> str:
    """Return a row per architecture: name, input, layers, params, MACs of one sample; rounded if the width is small."""
    reports, page = tuple(reports), Page(width, color, unicode)
    writing = (grouped, rounded)
    grid = page.first_that_fits(page.grid(HEADINGS, (_row(*each, write) for each in reports)) for write in writing)
    note = "MACs are those of one sample; `shapecalc inspect NAME` shows every layer"
    return "\n".join((page.draw(grid), page.line(note, DIM)))


def document(reports: Iterable[tuple[str, Report]]) -> dict[str, Any]:
    """Return the figures of each architecture, with the keys of `inspect`."""
    rows = []
    for name, report in reports:
        values = report.to_dict()
        rows.append({"name": name, **{key: values[key] for key in ("inputs", "outputs", "totals")}})
    return {"architectures": rows}


def _row(name: str, report: Report, write: Callable[[Count], str]) -> tuple[str, ...]:
    inputs = ", ".join(show(entry.shape) for entry in report.inputs)
    figures = (write(report.totals.params), write(report.totals.macs))
    return (name, inputs, str(len(report.layers)), *figures)
