"""A table as comma-separated values (RFC 4180), numbers in plain digits."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.render.tables.model import Amount, Delta
from shapecalc.render.terminal.escaping import terminal

if TYPE_CHECKING:
    from shapecalc.render.tables.model import Table, Value

_FORMULA = tuple("=+-@＝＋－＠")


def table(content: Table) -> str:
    """Return a header with the names of the columns, and a line per row that is not a summary of others."""
    places = [place for place, column in enumerate(content.columns) if column.name]
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(content.columns[place].name for place in places)
    for row in content.rows:
        if not row.summary:
            writer.writerow(_field(row.values[place]) for place in places)
    return stream.getvalue().removesuffix("\n")


def _field(value: Value) -> str:
    return value.exact() if isinstance(value, Amount | Delta) else field(value.exact())


def field(text: str) -> str:
    """Return a text as a field of one line, escaped for a terminal, which a spreadsheet does not read as a formula.

    >>> field("conv_0"), field("=1+1")
    ('conv_0', "'=1+1")
    """
    shown = terminal(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
