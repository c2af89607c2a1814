"""Text tables. No library is used, as importing one takes longer than inspecting a network."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics.progress import tracked
from shapecalc.render.terminal.escaping import ascii_only, terminal
from shapecalc.render.terminal.palette import BOLD, PLAIN, painted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP = 2
# A word that is wider than a line may be cut after a multiplication sign, or a comma before the next axis of a shape.
_FACTOR = re.compile(r"(?:[^\s·*,]|,(?=\d))+[·*,]*|[·*,]+")


class Heading(NamedTuple):
    """The heading of a column, with its alignment and whether its texts may wrap."""

    text: str
    right: bool = False
    wraps: bool = False


class Cells(NamedTuple):
    """The texts of a row, one per column, and a style for each."""

    texts: tuple[str, ...]
    styles: tuple[str, ...] = ()


class Grid(NamedTuple):
    """A table whose texts are escaped."""

    headings: tuple[Heading, ...]
    rows: Sequence[Cells]

    @property
    def least(self) -> int:
        """The width of the table if what may wrap is as narrow as its longest word or factor."""
        widths = (
            least_width(self, place) if heading.wraps else width
            for place, (heading, width) in enumerate(zip(self.headings, self.widths, strict=True))
        )
        return sum(widths) + GAP * (len(self.headings) - 1)

    @property
    def widths(self) -> list[int]:
        """The width of each column if nothing wraps."""
        texts = ([heading.text for heading in self.headings], *(row.texts for row in self.rows))
        return [max(map(display_width, column)) for column in zip(*texts, strict=True)]

    @property
    def width(self) -> int:
        """The width of the table if nothing wraps."""
        return sum(self.widths) + GAP * (len(self.headings) - 1)


class Page(NamedTuple):
    """The settings of text: at most `width` columns (None: any), whether in colour, whether in Unicode or ASCII."""

    width: int | None
    color: bool
    unicode: bool

    def line(self, text: str, style: str = PLAIN, lead: str = "") -> str:
        """Return an unescaped text as a paragraph."""
        text = escaped(text, unicode=self.unicode)
        return paragraph(text, width=self.width, color=self.color, style=style, lead=lead)

    def grid(self, headings: Iterable[Heading], rows: Iterable[Cells | tuple[str, ...]]) -> Grid:
        """Return a table of unescaped texts."""
        cells = (row if isinstance(row, Cells) else Cells(row) for row in rows)
        return Grid(tuple(headings), [row._replace(texts=self.escaped(row.texts)) for row in cells])

    def escaped(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return escaped texts."""
        return tuple(escaped(text, unicode=self.unicode) for text in texts)

    def fits(self, *grids: Grid) -> bool:
        """Return whether no cell needs to wrap."""
        return self.width is None or all(grid.width <= self.width for grid in grids)

    def draw(self, grid: Grid) -> str:
        """Return a table as text."""
        return draw(grid, width=self.width, color=self.color, unicode=self.unicode)


def draw(grid: Grid, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return a table as text, within `width` columns: the widest cells that may wrap do so first."""
    widths = grid.widths
    gaps = GAP * (len(widths) - 1)
    if width is not None and sum(widths) + gaps > width:
        _shrink(widths, grid, width - gaps)
    rule = ("─" if unicode else "-") * (sum(widths) + gaps)
    heads = Cells(tuple(heading.text for heading in grid.headings), (BOLD,) * len(widths))
    lines = [*_row(heads, grid.headings, widths, color=color), rule]
    for row in tracked(grid.rows, "table", len(grid.rows)):
        lines += _row(row, grid.headings, widths, color=color)
    return "\n".join(lines)


def paragraph(text: str, *, width: int | None, color: bool = False, style: str = PLAIN, lead: str = "") -> str:
    """Return a text in lines of at most `width` columns; the first begins with `lead`, the others are indented."""
    indent = display_width(lead)
    lines = [text] if width is None else wrapped(text, max(width - indent, 1))
    hanging = "\n" + " " * indent
    return lead + hanging.join(painted(line, style, color=color) for line in lines)


def escaped(text: str, *, unicode: bool) -> str:
    """Return text escaped for a terminal, in ASCII unless `unicode`."""
    return terminal(text) if unicode else ascii_only(terminal(text))


def display_width(text: str) -> int:
    """Return the number of terminal columns of a text.

    >>> display_width("畳み"), display_width("e\N{COMBINING ACUTE ACCENT}")
    (4, 1)
    """
    return len(text) if text.isascii() else sum(map(_columns, text))


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text, each at most `width` columns, broken between words or factors if possible.

    >>> wrapped("2359296·⌊H/16⌋·⌊W/16⌋", 16)
    ['2359296·⌊H/16⌋·', '⌊W/16⌋']
    """
    if display_width(text) <= width:
        return [text]
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if display_width(joined) <= width:
            lines[-1] = joined
            continue
        first, *others = _cut(word, width)
        # The middle of a word now begins a line, at which a CI log may read a command.
        parts = [first, *map(terminal, others)]
        lines = [*lines, *parts] if lines[-1] else parts
    return lines


def _cut(word: str, width: int) -> list[str]:
    """Return the parts of a word wider than a line, cut after a multiplication sign, else at the end of the line."""
    lines = [""]
    for factor in _FACTOR.findall(word):
        if lines[-1] and display_width(lines[-1] + factor) > width:
            lines.append("")
        for character in factor if display_width(factor) > width else (factor,):
            if lines[-1] and display_width(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return lines


def _shrink(widths: list[int], grid: Grid, room: int) -> None:
    """Reduce the widths of columns that may wrap, the widest first, down to their longest word; then of all."""
    least = [least_width(grid, place) for place, _ in enumerate(grid.headings)]
    flexible = [index for index, heading in enumerate(grid.headings) if heading.wraps]
    for among, floor in ((flexible, least), (flexible, [4] * len(widths)), (range(len(widths)), [1] * len(widths))):
        while sum(widths) > room:
            widest = max(
                (index for index in among if widths[index] > floor[index]), key=widths.__getitem__, default=None
            )
            if widest is None:
                break
            widths[widest] -= 1


def least_width(grid: Grid, place: int) -> int:
    """Return the width of the longest word or factor of a column."""
    texts = (text for row in grid.rows for text in row.texts[place].split())
    return max(
        (display_width(factor) for word in (grid.headings[place].text, *texts) for factor in _FACTOR.findall(word)),
        default=1,
    )


def _row(row: Cells, headings: tuple[Heading, ...], widths: list[int], *, color: bool) -> list[str]:
    cells = [wrapped(text, width) for text, width in zip(row.texts, widths, strict=True)]
    styles = row.styles or (PLAIN,) * len(widths)
    lines = []
    for number in range(max(map(len, cells))):
        line, owed = "", 0
        for cell, width, heading, style in zip(cells, widths, headings, styles, strict=True):
            text = cell[number] if number < len(cell) else ""
            space = width - display_width(text)
            if text:
                line += " " * (owed + (space if heading.right else 0)) + painted(text, style, color=color)
                owed = GAP + (0 if heading.right else space)
            else:
                owed += width + GAP
        lines.append(line)
    return lines


def _columns(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 0 if unicodedata.category(character) in ("Mn", "Me") else 1
