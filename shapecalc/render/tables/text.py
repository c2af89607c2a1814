"""Tables as text for a terminal or a pipe: a row is one line, and what is too long is shortened."""

from __future__ import annotations

import re
from itertools import takewhile, zip_longest
from typing import TYPE_CHECKING

from shapecalc.render.tables.model import (
    FULL,
    LEAST,
    Amount,
    Drawing,
    Lines,
    NamedValues,
    Path,
    Share,
    Short,
    Table,
    Words,
)
from shapecalc.render.terminal.grid import GAP, Cells, Grid, Heading, display_width, least_width
from shapecalc.render.terminal.palette import BOLD, DIM, PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.render.tables.model import Document, Part, TableRow, Value
    from shapecalc.render.terminal.grid import Page

BARS = Short(bars=True)
BRIEF, ROUNDED = Short(words=True), Short(words=True, counts=True)
COMPACT = ROUNDED._replace(shapes=True)
COMFORTABLE = 18
"""Columns that a cut text has before shapes are shortened."""
LEAST_COLUMNS = 2
BAR = 8
"""Columns of the bar of a share."""
EIGHTHS = " ▏▎▍▌▋▊▉█"
NAMES = {"k": "kernel_size", "s": "stride", "p": "padding", "d": "dilation", "g": "groups"}
"""The letters of fields in a brief text, followed by a digit."""


def document(result: Document, page: Page) -> str:
    """Return a result: its title, and its blocks with an empty line between two."""
    blocks = ["\n".join(_part(part, page) for part in block) for block in result.blocks if block]
    head = page.line(result.title, BOLD) if result.title else ""
    return "\n\n".join([f"{head}\n{blocks[0]}" if head else blocks[0], *blocks[1:]])


def _part(part: Part, page: Page) -> str:
    match part:
        case Table():
            return table(part, page)
        case NamedValues():
            return "\n".join(figures(part, page))
        case Drawing():
            return "\n".join(part.draw(page))
        case Lines():
            leads = page.escaped(text[: part.hang] for text in part.texts)
            lines = zip(leads, part.texts, strict=True)
            return "\n".join(page.line(text[part.hang :], part.style, lead) for lead, text in lines)


def figures(content: NamedValues, page: Page) -> list[str]:
    """Return the values in two lines, the second below the first; one below the other if they are too wide.

    Closed forms are one below the other too, and wrap.
    """
    names = [name for name, _ in content.values]
    texts = page.escaped(value.text() for _, value in content.values)
    blocks = []
    for at in range(0, len(names), 2):
        room, space = max(map(len, names[at : at + 2])), max(map(display_width, texts[at : at + 2]))
        pairs = zip(names[at : at + 2], texts[at : at + 2], strict=True)
        blocks.append([f"{name:<{room}}  {' ' * (space - display_width(text))}{text}" for name, text in pairs])
    lines = ["     ".join(line).rstrip() for line in zip_longest(*blocks, fillvalue="")]
    closed = any(getattr(value, "is_closed_form", False) for _, value in content.values)
    if not closed and (page.width is None or max(map(display_width, lines)) <= page.width):
        return lines
    room = max(map(len, names)) + 2
    return [page.line(text, lead=f"{name:<{room}}") for name, text in zip(names, texts, strict=True)]


def table(content: Table, page: Page) -> str:
    """Return a table, within the width of the page.

    What is too wide becomes narrower in this order, until the table fits: bars are left out, settings get letters for
    names, counts from a million on are rounded, columns are left out in their turn, paths are cut at the beginning and
    words at the end, shapes lose their spaces. Only closed forms wrap, under their column.
    """
    short, columns, grid = _fitted(content, page)
    lines = [page.draw(grid)]
    if content.legend:
        lines += [page.line(line, DIM) for line in _legend(short, content, columns)]
    return "\n".join(lines)


def _fitted(content: Table, page: Page) -> tuple[Short, list[int], Grid]:
    columns = every = [place for place, _ in enumerate(content.columns)]
    for short in (BARS if page.width is not None and page.unicode else FULL, FULL, BRIEF, ROUNDED):
        grid = _grid(content, columns, short, page)
        if page.fits(grid):
            return short, columns, grid
    wraps = any(heading.wraps for heading in grid.headings)
    for columns in _fewer(content, every):
        for short, least in (
            (COMPACT if wraps else ROUNDED, max(content.least, COMFORTABLE)),
            (COMPACT, content.least),
        ):
            cut = _cut(_grid(content, columns, short, page), _flexible(content, columns), least, page)
            if page.fits(cut) or cut.least <= (page.width or 0):
                return short, columns, cut
    return short, columns, cut


def _fewer(content: Table, columns: list[int]) -> Iterator[list[int]]:
    """Yield the columns, without those of each turn, then without one after the other from the right."""
    turns = sorted({column.drops for column in content.columns if column.drops})
    if turns[:1] != [1]:
        yield columns
    for turn in turns:
        columns = [place for place in columns if content.columns[place].drops != turn]
        yield columns
    while len(columns) > LEAST_COLUMNS:
        columns = columns[:-1]
        yield columns


def _grid(content: Table, columns: Sequence[int], short: Short, page: Page) -> Grid:
    """Return the texts of the columns; the rest of a row's style is that of a count of 0 or of the whole row."""
    headings = tuple(
        Heading(
            page.escaped([column.name if column.heading is None else column.heading])[0],
            right=column.right,
            wraps=any(getattr(row.values[place], "is_closed_form", False) for row in content.rows),
        )
        for place, column in ((place, content.columns[place]) for place in columns)
    )
    rows = [
        Cells(
            page.escaped(_text(row.values[place], short) for place in columns),
            tuple(_style(row, place) for place in columns),
        )
        for row in content.rows
    ]
    return Grid(headings, rows)


