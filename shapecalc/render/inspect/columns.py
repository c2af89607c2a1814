"""The columns of an inspection: counts and shapes of each line, and any field of its layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.layers.base import fields_of
from shapecalc.render.settings import format_value
from shapecalc.render.tables.model import (
    BLANK,
    Amount,
    Bytes,
    Fixed,
    Path,
    Shapes,
    Share,
    TableColumn,
    TableRow,
    Words,
)
from shapecalc.shape_inference.dtypes import bytes_of
from shapecalc.shape_inference.rows import LayerReport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.diagnostics import Source, Span
    from shapecalc.render.inspect.lines import Line
    from shapecalc.render.tables.model import Value
    from shapecalc.shape_inference.report import Report, Totals

COUNTED = {"pytorch": "PyTorch counts", "keras": "Keras counts", "textbook": "textbooks count"}
"""The texts of the conventions of `--params-as`."""
USUAL = "pytorch"


class Column(NamedTuple):
    """A column: its name, its heading, its value in a line, and its total if it has one."""

    name: str
    of: Callable[[Line, Report], Value]
    total: Callable[[Totals], Value] | None = None
    heading: str | None = None
    right: bool = False
    drops: int = 0

    @property
    def in_table(self) -> TableColumn:
        """The column of a table."""
        return TableColumn(self.name, self.heading, self.right, self.drops)


def _path(line: Line, report: Report) -> Value:  # noqa: ARG001 - as of all columns
    return Path(line.path, line.shown, line.level)


def _line(line: Line, report: Report) -> Value:
    row = line.rows[0]
    spans = row.step.spans if isinstance(row, LayerReport) else row.group.spans
    return Fixed(_at(spans.type, report.architecture.file)) if spans else BLANK


def _at(span: Span, source: Source | None) -> str:
    """Return the line of a span, with the file if that is an included one."""
    return f"{source.of(span).name}:{span.line}" if source is not None and span.file else str(span.line)


def _type(line: Line, report: Report) -> Value:  # noqa: ARG001 - as of all columns
    return Words("" if line.row is None else line.row.type, style=line.color)


def _memory(line: Line, report: Report) -> Value:
    activations = line.sums.activations
    return Bytes(None if activations is None else bytes_of(activations, report.dtype))


_ALL = (
    Column("path", _path),
    Column("line", _line, right=True),
    Column("type", _type),
    Column("layer", lambda line, _: line.words, drops=3),
    Column("input", lambda line, _: Shapes(line.rows[0].inputs), drops=2),
    Column("output", lambda line, _: Shapes([line.output])),
    Column("params", lambda line, _: Amount(line.sums.params), lambda totals: Amount(totals.params), right=True),
    Column(
        "active",
        lambda line, _: Amount(line.sums.active_params),
        lambda totals: Amount(totals.active_params),
        right=True,
    ),
    Column("buffers", lambda line, _: Amount(line.sums.buffers), lambda totals: Amount(totals.buffers), right=True),
    Column(
        "trainable", lambda line, _: Amount(line.trainable), lambda totals: Amount(totals.trainable_params), right=True
    ),
    Column("macs", lambda line, _: Amount(line.sums.macs), lambda totals: Amount(totals.macs), "MACs", right=True),
    Column("flops", lambda line, _: Amount(line.sums.flops), lambda totals: Amount(totals.flops), "FLOPs", right=True),
    Column("memory", _memory, lambda totals: Bytes(totals.activation_bytes), right=True),
    Column("params%", lambda line, report: Share(line.sums.params, report.totals.params), right=True, drops=1),
    Column("macs%", lambda line, report: Share(line.sums.macs, report.totals.macs), None, "MACs%", right=True, drops=1),
    Column("share", lambda line, report: Share(line.sums.macs, report.totals.macs), right=True, drops=1),
)
COLUMNS = {column.name: column for column in _ALL}
DEFAULT_COLUMNS = tuple(COLUMNS[name] for name in ("path", "layer", "output", "params", "macs", "share"))
PRESETS = {"torchinfo": ("path", "type", "input", "output", "params", "kernel_size", "macs")}
"""Names for several columns: those that torchinfo can show, in its order."""


def column(name: str) -> Column | None:
    """Return the column of a name: one of `COLUMNS`, else the field of that name of any layer type; else None.

    >>> column("macs").heading, column("kernel_size").name, column("weather")
    ('MACs', 'kernel_size', None)
    """
    return COLUMNS.get(name) or (_field(name) if name in field_names() else None)


def field_names() -> tuple[str, ...]:
    """Return the names of the fields of all layer types, each once."""
    from shapecalc.layers import layer_types  # noqa: PLC0415 - it imports every layer

    return tuple(dict.fromkeys(name for layer in layer_types().values() for name in fields_of(layer)))


def _field(name: str) -> Column:
    def of(line: Line, report: Report) -> Value:  # noqa: ARG001 - as of all columns
        value = getattr(line.row.step.layer, name, None) if line.row is not None else None
        return BLANK if value is None else Words(format_value(value))

    return Column(name, of)


def row_of(line: Line, columns: Sequence[Column], report: Report) -> TableRow:
    """Return the values of a line; a heading repeats what its layers show."""
    return TableRow(tuple(column.of(line, report) for column in columns), summary=line.heading is not None)


def total_row(columns: Sequence[Column], report: Report) -> TableRow:
    """Return the totals below the columns that have one, after the word `total`."""
    values = [BLANK if column.total is None else column.total(report.totals) for column in columns]
    if columns[0].total is None:
        values[0] = Fixed("total")
    return TableRow(tuple(values))
