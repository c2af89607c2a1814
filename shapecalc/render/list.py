"""The included architectures as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.render.tables.model import Amount, Document, Fixed, Lines, Shapes, Table, TableColumn, TableRow
from shapecalc.render.terminal.palette import DIM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.render.tables.model import Value
    from shapecalc.shape_inference.report import Report

COLUMNS = (
    TableColumn("name"),
    TableColumn("input", drops=2),
    TableColumn("layers", right=True, drops=3),
    TableColumn("params", right=True),
    TableColumn("macs", "MACs", right=True),
)


def architectures(reports: Iterable[tuple[str, Report]]) -> Document:
    """Return a row per architecture: name, input, layers, params, MACs of one sample."""
    content = Table(COLUMNS, [TableRow(_values(*each)) for each in reports])
    note = "MACs are those of one sample; `shapecalc inspect NAME` shows every layer"
    return Document("", [[content, Lines([note], DIM)]], content)


def document(reports: Iterable[tuple[str, Report]]) -> dict[str, Any]:
    """Return the figures of each architecture, with the keys of `inspect`."""
    rows = []
    for name, report in reports:
        values = report.to_dict()
        rows.append({"name": name, **{key: values[key] for key in ("inputs", "outputs", "totals")}})
    return {"architectures": rows}


def _values(name: str, report: Report) -> tuple[Value, ...]:
    inputs = Shapes([entry.shape for entry in report.inputs])
    figures = (len(report.layers), report.totals.params, report.totals.macs)
    return (Fixed(name), inputs, *map(Amount, figures))
