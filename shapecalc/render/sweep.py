"""A sweep as a table, as CSV, as JSON lines, and as columns (JSON arrays of one length, as in Parquet)."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import TYPE_CHECKING, Any

from shapecalc.render.tables.csv import field
from shapecalc.render.tables.model import Amount, Bytes, Document, Fixed, Lines, Table, TableColumn, TableRow
from shapecalc.render.terminal.escaping import json_text, terminal
from shapecalc.render.terminal.palette import DIM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.render.tables.model import Value
    from shapecalc.solving.sweep.compiled import Array

BYTES = ("memory", "activations")
TITLES = {"macs": "MACs", "flops": "FLOPs", "active_params": "active params"}


_DROPS = {"buffers": 2, "flops": 3, "activations": 4, "memory": 5, "active_params": 6}
"""The turn in which a narrow terminal leaves out a cost."""
_NOTE = "costs are those of one sample (or the smallest valid N) where N is not set; memory and activations at float32"


def points(columns: Mapping[str, Array], costs: tuple[str, ...]) -> Document:
    """Return a row per point; bytes are rounded and have units."""
    # swept numbers are aligned on the right, words on the left
    heads = tuple(
        TableColumn(name, TITLES.get(name), right=True, drops=_DROPS.get(name, 0))
        if name in costs
        else TableColumn(name, terminal(name), right=not _holds_words(values))
        for name, values in columns.items()
    )
    values = ([_value(name, value, costs) for value in values.tolist()] for name, values in columns.items())
    content = Table(heads, [TableRow(row) for row in zip(*values, strict=True)], legend=True)
    return Document("", [[content, Lines([_NOTE], DIM)]], content)


def _holds_words(values: Array) -> bool:
    return values.dtype == object and any(isinstance(value, str) for value in values)


def _value(name: str, value: Any, costs: tuple[str, ...]) -> Value:
    if name in costs:
        return Bytes(value) if name in BYTES else Amount(value)
    return Fixed(str(value).lower() if isinstance(value, bool) else str(value))


def csv_header(names: tuple[str, ...]) -> str:
    """Return the line of column names."""
    return _csv([names])


def csv_lines(columns: Mapping[str, Array]) -> str:
    """Return a line per point, numbers in plain digits; each ends with a line break."""
    return _csv(zip(*map(_fields, columns.values()), strict=True))


def _fields(values: Array) -> list[Any]:
    entries: list[Any] = values.tolist()
    if not _holds_words(values):  # most columns are numbers only, of millions of points
        return entries
    return [field(entry) if isinstance(entry, str) else entry for entry in entries]


def _csv(rows: Any) -> str:
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows(rows)
    return stream.getvalue()


def json_lines(columns: Mapping[str, Array], *, unicode: bool) -> str:
    """Return a JSON object per point, one on each line; each ends with a line break."""
    lines = (dict(zip(columns, row, strict=True)) for row in _rows(columns))
    return "".join(f"{_json(line, unicode=unicode)}\n" for line in lines)


def json_columns(columns: Mapping[str, Array], *, unicode: bool) -> Iterator[str]:
    """Yield a JSON object of arrays of one length, in parts: a column at a time is in memory as text."""
    before = "{"
    for name, values in columns.items():
        key = _json(name, unicode=unicode)
        yield f"{before}\n  {key}: {_json(values.tolist(), unicode=unicode)}"
        before = ","
    yield "\n}"


def document(columns: Mapping[str, Array], notes: Iterable[str]) -> dict[str, Any]:
    """Return an object per point, and the notes of the sweep."""
    return {"points": [dict(zip(columns, row, strict=True)) for row in _rows(columns)], "notes": [*notes]}


def _json(value: Any, *, unicode: bool) -> str:
    return json_text(json.dumps(value, ensure_ascii=not unicode, allow_nan=False))


def _rows(columns: Mapping[str, Array]) -> Iterator[tuple[Any, ...]]:
    return zip(*(values.tolist() for values in columns.values()), strict=True)