def _text(value: Value, short: Short) -> str:
    text = value.text(short)
    return f"{bar(value)}{text:>8}".rstrip() if short.bars and isinstance(value, Share) else text


def bar(value: Share) -> str:
    """Return a bar whose length is the share, in eighths of a column.

    >>> bar(Share(1, 2)), bar(Share(0, 2)).strip()
    ('████    ', '')
    """
    if not isinstance(value.part, int) or not isinstance(value.total, int) or value.total == 0:
        return " " * BAR
    eighths = -(-value.part * BAR * 8 // value.total)
    full, rest = divmod(eighths, 8)
    return ("█" * full + EIGHTHS[rest]).ljust(BAR)[:BAR] if full < BAR else "█" * BAR


def _style(row: TableRow, place: int) -> str:
    style = row.styles[place] if row.styles else row.style
    value = row.values[place]
    if row.summary or (style == PLAIN and isinstance(value, Amount) and value.count == 0):
        return DIM
    return value.style if style == PLAIN and isinstance(value, Words) else style


def _flexible(content: Table, columns: Sequence[int]) -> dict[int, bool]:
    """Return the places of columns whose texts may be cut, and whether at the beginning."""
    kinds = {
        at: {type(row.values[place]) for row in content.rows}
        for at, place in enumerate(columns)
        if not content.columns[place].right
    }
    return {at: Path in kind for at, kind in kinds.items() if Path in kind or Words in kind}


def _cut(grid: Grid, flexible: dict[int, bool], least: int, page: Page) -> Grid:
    """Return the table with the texts of some columns cut, so that it fits if all others are as narrow as they can be.

    The widest of the columns that can be narrower becomes so first.
    """
    if page.width is None:
        return grid
    widths = grid.widths
    floors = {at: min(widths[at], max(least, display_width(grid.headings[at].text))) for at in flexible}
    floors |= {at: least_width(grid, at) for at, heading in enumerate(grid.headings) if heading.wraps}
    excess = sum(widths) + GAP * (len(widths) - 1) - page.width
    while excess > 0:
        widest = max((at for at in floors if widths[at] > floors[at]), key=widths.__getitem__, default=None)
        if widest is None:
            break
        widths[widest] -= 1
        excess -= 1
    rows = [
        row._replace(
            texts=tuple(
                cut(text, widths[at], unicode=page.unicode, beginning=flexible[at]) if at in flexible else text
                for at, text in enumerate(row.texts)
            )
        )
        for row in grid.rows
    ]
    return grid._replace(rows=rows)


def cut(text: str, width: int, *, unicode: bool = True, beginning: bool = False) -> str:
    """Return a text of at most `width` columns, with `…` for what is left out: the end, or the beginning of a path.

    Words are left out whole if enough of the text remains; the indentation of a path remains.

    >>> cut("conv 64 k7 s2 p3 bias=false", 20), cut("  main.residual_0.batch_norm_1", 18, beginning=True)
    ('conv 64 k7 s2 p3 …', '  ….batch_norm_1')
    >>> cut("reshape [0, 0, 32, 128]", 20), cut("networks/vision/resnet18.yaml", 20, beginning=True)
    ('reshape …', '…/resnet18.yaml')
    """
    if display_width(text) <= width:
        return text
    mark = "…" if unicode else "..."
    if beginning:
        indent = text[: len(text) - len(text.lstrip())][: max(width - LEAST, 0)]
        room = width - len(indent) - len(mark)
        tail = _within(reversed(text.strip()), room)[::-1]
        part = re.search("[./]", tail)
        return indent + mark + (tail[part.start() :] if part and part.start() < len(tail) // 2 else tail)
    head = _within(text, width - len(mark))
    if head.count("[") > head.count("]"):  # a list is shown whole or not at all
        head = head[: head.rfind("[")]
    space = head.rfind(" ")
    return (head[: space + 1] if space >= len(head) // 2 else head) + mark


def _within(characters: Iterable[str], width: int) -> str:
    """Return the first characters that `width` columns hold."""
    room = width

    def fits(character: str) -> bool:
        nonlocal room
        room -= display_width(character)
        return room >= 0

    return "".join(takewhile(fits, characters))


def _legend(short: Short, content: Table, columns: Sequence[int]) -> tuple[str, ...]:
    """Return a line that explains the letters of brief words, and whether counts are rounded."""
    said = []
    if short.words:
        words = {
            word
            for row in content.rows
            for place in columns
            if isinstance(value := row.values[place], Words) and value.brief
            for word in value.brief.split()
        }
        used = {word[0] for word in words if word[1:2].isdigit()}
        names = ", ".join(f"{letter} {name}" for letter, name in NAMES.items() if letter in used)
        said += [names] if names else []
    counts = [row.values[place] for row in content.rows for place in columns]
    if short.counts and any(type(value) is Amount and value.text(short) != value.text() for value in counts):
        said.append("a million and more rounded")
    heads = [column.name if column.heading is None else column.heading for column in content.columns]
    left_out = [head for place, head in enumerate(heads) if place not in columns and head]
    if left_out:
        said.append(f"no room for {', '.join(left_out)}")
    return (f"({'; '.join(said)})",) if said else ()
