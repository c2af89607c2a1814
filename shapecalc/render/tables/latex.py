"""A table in LaTeX (booktabs), shapes and counts as mathematics, for papers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.dims import latex
from shapecalc.render.tables.model import Amount, Bytes, ChangedShapes, Delta, Shapes, Share
from shapecalc.render.terminal.escaping import terminal

if TYPE_CHECKING:
    from shapecalc.dims import Shape
    from shapecalc.render.tables.model import Table, TableRow, Value

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
    "→": r"$\to$",
    "−": "$-$",
    "·": r"$\cdot$",
    "⌊": r"$\lfloor$",
    "⌋": r"$\rfloor$",
}
_CELL = re.compile("|".join(map(re.escape, _SPECIAL)))


def table(content: Table) -> str:
    r"""Return a `tabular` with a row per row that is not a summary of others, and the total, without shares.

    It requires `\usepackage{booktabs}`.
    """
    shares = {place for row in content.rows for place, value in enumerate(row.values) if isinstance(value, Share)}
    places = [place for place, column in enumerate(content.columns) if column.name and place not in shares]
    heads = [content.columns[place] for place in places]
    rows = [
        rf"\begin{{tabular}}{{{''.join('r' if head.right else 'l' for head in heads)}}}",
        r"\toprule",
        _row([text(head.name if head.heading is None else head.heading) for head in heads]),
        r"\midrule",
        *(_cells(row, places) for row in content.rows if not row.summary),
    ]
    if content.total is not None:
        rows += [r"\midrule", _cells(content.total, places)]
    return "\n".join([*rows, r"\bottomrule", r"\end{tabular}"])


def _cells(row: TableRow, places: list[int]) -> str:
    return _row([_cell(row.values[place]) for place in places])


def text(words: str) -> str:
    r"""Return words with escaped signs, so that none is a command.

    >>> text("50% of a_1")
    '50\\% of a\\_1'
    """
    return _CELL.sub(lambda sign: _SPECIAL[sign[0]], terminal(words))


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(value: Value) -> str:
    if isinstance(value, Shapes):
        return ", ".join(map(_shape, value.shapes))
    if isinstance(value, ChangedShapes):
        return r" $\to$ ".join(", ".join(map(_shape, shapes)) for shapes in (value.before, value.after))
    if isinstance(value, Amount) and not isinstance(value, Bytes):
        return r"$\text{unknown}$" if value.count is None else f"${latex(value.count)}$"
    return text(value.text() if isinstance(value, Bytes | Delta) else value.exact())


def _shape(shape: Shape) -> str:
    return f"$[{', '.join(map(latex, shape))}]$"
