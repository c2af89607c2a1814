"""A table of flat rows: what a result without a layout of its own is in HTML, Markdown and CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.render.tables.model import BLANK, FULL, Amount, Bytes, Fixed, Path, Table, TableColumn, TableRow, Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.render.tables.model import Short, Value

PATHS = ("path", "file")


class Real(Fixed):
    """A number other than a count, with four digits where people read it."""

    __slots__ = ()

    def text(self, short: Short = FULL) -> str:  # noqa: ARG002 - as of all values
        """Return four digits of it.

        >>> Real("0.123456").text(), Real("0.123456").exact()
        ('0.1235', '0.123456')
        """
        return f"{float(self.full):.4g}"


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return a row per mapping, all of which have the same keys; numbers are on the right.

    >>> table([{"path": "c1", "macs": 117_600}]).rows[0].values
    (Path('c1', 0, ''), Amount(117600))
    """
    names = list(rows[0]) if rows else []
    columns = [TableColumn(name, name.replace("_", " "), right=_is_number(name, rows)) for name in names]
    return Table(tuple(columns), [TableRow(tuple(_value(name, row[name]) for name in names)) for row in rows])


def _is_number(name: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    values = [row[name] for row in rows if row[name] is not None]
    return bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _value(name: str, value: Any) -> Value:
    match value:
        case None:
            return BLANK
        case bool():
            return Fixed("yes" if value else "no")
        case int():
            return Bytes(value) if name.endswith("bytes") else Amount(value)
        case float():
            return Real(repr(value))
        case _:
            return Path(str(value)) if name in PATHS else Words(str(value))
