"""The columns of an inspection and their texts, for every format that has columns."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.architecture import joined
from shapecalc.dims import show
from shapecalc.layers.base import fields_of
from shapecalc.render.terminal.numbers import share
from shapecalc.shape_inference.report import BYTES, GroupReport, LayerReport, leaves, sums_of, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shapecalc.architecture import Step
    from shapecalc.diagnostics import Source, Span
    from shapecalc.layers import Layer
    from shapecalc.shape_inference.report import Count, Report, Sums


COUNTED = {"pytorch": "PyTorch counts", "keras": "Keras counts", "textbook": "textbooks count"}
"""The texts of the conventions of `--params-as`."""
USUAL = "pytorch"


class Column(Enum):
    """The values of `--columns`."""

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
COUNTS: Mapping[Column, Callable[[Sums], Count]] = {
    Column.PARAMS: lambda sums: sums.params,
    Column.BUFFERS: lambda sums: sums.buffers,
    Column.MACS: lambda sums: sums.macs,
    Column.FLOPS: lambda sums: sums.flops,
    Column.MEMORY: lambda sums: None if sums.activations is None else BYTES * sums.activations,
}
"""The columns that hold a count of each layer, which add up."""
HEADINGS = {Column.MACS: "MACs", Column.FLOPS: "FLOPs", Column.MEMORY: "bytes"}


class Line(NamedTuple):
    """A row as shown: a layer, several layers folded, or the heading of a block whose layers follow."""

    path: str
    rows: tuple[LayerReport | GroupReport, ...]
    level: int = 0
    """The number of blocks that contain it."""
    shown: str = ""
    """Its path within its block."""
    heading: str | None = None
    """The block whose layers follow."""
    shared: bool = False
    """Whether it is in a block that uses the weights of another."""

    def layer(self, letters: Mapping[str, str] = MappingProxyType({})) -> str:
        """Return the layer with its settings, or the folded types; `letters` are short names of fields."""
        if self.heading is not None:
            return self.heading
        last = self.rows[-1]
        if len(self.rows) == 1 or last.path == self.shown:
            what = called(last, letters)
            return what if len(self.rows) == 1 else f"{what} ({self.size} layers)"
        return f"({self.size} layers)"

    @property
    def size(self) -> int:
        """The number of folded layers."""
        return sum(1 for _ in leaves(self.rows))

    @property
    def sums(self) -> Sums:
        """The totals of the folded layers."""
        sums = sums_of(self.rows[0]) if len(self.rows) == 1 else total(map(sums_of, self.rows))
        return sums.of_shared() if self.shared else sums


def called(row: LayerReport | GroupReport, letters: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a layer with its settings and its named inputs, or a block with its arguments, × its repeats."""
    if isinstance(row, LayerReport):
        step = row.step
        words = settings(step.layer, letters)
        if len(step.inputs) > 1:
            words += f" ({', '.join(step.branches or map(_read, step.inputs))})"
        return f"{words}, {_owners(step)}" if step.weights else words
    body, times = row.group.subgraph, row.group.times
    title = body.title or called(row.runs[0].rows[0], letters)
    title = title if times is None else f"{title} × {times}"
    return f"{title}, weights of {row.group.weights}" if row.group.weights else title


def _owners(step: Step) -> str:
    if not step.apart:
        return f"weights of {step.weights}"
    apart = (f"own {name}" if step.owns(name) else f"{name} of {owner}" for name, owner in step.apart.items())
    return ", ".join((f"weight of {step.weights}", *apart))


def _read(slot: str) -> str:
    # The input of a block has no name: the block's own names are gone after parsing.
    return "input" if slot.startswith("<") else slot


def lines_of(report: Report, depth: int | None = None, *, expand: bool = False) -> tuple[Line, ...]:
    """Return the rows of the tree: a block is a heading with its layers below, a repeat is one line.

    With `depth`, what is nested deeper folds into one line: blocks in blocks, and layers whose paths share their first
    parts. With `expand`, each run of a repeat is shown.
    """
    return tuple(_lines(report.tree, Line("", ()), depth, expand=expand))


