"""The columns of an inspection: what each one shows of a layer, for every format that has columns."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.dims import Expr, pretty
from shapecalc.layers.base import fields_of, show
from shapecalc.report import BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.layers import Layer
    from shapecalc.report import Count, LayerReport, Report


class Column(Enum):
    """The words of `--columns`."""

    PATH = "path"
    LINE = "line"
    TYPE = "type"
    LAYER = "layer"
    INPUT = "input"
    OUTPUT = "output"
    PARAMS = "params"
    BUFFERS = "buffers"
    MACS = "macs"
    FLOPS = "flops"
    MEMORY = "memory"
    SHARE = "share"


MILLION = 10**6
_UNITS = ((18, "E"), (15, "P"), (12, "T"), (9, "G"), (6, "M"))
DEFAULT_COLUMNS = (Column.PATH, Column.LAYER, Column.OUTPUT, Column.PARAMS, Column.MACS, Column.SHARE)
TEXT_COLUMNS = {Column.PATH, Column.TYPE, Column.LAYER, Column.INPUT, Column.OUTPUT}
COUNTS: Mapping[Column, Callable[[LayerReport], Count]] = {
    Column.PARAMS: lambda row: row.params,
    Column.BUFFERS: lambda row: row.buffers,
    Column.MACS: lambda row: row.macs,
    Column.FLOPS: lambda row: row.flops,
    Column.MEMORY: lambda row: None if row.facts.activations is None else BYTES * row.facts.activations,
}
"""The columns that hold a count of each layer, which add up."""
HEADINGS = {Column.MACS: "MACs", Column.FLOPS: "FLOPs", Column.MEMORY: "bytes"}


class Line(NamedTuple):
    """One row as shown: a layer, or several folded into one."""

    path: str
    rows: tuple[LayerReport, ...]

    def layer(self, letters: Mapping[str, str] = MappingProxyType({})) -> str:
        """Return the layer with its settings, or how many layers are folded; `letters` shorten names of fields."""
        return settings(self.rows[0].step.layer, letters) if len(self.rows) == 1 else f"({len(self.rows)} layers)"

    def total(self, count: Callable[[LayerReport], Count]) -> Count:
        """Return the sum of a count over the folded layers, None where one does not know it."""
        total: Any = 0
        for row in self.rows:
            part = count(row)
            if part is None:
                return None
            total = total + part
        return total  # type: ignore[no-any-return]  # a sum of counts is a count


def lines_of(report: Report, depth: int | None = None) -> tuple[Line, ...]:
    """Return a line per layer; with `depth`, layers that share their path's first `depth` parts fold into one.

    Only neighbours fold, so that the order of the table stays that of the computation.
    """
    if depth is None:
        return tuple(Line(row.path, (row,)) for row in report.layers)
    folded: list[tuple[str, list[LayerReport]]] = []
    for row in report.layers:
        path = ".".join(row.path.split(".")[:depth])
        if folded and folded[-1][0] == path and path != row.path:
            folded[-1][1].append(row)
        else:
            folded.append((path, [row]))
    return tuple(Line(path, tuple(rows)) for path, rows in folded)


def settings(layer: Layer, letters: Mapping[str, str] = MappingProxyType({})) -> str:
    """Write a layer with the fields that differ from their defaults, the first required one without its name.

    `letters` gives short names of fields.

    >>> from shapecalc.layers.conv import Conv
    >>> settings(Conv(out_channels=6, kernel_size=5, stride=1, padding=(1, 2)))
    'conv 6 kernel_size=5 padding=1x2'
    """
    lead = next((field.name for field in fields_of(type(layer)).values() if field.required), layer.main)
    words = [layer.word]
    for name, value in changed_fields(layer).items():
        words.append(_written(value) if name == lead else f"{letters.get(name, name)}={_written(value)}")
    return " ".join(words)


def changed_fields(layer: Layer) -> dict[str, Any]:
    """Return the fields that have no default, or another value than that."""
    values = {name: getattr(layer, name) for name in fields_of(type(layer))}
    return {
        name: values[name]
        for name, field in fields_of(type(layer)).items()
        if field.required or values[name] != field.default
    }


def cell(
    column: Column,
    line: Line,
    report: Report,
    write: Callable[[Count], str],
    letters: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return what a column shows of a line; `write` says how counts are written, `letters` shorten field names."""
    if column is Column.LAYER:
        return line.layer(letters)
    if column is Column.SHARE:
        return share(line.total(COUNTS[Column.MACS]), report.totals.macs)
    if column in COUNTS:
        return write(line.total(COUNTS[column]))
    return _word(column, line)


def _word(column: Column, line: Line) -> str:
    first, last = line.rows[0], line.rows[-1]
    match column:
        case Column.PATH:
            return line.path
        case Column.LINE:
            return str(first.line or "")
        case Column.TYPE:
            return first.type if len(line.rows) == 1 else ""
        case Column.INPUT:
            return ", ".join(show(shape) for shape in first.inputs)
        case _:
            return show(last.output)


def heading(column: Column) -> str:
    """Return what stands above a column."""
    return HEADINGS.get(column, column.value)


def share(part: Count, whole: Count) -> str:
    """Write a part of a whole in percent, rounded half up, exactly.

    >>> share(117_600, 416_520), share(0, 416_520), share(1, 416_520)
    ('28.2 %', '', '<0.1 %')
    """
    if not isinstance(part, int) or not isinstance(whole, int) or part == 0:
        return ""
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %" if tenths else "<0.1 %"


def grouped(count: Count) -> str:
    """Write a count for people: digits in groups of three, an expression typographically, `unknown` for None.

    >>> grouped(61_706), grouped(None)
    ('61,706', 'unknown')
    """
    if count is None:
        return "unknown"
    return pretty(count) if isinstance(count, Expr) else f"{count:,}"


def rounded(count: Count) -> str:
    """Write a count in little room: a million and more in three digits with a unit.

    >>> rounded(999_999), rounded(1_849_688_064), rounded(102_764_544)
    ('999,999', '1.85 G', '103 M')
    """
    if not isinstance(count, int) or count < MILLION:
        return grouped(count)
    unit, letter = next((10**power, letter) for power, letter in _UNITS if count >= 10**power)
    hundredths = (200 * count + unit) // (2 * unit)
    if hundredths < 1000:  # noqa: PLR2004 - 1.85
        return f"{hundredths // 100}.{hundredths % 100:02} {letter}"
    tenths = (20 * count + unit) // (2 * unit)
    if tenths < 1000:  # noqa: PLR2004 - 15.5
        return f"{tenths // 10}.{tenths % 10} {letter}"
    return f"{(2 * count + unit) // (2 * unit):,} {letter}"


def exact(count: Count) -> str:
    """Write a count for programs: plain digits, an expression as `shapecalc.dims.parse` reads it, nothing for None."""
    return "" if count is None else str(count)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "x".join(
            _written(entry) if not isinstance(entry, tuple) else f"{entry[0]}:{entry[1]}" for entry in value
        )
    if value is None:
        return "null"
    return f"{value:g}" if isinstance(value, float) else str(value)
