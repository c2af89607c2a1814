"""An inspection as a document: a row per layer, the totals, and what must hold of symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.dims import show
from shapecalc.render.inspect.columns import COUNTED, DEFAULT_COLUMNS, USUAL, row_of, total_row
from shapecalc.render.inspect.lines import layer_lines, lines_of
from shapecalc.render.tables.model import BLANK, Amount, Bytes, Document, Fixed, Lines, NamedValues, Table, TableColumn
from shapecalc.render.terminal.numbers import at_sizes, grouped
from shapecalc.render.terminal.palette import BOLD, DIM
from shapecalc.shape_inference.constraints import ANY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.render.inspect.columns import Column
    from shapecalc.render.inspect.lines import Line
    from shapecalc.render.inspect.selection import RowSelection
    from shapecalc.render.tables.model import Part, TableRow
    from shapecalc.shape_inference.report import Report

MARK = "◀"
"""The sign behind the row of the most multiply-accumulates."""


def inspection(
    report: Report,
    columns: Sequence[Column] = DEFAULT_COLUMNS,
    depth: int | None = None,
    *,
    expand: bool = False,
    selection: RowSelection | None = None,
) -> Document:
    """Return the rows as a tree, a repeat as one row unless `expand` is set, and the totals of the whole network.

    With a `selection`, its rows with their full paths instead of the tree.
    """
    if columns is DEFAULT_COLUMNS and not isinstance(report.totals.macs, int):
        columns = [column for column in columns if column.name != "share"]  # of expressions there is no share
    lines = lines_of(report, depth, expand=expand) if selection is None else selection.lines(report, depth)
    content = table(report, lines, columns)
    if selection is not None:
        content = content._replace(total=None)  # the rows do not add up to it
    after = (
        Lines([*_unknown(report), *_counted(report), _note(report)], DIM),
        Lines([*_products(report), *_valid_sizes(report)]),
    )
    parts: list[Part] = [content, _totals(report)]
    parts += [part for part in after if part.texts]
    return Document(f"{report.architecture.name}  {_inputs(report)}", [parts], content)


def listing(
    report: Report,
    columns: Sequence[Column] = DEFAULT_COLUMNS,
    depth: int | None = None,
    selection: RowSelection | None = None,
) -> Table:
    """Return a row per layer with its full path, for programs."""
    return table(report, layer_lines(report, depth) if selection is None else selection.lines(report, depth), columns)


def table(report: Report, lines: Sequence[Line], columns: Sequence[Column]) -> Table:
    """Return a row per line; the one with the most multiply-accumulates is marked, unless it is the only one."""
    most = _most(lines)
    rows = [row_of(line, columns, report) for line in lines]
    heads = tuple(column.in_table for column in columns)
    total = total_row(columns, report)
    if most is not None and any(column.name == "macs" for column in columns):
        heads += (TableColumn("", ""),)
        rows = [_marked(row, most=line is most) for row, line in zip(rows, lines, strict=True)]
        total = _marked(total, most=False)
    return Table(heads, rows, total, legend=True)


def _most(lines: Sequence[Line]) -> Line | None:
    """Return the line with the most multiply-accumulates; None if there is none, or a single line."""
    counts = [(line.sums.macs, line) for line in lines if line.heading is None]
    known = [(count, line) for count, line in counts if isinstance(count, int) and count > 0]
    return max(known, key=lambda each: each[0])[1] if len(known) > 1 and len(counts) > 1 else None


def _marked(row: TableRow, *, most: bool) -> TableRow:
    return row._replace(values=(*row.values, Fixed(MARK) if most else BLANK), style=BOLD if most else row.style)


def _inputs(report: Report) -> str:
    return ", ".join(show(entry.shape) for entry in report.inputs)


def _totals(report: Report) -> NamedValues:
    totals = report.totals
    active = totals.active_params
    return NamedValues(
        [
            ("params", Amount(totals.params)),
            ("buffers", Amount(totals.buffers)),
            ("MACs", Amount(totals.macs)),
            ("FLOPs", Amount(totals.flops)),
            ("param size", Bytes(totals.parameter_bytes)),
            ("activations", Bytes(totals.activation_bytes)),
            *([("active params", Amount(active))] if active not in (None, totals.params) else []),
        ]
    )


def _note(report: Report) -> str:
    at = at_sizes(report.costs_at)
    note = f"memory at {report.dtype}"
    note = f"MACs, FLOPs and activations are those at {at}; {note}" if at else note
    return note if report.params_as == USUAL else f"{note}; params as {COUNTED[report.params_as]} them"


def _unknown(report: Report) -> tuple[str, ...]:
    """Return which operators have no layer, and the counts of the other layers."""
    if not report.unknown_operators:
        return ()
    names = ", ".join(name if count == 1 else f"{name} ({count})" for name, count in report.unknown_operators.items())
    known = report.known
    counts = f"params {grouped(known.params)}, MACs {grouped(known.macs)}, FLOPs {grouped(known.flops)}"
    return (f"incomplete: no layer for {names}; the other layers have {counts}",)


def _counted(report: Report) -> tuple[str, ...]:
    """Return how many parameters are trained, and which layers the convention does not cover."""
    if report.params_as == USUAL:
        return ()
    totals = report.totals
    trained = (
        f"trainable params {grouped(totals.trainable_params)}, non-trainable {grouped(totals.non_trainable_params)}"
    )
    others = ", ".join(report.uncounted)
    return (trained, f"not in Keras, and counted as PyTorch counts: {others}") if others else (trained,)


def _products(report: Report) -> tuple[str, ...]:
    """Return the parts of the multiply-accumulates of attention, and how many a causal mask leaves useful."""
    products = report.products
    if products is None:
        return ()
    parts = ", ".join(f"{name} {grouped(count)}" for name, count in products.parts.items())
    lines = [f"attention's MACs: {parts}"]
    if products.masked != 0:
        lines.append(
            f"causal masks leave {grouped(products.useful)} of {grouped(products.masked)} in QKᵀ and AV useful; the "
            "full products count"
        )
    return tuple(lines)


def _valid_sizes(report: Report) -> tuple[str, ...]:
    """Return the constraints on the unbound symbols, one line for symbols with the same."""
    valid = report.valid_sizes
    alike: dict[str, list[str]] = {}
    for name, sizes in valid.sizes.items():
        if sizes != ANY:
            alike.setdefault(sizes.sentence("\0"), []).append(name)
    sentences = [sentence.replace("\0", " and ".join(names)) for sentence, names in alike.items()]
    return (*sentences, *(f"{each.condition.pretty} must hold for {each.path}" for each in valid.joint))