def _lines(
    rows: Iterable[LayerReport | GroupReport], above: Line, depth: int | None, *, expand: bool
) -> Iterator[Line]:
    """Yield the lines of rows below a heading, or of all if its path is empty."""
    level = above.level + bool(above.path)
    for shown, folded in neighbours(rows, None if depth is None else depth - level):
        here = Line(joined(above.path, shown), folded, level, shown, shared=above.shared)
        row = folded[0]
        deep = depth is not None and level + 1 >= depth
        if len(folded) > 1 or isinstance(row, LayerReport) or deep or (row.group.times is not None and not expand):
            yield here
            continue
        title, shared = row.group.subgraph.title, above.shared or bool(row.group.weights)
        title = f"{title}, weights of {row.group.weights}" if title and row.group.weights else title
        for name, run in zip(row.group.runs, row.runs, strict=True):
            line = here._replace(path=joined(above.path, name), rows=run.rows, shown=name, shared=shared)
            if not title:
                yield line
                continue
            line = line._replace(heading=title)
            yield line
            yield from _lines(run.rows, line, depth, expand=expand)


def neighbours(
    rows: Iterable[LayerReport | GroupReport], parts: int | None
) -> Iterator[tuple[str, tuple[LayerReport | GroupReport, ...]]]:
    """Yield runs of neighbours that share the first parts of their paths; the order is unchanged."""
    if parts is None:
        yield from ((row.path, (row,)) for row in rows)
        return
    shared: list[LayerReport | GroupReport] = []
    name = ""
    for row in rows:
        head = ".".join(row.path.split(".")[:parts])
        if shared and head != name:
            yield name, tuple(shared)
            shared = []
        name = head
        shared.append(row)
    if shared:
        yield name, tuple(shared)


def layer_lines(report: Report, depth: int | None = None) -> tuple[Line, ...]:
    """Return a line per layer with its full path, for programs; with `depth` neighbours fold."""
    return tuple(Line(shown, rows, shown=shown) for shown, rows in neighbours(report.layers, depth))


def layer_type_of(line: Line) -> str:
    """Return the type of a line's layer without its settings, or the folded types."""
    (row, *more) = line.rows
    return row.type if isinstance(row, LayerReport) and not more else line.layer()


def settings(layer: Layer, letters: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a layer with the fields that differ from their defaults, the first required one without its name.

    `letters` are short names of fields.

    >>> from shapecalc.layers.conv import Conv
    >>> settings(Conv(out_channels=6, kernel_size=5, stride=1, padding=(1, 2)))
    'conv 6 kernel_size=5 padding=1x2'
    """
    lead = next((field.name for field in fields_of(type(layer)).values() if field.required), layer.main)
    words = [layer.type]
    for name, value in changed_fields(layer).items():
        words.append(format_value(value) if name == lead else f"{letters.get(name, name)}={format_value(value)}")
    return " ".join(words)


def changed_fields(layer: Layer) -> dict[str, Any]:
    """Return the fields that have no default or differ from it."""
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
    """Return the text of a line in a column; `write` formats counts, `letters` are short names of fields."""
    if column is Column.LAYER:
        return line.layer(letters)
    if column is Column.SHARE:
        return "" if line.heading is not None else share(line.sums.macs, report.totals.macs)
    if column in COUNTS:
        return "" if line.heading is not None else write(COUNTS[column](line.sums))
    return _text(column, line, report)


def _text(column: Column, line: Line, report: Report) -> str:
    first, last = line.rows[0], line.rows[-1]
    match column:
        case Column.PATH:
            return line.path
        case Column.LINE:
            spans = first.step.spans if isinstance(first, LayerReport) else first.group.spans
            return _at(spans.type, report.architecture.file) if spans else ""
        case Column.TYPE:
            return first.type if len(line.rows) == 1 and isinstance(first, LayerReport) else ""
        case Column.INPUT:
            return "" if line.heading is not None else ", ".join(show(shape) for shape in first.inputs)
        case _:
            return "" if line.heading is not None else show(last.output)


def _at(span: Span, source: Source | None) -> str:
    """Return the line of a span, with the file if that is an included one."""
    return f"{source.of(span).name}:{span.line}" if source is not None and span.file else str(span.line)


def heading(column: Column) -> str:
    """Return the heading of a column."""
    return HEADINGS.get(column, column.value)


def format_value(value: Any) -> str:
    """Return the text of a field's value.

    >>> format_value((2, (0, 1))), format_value(True), format_value(0.5), format_value(None)
    ('2x0:1', 'true', '0.5', 'null')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "x".join(f"{one[0]}:{one[1]}" if isinstance(one, tuple) else format_value(one) for one in value)
    if value is None:
        return "null"
    return f"{value:g}" if isinstance(value, float) else str(value)
