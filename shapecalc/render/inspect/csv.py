"""An inspection as comma-separated values (RFC 4180), numbers in plain digits."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.render.inspect.columns import COUNTS, DEFAULT_COLUMNS, Column, cell, layer_lines
from shapecalc.render.terminal.escaping import terminal
from shapecalc.render.terminal.numbers import exact

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report


_FORMULA = tuple("=+-@＝＋－＠")


def field(text: str) -> str:
    """Return a text as a field of one line, escaped for a terminal, which a spreadsheet does not read as a formula.

    >>> field("conv_0"), field("=1+1")
    ('conv_0', "'=1+1")
    """
    shown = terminal(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def inspection(report: Report, columns: tuple[Column, ...] = DEFAULT_COLUMNS, depth: int | None = None) -> str:
    """Return a header and a line per layer."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(column.value for column in columns)
    for line in layer_lines(report, depth):
        cells = ((column, cell(column, line, report, exact)) for column in columns)
        writer.writerow(text if column in COUNTS else field(text) for column, text in cells)
    return stream.getvalue().removesuffix("\n")
