"""An inspection as comma-separated values."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

import shapecalc
from shapecalc.render.inspect.table import listing
from shapecalc.render.tables.csv import field, table


def test_csv_parses_back_into_the_report(run) -> None:
    rows = list(csv.DictReader(StringIO(run("inspect", "lenet5", "--format", "csv").out)))
    report = shapecalc.inspect(shapecalc.load("lenet5"))
    assert [(row["path"], int(row["params"]), int(row["macs"])) for row in rows] == [
        (row.path, row.params, row.macs) for row in report.layers
    ]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝"])
def test_a_field_that_a_spreadsheet_would_compute_is_text(sign: str) -> None:
    assert field(f"{sign}7+5") == f"'{sign}7+5"
    assert field(f"7{sign}5") == f"7{sign}5"


def test_each_layer_is_a_line_of_its_own_below_the_header() -> None:
    report = shapecalc.inspect(shapecalc.loads("{input: [N, 7], layers: [{linear: 5}, relu]}"))
    lines = table(listing(report)).split("\n")
    assert [line.split(",")[0] for line in lines] == ["path", "linear_0", "relu_1"]
