"""An inspection as comma-separated values."""

from __future__ import annotations

import csv
from io import StringIO

import shapecalc


def test_csv_parses_back_into_the_report(run) -> None:
    rows = list(csv.DictReader(StringIO(run("inspect", "lenet5", "--format", "csv").out)))
    report = shapecalc.inspect(shapecalc.load("lenet5"))
    assert [(row["path"], int(row["params"]), int(row["macs"])) for row in rows] == [
        (row.path, row.params, row.macs) for row in report.layers
    ]
