"""An inspection as comma-separated values (RFC 4180), numbers in plain digits."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.render.columns import DEFAULT_COLUMNS, Column, cell, exact, layer_lines

if TYPE_CHECKING:
    from shapecalc.report import Report


def inspection(report: Report, columns: tuple[Column, ...] = DEFAULT_COLUMNS, depth: int | None = None) -> str:
    """Return a header and a line per layer."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(column.value for column in columns)
    for line in layer_lines(report, depth):
        writer.writerow(cell(column, line, report, exact) for column in columns)
    return stream.getvalue().removesuffix("\n")
