"""An inspection as a table for people, with totals below."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shapecalc.dims import Expr
from shapecalc.layers.base import show
from shapecalc.render.columns import DEFAULT_COLUMNS, TEXT_COLUMNS, Column, cell, grouped, heading, lines_of
from shapecalc.render.escaping import terminal

if TYPE_CHECKING:
    from shapecalc.report import Count, Report

ENDLESS = 10_000
"""Columns of the console where output goes to a file or a pipe, which wraps nothing."""


def inspection(
    report: Report,
    columns: tuple[Column, ...] = DEFAULT_COLUMNS,
    depth: int | None = None,
    *,
    width: int | None,
    color: bool,
    unicode: bool = True,
) -> str:
    """Return the table and the totals; `width` None wraps nothing."""
    table = new_table()
    for column in columns:
        text = column in TEXT_COLUMNS
        table.add_column(heading(column), justify="left" if text else "right", no_wrap=column is not Column.LAYER)
    for line in lines_of(report, depth):
        table.add_row(*(Text(terminal(cell(column, line, report, grouped))) for column in columns))
    title = Text(terminal(f"{report.architecture.name}  {_inputs(report)}"), style="bold")
    totals = (Text(terminal(line)) for line in _totals(report))
    return printed((title, table, *totals), width=width, color=color, unicode=unicode)


def new_table() -> Table:
    """Return an empty table in the one manner that every command shows."""
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)


def printed(parts: tuple[Text | Table, ...], *, width: int | None, color: bool, unicode: bool) -> str:
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
    return text if unicode else text.encode("ascii", "replace").decode()


def _inputs(report: Report) -> str:
    return ", ".join(show(entry.shape) for entry in report.inputs)


def _totals(report: Report) -> tuple[str, ...]:
    """Return the totals in two lines; a line each where they are expressions, which are long."""
    totals = report.totals
    at = ", ".join(f"{name} = {size}" for name, size in report.costs_at.items())
    per = f" at {at}" if at else ""
    counts = (
        f"params {grouped(totals.params)}",
        f"buffers {grouped(totals.buffers)}",
        f"MACs {grouped(totals.macs)}",
        f"FLOPs {grouped(totals.flops)}",
    )
    kept = (f"parameters {memory(totals.parameter_bytes)}", f"activations {memory(totals.activation_bytes)}")
    if isinstance(totals.flops, Expr):
        return (f"totals{per}", *counts, *(f"memory of {part} at float32" for part in kept))
    return (f"{'   '.join(counts)}{per}", f"memory at float32: {', '.join(kept)}{per}")


def memory(size: Count) -> str:
    """Write bytes for people.

    >>> memory(246_824), memory(None)
    ('241.0 KiB', 'unknown')
    """
    if not isinstance(size, int):
        return grouped(size) if size is None else f"{grouped(size)} B"
    if size < 1024:  # noqa: PLR2004 - the step of binary units
        return f"{size} B"
    for power, unit in ((1, "KiB"), (2, "MiB"), (3, "GiB"), (4, "TiB"), (5, "PiB"), (6, "EiB")):
        tenths = (size * 10 * 2 + 1024**power) // (2 * 1024**power)
        if tenths < 10_240:  # noqa: PLR2004 - the step of binary units, in tenths
            break
    return f"{tenths // 10:,}.{tenths % 10} {unit}"

