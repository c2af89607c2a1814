"""An inspection as a table for people, with totals below."""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING, Literal, NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shapecalc.layers.base import show
from shapecalc.render.columns import (
    COUNTS,
    DEFAULT_COLUMNS,
    TEXT_COLUMNS,
    Column,
    cell,
    changed_fields,
    grouped,
    heading,
    lines_of,
    rounded,
)
from shapecalc.render.escaping import ascii_only, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shapecalc.report import Count, Report

ENDLESS = 10_000
"""Columns of the console where output goes to a file or a pipe, which wraps nothing."""

GAP = 2
LETTERS = {"kernel_size": "k", "stride": "s", "padding": "p", "dilation": "d", "groups": "g"}
"""Short names of fields, for a terminal too narrow for their own."""

LONGEST_EXPRESSION = 16
PAIRS = (("params", "buffers"), ("MACs", "FLOPs"), ("parameters", "activations"))
_PIECE = re.compile(r"[^\s·*]*(?:[·*]|\s+|$)")


class _Manner(NamedTuple):
    """How to write the cells: the first manner that fits is taken."""

    letters: Mapping[str, str]
    write: Callable[[Count], str]


_MANNERS = (_Manner({}, grouped), _Manner(LETTERS, grouped), _Manner(LETTERS, rounded))


def inspection(
    report: Report,
    columns: tuple[Column, ...] = DEFAULT_COLUMNS,
    depth: int | None = None,
    *,
    width: int | None,
    color: bool,
    unicode: bool = True,
) -> str:
    """Return the table and the totals; `width` None wraps nothing.

    Where the table is wider than that, fields get letters for names, then large counts are rounded, then cells wrap.
    """
    lines = lines_of(report, depth)
    for manner in _MANNERS:
        cells = {
            column: [spelt(cell(column, line, report, manner.write, manner.letters), unicode=unicode) for line in lines]
            for column in columns
        }
        # Where MACs are expressions nothing has a share, and nobody asked for that column.
        if columns is DEFAULT_COLUMNS and not any(cells[Column.SHARE]):
            del cells[Column.SHARE]
        wide = sum(max(map(cell_len, (heading(column), *texts))) + GAP for column, texts in cells.items()) - GAP
        wraps = width is not None and wide > width
        if not wraps:
            break
    title = plain_text(f"{report.architecture.name}  {_inputs(report)}", unicode=unicode, style="bold")
    parts = (
        title,
        _table(cells, wraps=wraps),
        *_legend(manner, report, cells),
        *_totals(report, width, unicode=unicode),
    )
    return printed(parts, width=width, color=color, unicode=unicode)


def _table(cells: Mapping[Column, Sequence[str]], *, wraps: bool) -> Table:
    table = new_table()
    for column, texts in cells.items():
        shapes_or_words = column in TEXT_COLUMNS - {Column.PATH}
        stiff = not wraps or not (shapes_or_words or any(len(text) > LONGEST_EXPRESSION for text in texts))
        justify: Literal["left", "right"] = "left" if column in TEXT_COLUMNS else "right"
        table.add_column(heading(column), justify=justify, no_wrap=stiff, overflow="fold")
    for row in zip(*cells.values(), strict=True):
        table.add_row(*(_cell(column, text, wraps=wraps) for column, text in zip(cells, row, strict=True)))
    return table


def _legend(manner: _Manner, report: Report, cells: Mapping[Column, Sequence[str]]) -> tuple[Text, ...]:
    """Return a line that explains the letters which stand in the table, and that counts are rounded."""
    used: list[str] = []
    if manner.letters and Column.LAYER in cells:
        fields = {name for row in report.layers for name in changed_fields(row.step.layer)}
        used = [f"{letter} {name}" for name, letter in manner.letters.items() if name in fields]
    if manner.write is rounded:
        used.append("a million and more rounded")
    return (Text(f"({', '.join(used)})", style="dim"),) if used else ()


def new_table() -> Table:
    """Return an empty table in the one manner that every command shows."""
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, GAP - 1, 0, 0), header_style="bold", show_edge=False)


