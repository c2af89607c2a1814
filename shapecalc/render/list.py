"""The included architectures as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.render.tables.model import BLANK, Amount, Document, Fixed, Lines, Shapes, Table, TableColumn, TableRow
from shapecalc.render.terminal.palette import DIM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.render.tables.model import Value
    from shapecalc.shape_inference.report import Report

COLUMNS = (
    TableColumn("name"),
    TableColumn("input", drops=4),
    TableColumn("layers", right=True, drops=2),
    TableColumn("params", right=True),
    TableColumn("macs", "MACs", right=True),
)
ACTIVE = TableColumn("active_params", "active params", right=True, drops=3)
"""The parameters that one token uses, of mixtures of experts; no column if none of the architectures is one."""


def architectures(reports: Iterable[tuple[str, Report]]) -> Document:
    """Return a row per architecture: name, input, layers, params, MACs of one sample, active params if any differ."""
    listed = [*reports]
    mixed = [_mixes(report) for _, report in listed]
    rows = [(*_values(name, report), *(_active(report) if any(mixed) else ())) for name, report in listed]
    content = Table((*COLUMNS, ACTIVE) if any(mixed) else COLUMNS, [TableRow(row) for row in rows], legend=True)
    note = "MACs are those of one sample; `shapecalc inspect NAME` shows every layer"
    return Document("", [[content, Lines([note], DIM)]], content)


def document(reports: Iterable[tuple[str, Report]]) -> dict[str, Any]:
    """Return the figures of each architecture, with the keys of `inspect`."""
    rows = []
    for name, report in reports:
        values = report.to_dict()
        rows.append({"name": name, **{key: values[key] for key in ("inputs", "outputs", "totals")}})
    return {"architectures": rows}


def _mixes(report: Report) -> bool:
    return report.totals.active_params != report.totals.params


def _active(report: Report) -> tuple[Value, ...]:
    return (Amount(report.totals.active_params) if _mixes(report) else BLANK,)


def _values(name: str, report: Report) -> tuple[Value, ...]:
    inputs = Shapes([entry.shape for entry in report.inputs])
    figures = (len(report.layers), report.totals.params, report.totals.macs)
    return (Fixed(name), inputs, *map(Amount, figures))
