"""An inspection as a table, with totals below."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics.progress import tracked
from shapecalc.dims import show
from shapecalc.render.inspect.columns import (
    COUNTED,
    COUNTS,
    DEFAULT_COLUMNS,
    TEXT_COLUMNS,
    USUAL,
    Column,
    cell,
    heading,
    lines_of,
)
from shapecalc.render.terminal.grid import Cells, Grid, Heading, Page, display_width
from shapecalc.render.terminal.numbers import at_sizes, grouped, memory, rounded
from shapecalc.render.terminal.palette import BOLD, DIM, PLAIN
from shapecalc.shape_inference.constraints import ANY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.render.inspect.columns import Line
    from shapecalc.shape_inference.report import Count, Report

LETTERS = {"kernel_size": "k", "stride": "s", "padding": "p", "dilation": "d", "groups": "g"}
"""Short names of fields, for a terminal too narrow for their own."""

PAIRS = (("params", "buffers"), ("MACs", "FLOPs"), ("parameters", "activations"))


class _Manner(NamedTuple):
    """The way to write cells: the first that fits is used."""

    letters: Mapping[str, str]
    write: Callable[[Count], str]


_MANNERS = (_Manner({}, grouped), _Manner(LETTERS, grouped), _Manner(LETTERS, rounded))


def inspection(
    report: Report,
    columns: tuple[Column, ...] = DEFAULT_COLUMNS,
    depth: int | None = None,
    *,
    expand: bool = False,
    width: int | None,
    color: bool,
    unicode: bool = True,
) -> str:
    """Return the table and the totals; with a `width` of None nothing is wrapped.

    If the table is wider, fields get letters for names, then large counts are rounded, then cells wrap.
    """
    lines, page = lines_of(report, depth, expand=expand), Page(width, color, unicode)
    for manner in _MANNERS:
        grid = _grid(report, lines, columns, manner, page)
        if page.fits(grid):
            break
    parts = [
        page.line(f"{report.architecture.name}  {_inputs(report)}", BOLD),
        page.draw(grid),
        *(page.line(line, DIM) for line in _legend(manner, grid)),
        *_totals(report, page),
        *map(page.line, (*_products(report), *_valid_sizes(report))),
    ]
    return "\n".join(parts)


def _grid(report: Report, lines: tuple[Line, ...], columns: tuple[Column, ...], manner: _Manner, page: Page) -> Grid:
    cells = {
        column: page.escaped(
            _cell(column, line, report, manner) for line in tracked(lines, heading(column), len(lines))
        )
        for column in columns
    }
    # If MACs are expressions no layer has a share, and the column is not one of the options.
    if columns is DEFAULT_COLUMNS and not any(cells[Column.SHARE]):
        del cells[Column.SHARE]
    headings = tuple(
        Heading(heading(column), right=column not in TEXT_COLUMNS, wraps=_may_wrap(column, texts))
        for column, texts in cells.items()
    )
    dimmed = [column in COUNTS for column in cells]
    return Grid(
        headings,
        [
            Cells(
                texts, tuple(DIM if count and text == "0" else PLAIN for count, text in zip(dimmed, texts, strict=True))
            )
            for texts in zip(*cells.values(), strict=True)
        ],
    )


def _cell(column: Column, line: Line, report: Report, manner: _Manner) -> str:
    """Return a cell; a layer of a block is indented below its heading, without the block's path."""
    if column is Column.PATH:
        return "  " * line.level + line.shown
    return cell(column, line, report, manner.write, manner.letters)


def _may_wrap(column: Column, texts: tuple[str, ...]) -> bool:
    """Return whether a column has words or expressions; paths and numbers do not wrap."""
    if column in TEXT_COLUMNS:
        return column is not Column.PATH
    return any(not text.isascii() or "*" in text for text in texts)


def _legend(manner: _Manner, grid: Grid) -> tuple[str, ...]:
    """Return a line that explains the letters of the table, and whether counts are rounded."""
    shown = " ".join(text for row in grid.rows for text in row.texts)
    used = [f"{letter} {name}" for name, letter in manner.letters.items() if f" {letter}=" in shown]
    if manner.write is rounded:
        used.append("a million and more rounded")
    return (f"({', '.join(used)})",) if used else ()


def _inputs(report: Report) -> str:
    return ", ".join(show(entry.shape) for entry in report.inputs)


def _totals(report: Report, page: Page) -> tuple[str, ...]:
    """Return the totals on one line; one below the other if they are expressions or too wide."""
    totals = report.totals
    at = at_sizes(report.costs_at)
    counts = (totals.params, totals.buffers, totals.macs, totals.flops)
    figures = page.escaped((*map(grouped, counts), memory(totals.parameter_bytes), memory(totals.activation_bytes)))
    counted = tuple(page.line(line, DIM) for line in _counted(report))
    note = f"MACs, FLOPs and activations are those at {at}; memory at float32" if at else "memory at float32"
    if report.params_as != USUAL:
        note += f"; params as {COUNTED[report.params_as]} them"
    closing = page.line(note, DIM)
    pair = _side_by_side(figures)
    if isinstance(totals.flops, int | None) and (page.width is None or max(map(display_width, pair)) <= page.width):
        return (*pair, *counted, closing)
    names = [name for pair in PAIRS for name in pair]
    room = max(map(len, names)) + 2
    below = zip(names, figures, strict=True)
    return (*(page.line(figure, lead=f"{name:<{room}}") for name, figure in below), *counted, closing)


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


def _side_by_side(figures: tuple[str, ...]) -> tuple[str, str]:
    columns = []
    for pair, values in zip(PAIRS, zip(figures[::2], figures[1::2], strict=True), strict=True):
        name_room, room = max(map(len, pair)), max(map(len, values))
        columns.append([f"{name:<{name_room}}  {value:>{room}}" for name, value in zip(pair, values, strict=True)])
    upper, lower = ("     ".join(row) for row in zip(*columns, strict=True))
    return upper, lower
