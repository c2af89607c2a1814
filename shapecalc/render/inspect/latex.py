"""An inspection as a LaTeX table (booktabs), shapes and counts as mathematics, for papers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.dims import latex
from shapecalc.render.inspect.columns import DEFAULT_COLUMNS, TEXT_COLUMNS, Column, cell, heading, lines_of
from shapecalc.render.terminal.escaping import terminal

if TYPE_CHECKING:
    from shapecalc.dims import Shape
    from shapecalc.render.inspect.columns import Line
    from shapecalc.shape_inference.report import Count, Report

_SPECIAL = {
    # After `\\` a row must not begin with these: LaTeX reads them as arguments.
    **{sign: f"{{{sign}}}" for sign in "[*"},
    "--": "-{}-{}",  # no dash
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "|": r"\textbar{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    '"': r"\textquotedbl{}",
    "×": r"$\times$",
}
_CELL = re.compile("|".join(map(re.escape, _SPECIAL)))


def inspection(
    report: Report, columns: tuple[Column, ...] = DEFAULT_COLUMNS, depth: int | None = None, *, expand: bool = False
) -> str:
    r"""Return a `tabular` with a row per layer, one for each repeat unless `expand` is set, and the totals.

    It requires `\usepackage{booktabs}`.
    """
    chosen = tuple(column for column in columns if column is not Column.SHARE)
    totals = report.totals
    sums = {
        Column.PARAMS: totals.params,
        Column.BUFFERS: totals.buffers,
        Column.MACS: totals.macs,
        Column.FLOPS: totals.flops,
        Column.MEMORY: totals.activation_bytes,
    }
    rows = [
        rf"\begin{{tabular}}{{{''.join('l' if column in TEXT_COLUMNS else 'r' for column in chosen)}}}",
        r"\toprule",
        _row([text(heading(column)) for column in chosen]),
        r"\midrule",
        *(
            _row([_cell(column, line, report) for column in chosen])
            for line in lines_of(report, depth, expand=expand)
            if line.heading is None
        ),
        r"\midrule",
        _row([f"${_count(sums[column])}$" if column in sums else "" for column in chosen]),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(rows)


def text(words: str) -> str:
    r"""Return words with escaped signs, so that none is a command.

    >>> text("50% of a_1")
    '50\\% of a\\_1'
    """
    return _CELL.sub(lambda sign: _SPECIAL[sign[0]], terminal(words))


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(column: Column, line: Line, report: Report) -> str:
    if column is Column.OUTPUT:
        return _shape(line.rows[-1].output)
    if column is Column.INPUT:
        return ", ".join(map(_shape, line.rows[0].inputs))
    if column in TEXT_COLUMNS or column is Column.LINE:
        return text(cell(column, line, report, _count))
    return f"${cell(column, line, report, _count)}$"


def _shape(shape: Shape) -> str:
    return f"$[{', '.join(map(latex, shape))}]$"


def _count(count: Count) -> str:
    return r"\text{unknown}" if count is None else latex(count)
