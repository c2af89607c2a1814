"""A document as HTML for notebooks: tables with blocks that fold, without scripts, for light and dark pages."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from shapecalc.render.tables.model import Amount, Drawing, NamedValues, Path, Share, Table
from shapecalc.render.terminal.escaping import terminal
from shapecalc.render.terminal.grid import Page
from shapecalc.render.terminal.palette import BOLD, DIM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.render.tables.model import Document, Part, TableColumn, TableRow, Value

MOST_ROWS = 600
"""The most rows of a table; a line below says how many are left out."""
MOST_OPEN = 60
"""The most rows of a table whose blocks are open at first."""
LONGEST = 30
"""The length of a text from which it wraps."""
WIDTH = 100
"""The columns of a drawing."""

STYLE = """<style>
.shapecalc{font-size:13px;line-height:1.45;max-width:100%;overflow-x:auto}
.shapecalc table{border-collapse:collapse;table-layout:fixed;width:100%;min-width:50em;margin:0;border:0;font-size:13px}
.shapecalc td,.shapecalc th{padding:1px 8px;text-align:left;vertical-align:top;overflow-wrap:anywhere}
.shapecalc td,.shapecalc th{white-space:normal;background:none;border:0;max-width:none}
.shapecalc th{font-weight:600;border-bottom:1px solid #8888}
.shapecalc .n{text-align:right;font-variant-numeric:tabular-nums}
.shapecalc tr:hover td,.shapecalc summary:hover{background-color:#8882}
.shapecalc .d{opacity:.6}
.shapecalc .b,.shapecalc .b td{font-weight:600}
.shapecalc tfoot td{font-weight:600;border-top:1px solid #8888}
.shapecalc details{margin:0;min-width:50em}
.shapecalc summary{cursor:pointer;display:grid;list-style:none}
.shapecalc summary::-webkit-details-marker{display:none}
.shapecalc summary span{padding:1px 8px;overflow-wrap:anywhere;min-width:0}
.shapecalc summary span:first-child::before{content:"\\25B8\\00A0";margin-left:-1.1em}
.shapecalc details[open]>summary span:first-child::before{content:"\\25BE\\00A0"}
.shapecalc summary{font-weight:600}
.shapecalc p{margin:4px 8px}
.shapecalc pre{margin:4px 8px;line-height:1.2;background:none}
</style>"""


def document(result: Document) -> str:
    """Return the title, the tables and the lines; drawings are preformatted text.

    Each text is escaped, for a terminal too, so that no name of a file is markup or is hidden. The result is
    XML as well.
    """
    parts = [part for block in result.blocks for part in block]
    title = f"<p><b>{text(result.title)}</b></p>\n" if result.title else ""
    return f'<div class="shapecalc">\n{STYLE}\n{title}{"".join(_part(part) for part in parts)}</div>'


def text(words: str) -> str:
    r"""Return a text in which no character is markup, a control character or hidden.

    >>> text("<b>&amp;\x1b[0m")
    '&lt;b&gt;&amp;amp;\\u{1b}[0m'
    """
    return escape(terminal(words))


def _part(part: Part) -> str:
    if isinstance(part, Table):
        return table(part)
    if isinstance(part, Drawing):
        lines = part.draw(Page(WIDTH, color=False, unicode=True))
        return f"<pre>{escape(chr(10).join(lines))}</pre>\n"
    if isinstance(part, NamedValues):
        values = ", ".join(f"{text(name)} <b>{text(value.text())}</b>" for name, value in part.values)
        return f"<p>{values}</p>\n"
    style = {BOLD: ' class="b"', DIM: ' class="d"'}.get(part.style, "")
    return "".join(f"<p{style}>{text(line)}</p>\n" for line in part.texts)


def table(content: Table) -> str:
    """Return the rows and the total; the rows below a summary fold into it."""
    places = [place for place, column in enumerate(content.columns) if column.name]
    columns = [content.columns[place] for place in places]
    rows = [_chosen(row, places) for row in content.rows[:MOST_ROWS]]
    total = None if content.total is None else _chosen(content.total, places)
    parts = [*_Writer(columns, rows, total).parts()]
    if len(content.rows) > len(rows):
        left = f"{len(content.rows) - len(rows):,} of {len(content.rows):,} rows are left out"
        parts.append(f'<p class="d">{left}; to_rows() and to_csv() have all</p>\n')
    return "".join(parts)


def _chosen(row: TableRow, places: Sequence[int]) -> TableRow:
    return row._replace(values=tuple(row.values[place] for place in places), styles=())


class _Writer:
    """The rows of a table: a `table` for each run of rows between summaries, `details` for each summary."""

    def __init__(self, columns: Sequence[TableColumn], rows: Sequence[TableRow], total: TableRow | None) -> None:
        self._columns, self._rows, self._total = columns, rows, total
        self._widths = _percent(columns, rows if total is None else [*rows, total])
        self._open = ' open=""' if len(rows) <= MOST_OPEN else ""

    def parts(self) -> Iterator[str]:
        """Yield the heading, all rows and the total."""
        levels: list[int] = []
        run = [f"<thead><tr>{''.join(map(_heading, self._columns))}</tr></thead>"]
        for row in self._rows:
            level = _level(row)
            if row.summary or (levels and level <= levels[-1]):
                yield from self._table(run)
                run = []
            while levels and level <= levels[-1]:
                levels.pop()
                yield "</details>\n"
            if row.summary:
                yield f"<details{self._open}>{self._summary(row)}\n"
                levels.append(level)
            else:
                run.append(self._row(row))
        yield from self._table(run)
        yield "</details>\n" * len(levels)
        if self._total is not None:
            yield from self._table([f"<tfoot>{self._row(self._total)}</tfoot>"])

    def _table(self, rows: Sequence[str]) -> Iterator[str]:
        if rows:
            widths = "".join(f'<col style="width:{width:.2f}%"/>' for width in self._widths)
            yield f"<table><colgroup>{widths}</colgroup>{''.join(rows)}</table>\n"

    def _row(self, row: TableRow) -> str:
        cells = (
            f"<td{_attributes(column, value)}>{_cell(value)}</td>"
            for column, value in zip(self._columns, row.values, strict=True)
        )
        style = {BOLD: ' class="b"', DIM: ' class="d"'}.get(row.style, "")
        return f"<tr{style}>{''.join(cells)}</tr>\n"

    def _summary(self, row: TableRow) -> str:
        template = " ".join(f"{width:.2f}%" for width in self._widths)
        cells = (
            f"<span{_attributes(column, value)}>{_cell(value)}</span>"
            for column, value in zip(self._columns, row.values, strict=True)
        )
        return f'<summary style="grid-template-columns:{template}">{" ".join(cells)}</summary>'


def _heading(column: TableColumn) -> str:
    side = ' class="n"' if column.right else ""
    return f"<th{side}>{text(column.name if column.heading is None else column.heading)}</th>"


def _level(row: TableRow) -> int:
    return next((value.level for value in row.values if isinstance(value, Path)), 0)


def _cell(value: Value) -> str:
    return escape(terminal(value.text()).strip())


def _attributes(column: TableColumn, value: Value) -> str:
    """Return the attributes of a cell: its side, the indentation of a path, the bar of a share."""
    classes = ["n"] if column.right else []
    style = ""
    if isinstance(value, Amount) and value.count == 0:
        classes.append("d")
    if isinstance(value, Path):
        style = f"padding-left:{value.level + 1.6:.1f}em"
    if isinstance(value, Share) and isinstance(value.part, int) and isinstance(value.total, int) and value.total:
        part = 100 * value.part / value.total
        style = f"background:linear-gradient(90deg,#4a84f055 {part:.1f}%,transparent {part:.1f}%)"
    named = f' class="{" ".join(classes)}"' if classes else ""
    return named + (f' style="{style}"' if style else "")


def _percent(columns: Sequence[TableColumn], rows: Sequence[TableRow]) -> list[float]:
    """Return the widths of columns by the lengths of their texts, long ones less than in proportion.

    >>> from shapecalc.render.tables.model import TableColumn
    >>> _percent([TableColumn("name"), TableColumn("size", right=True)], [])
    [50.0, 50.0]
    """
    lengths = [
        max([len(column.name) + 2, *(min(len(row.values[place].text()), LONGEST) for row in rows)])
        for place, column in enumerate(columns)
    ]
    return [100 * (length + 4) / (sum(lengths) + 4 * len(lengths)) for length in lengths]