def spelt(text: str, *, unicode: bool) -> str:
    """Return text that a file wrote as a terminal can show it."""
    return terminal(text) if unicode else ascii_only(terminal(text))


def plain_text(text: str, *, unicode: bool, style: str = "") -> Text:
    """Return text that a file wrote for rich to print, nothing in it markup."""
    return Text(spelt(text, unicode=unicode), style=style)


def printed(parts: Sequence[Text | Table], *, width: int | None, color: bool, unicode: bool) -> str:
    """Return rich text and tables as a string, without spaces at the ends of lines."""
    stream = StringIO()
    console = Console(
        file=stream,
        width=width or ENDLESS,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        safe_box=not unicode,
    )
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text) and width is None)
    text = "\n".join(line.rstrip() for line in stream.getvalue().splitlines())
    return text if unicode else text.replace("─", "-").encode("ascii", "replace").decode()


def _cell(column: Column, text: str, *, wraps: bool) -> Text:
    if column in COUNTS:
        return Text(_broken(text) if wraps else text, style="dim" if text == "0" else "")
    return Text(text)


def _broken(expression: str) -> str:
    """Break an expression after signs, into lines of `LONGEST_EXPRESSION` where that goes."""
    lines = [""]
    for piece in _PIECE.findall(expression):
        if lines[-1] and len(lines[-1] + piece.rstrip()) > LONGEST_EXPRESSION:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def _inputs(report: Report) -> str:
    return ", ".join(show(entry.shape) for entry in report.inputs)


def _totals(report: Report, width: int | None, *, unicode: bool) -> tuple[Text | Table, ...]:
    """Return the totals side by side; one below the other where they are expressions, or the room is too narrow."""
    totals = report.totals
    at = ", ".join(f"{name} = {size}" for name, size in report.costs_at.items())
    counts = (totals.params, totals.buffers, totals.macs, totals.flops)
    figures = (*map(grouped, counts), memory(totals.parameter_bytes), memory(totals.activation_bytes))
    figures = tuple(spelt(figure, unicode=unicode) for figure in figures)
    note = f"MACs, FLOPs and activations are those at {at}; memory at float32" if at else "memory at float32"
    closing = plain_text(note, unicode=unicode, style="dim")
    upper, lower = _side_by_side(figures)
    if isinstance(totals.flops, int | None) and (width is None or max(len(upper), len(lower)) <= width):
        return Text(upper), Text(lower), closing
    names = (name for pair in PAIRS for name in pair)
    if width is None:
        return (*(Text(f"{name:<11}  {figure}") for name, figure in zip(names, figures, strict=True)), closing)
    grid = Table.grid(padding=(0, GAP, 0, 0))
    for name, figure in zip(names, figures, strict=True):
        grid.add_row(Text(name), Text(figure))
    return grid, closing


def _side_by_side(figures: tuple[str, ...]) -> tuple[str, str]:
    columns = []
    for pair, values in zip(PAIRS, zip(figures[::2], figures[1::2], strict=True), strict=True):
        name_room, room = max(map(len, pair)), max(map(len, values))
        columns.append([f"{name:<{name_room}}  {value:>{room}}" for name, value in zip(pair, values, strict=True)])
    upper, lower = ("     ".join(row) for row in zip(*columns, strict=True))
    return upper, lower


def memory(size: Count) -> str:
    """Write bytes for people.

    >>> memory(246_824), memory(None)
    ('241.0 KiB', 'unknown')
    """
    if not isinstance(size, int):
        return grouped(size) if size is None else f"{grouped(size)} bytes"
    if size < 1024:  # noqa: PLR2004 - the step of binary units
        return f"{size} B"
    power = min((size.bit_length() - 1) // 10, len(_BINARY))
    tenths = (size * 20 + 1024**power) // (2 * 1024**power)
    if tenths >= 10_240 and power < len(_BINARY):  # noqa: PLR2004 - rounded up to the next unit, in tenths
        power, tenths = power + 1, 10
    return f"{tenths // 10:,}.{tenths % 10} {_BINARY[power - 1]}"


_BINARY = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
