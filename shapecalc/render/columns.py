"""The columns of an inspection: what each one shows of a layer, for every format that has columns."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from shapecalc.dims import Expr, pretty
from shapecalc.layers.base import fields_of, show
from shapecalc.report import BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

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


DEFAULT_COLUMNS = (Column.PATH, Column.LAYER, Column.OUTPUT, Column.PARAMS, Column.MACS, Column.SHARE)
TEXT_COLUMNS = {Column.PATH, Column.TYPE, Column.LAYER, Column.INPUT, Column.OUTPUT}
HEADINGS = {Column.MACS: "MACs", Column.FLOPS: "FLOPs", Column.SHARE: "share of MACs"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row as shown: a layer, or several folded into one."""

    path: str
    rows: tuple[LayerReport, ...]

    @property
    def layer(self) -> str:
        """The layer with its settings, or how many layers are folded."""
        return settings(self.rows[0].step.layer) if len(self.rows) == 1 else f"({len(self.rows)} layers)"

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


def settings(layer: Layer) -> str:
    """Write a layer with the fields that differ from their defaults, the first required one without its name.

    >>> from shapecalc.layers.conv import Conv
    >>> settings(Conv(out_channels=6, kernel_size=5, stride=1, padding=(1, 2)))
    'conv 6 kernel_size=5 padding=1x2'
    """
    words = [layer.word]
    fields = fields_of(type(layer)).values()
    lead = next((field.name for field in fields if field.required), layer.main)
    for field in fields:
        value = getattr(layer, field.name)
        if value == field.default and not field.required:
            continue
        words.append(_written(value) if field.name == lead else f"{field.name}={_written(value)}")
    return " ".join(words)


def cell(column: Column, line: Line, report: Report, write: Callable[[Count], str]) -> str:
    """Return what a column shows of a line; `write` says how counts are written."""
    first, last = line.rows[0], line.rows[-1]
    match column:
        case Column.PATH:
            return line.path
        case Column.LINE:
            return str(first.line or "")
        case Column.TYPE:
            return first.type if len(line.rows) == 1 else ""
        case Column.LAYER:
            return line.layer
        case Column.INPUT:
            return ", ".join(show(shape) for shape in first.inputs)
        case Column.OUTPUT:
            return ", ".join(show(shape) for shape in last.outputs.values())
        case Column.PARAMS:
            return write(line.total(lambda row: row.params))
        case Column.BUFFERS:
            return write(line.total(lambda row: row.buffers))
        case Column.MACS:
            return write(line.total(lambda row: row.macs))
        case Column.FLOPS:
            return write(line.total(lambda row: row.flops))
        case Column.MEMORY:
            numbers = line.total(lambda row: row.facts.activations)
            return write(None if numbers is None else BYTES * numbers)
        case Column.SHARE:
            return share(line.total(lambda row: row.macs), report.totals.macs)


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


def exact(count: Count) -> str:
    """Write a count for programs: plain digits, an expression as `shapecalc.dims.parse` reads it, nothing for None."""
    return "" if count is None else str(count)


def fields_as_json(layer: Layer) -> dict[str, Any]:
    """Return every field of a layer by name."""
    return {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}  # type: ignore[arg-type]


def _written(value: Any) -> str:  # noqa: ANN401 - whatever a field holds
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "x".join(_written(entry) if not isinstance(entry, tuple) else f"{entry[0]}:{entry[1]}" for entry in value)
    if value is None:
        return "null"
    return f"{value:g}" if isinstance(value, float) else str(value)
