"""A table of flat rows: numbers to the right, bytes with units, floats with four digits."""

from __future__ import annotations

from shapecalc.render.tables import csv
from shapecalc.render.tables.rows import table

ROWS = [
    {"path": "a", "live_bytes": 2048, "macs": 1200, "share": 0.123456, "ok": True, "note": None, "mixed": 3},
    {"path": "b", "live_bytes": 0, "macs": None, "share": 1e-9, "ok": False, "note": "x", "mixed": "N"},
]


def test_each_value_has_its_kind() -> None:
    content = table(ROWS)
    assert [value.text() for value in content.rows[0].values] == ["a", "2.0 KiB", "1,200", "0.1235", "yes", "", "3"]
    assert [column.name for column in content.columns if column.right] == ["live_bytes", "macs", "share"]
    assert csv.table(content).splitlines()[1:] == ["a,2048,1200,0.123456,yes,,3", "b,0,,1e-09,no,x,N"]


def test_no_rows_are_no_columns() -> None:
    assert table([]).columns == ()
