"""A document as Markdown (GitHub's), with names in code spans, so that none is markup or a mention."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.render.tables.model import ChangedShapes, Drawing, Fixed, Lines, NamedValues, Path, Shapes, Table, Words
from shapecalc.render.terminal.escaping import code_span, markdown_code, markdown_figure

if TYPE_CHECKING:
    from shapecalc.render.tables.model import Document, Part, Value

_PLAIN = re.compile(r"[a-zA-Z0-9_ %.,·−→]*")
"""The texts of headings that are no markup."""


def document(result: Document) -> str:
    """Return the title as a heading, and the tables and lines as paragraphs; drawings are left out."""
    title = [f"### {code_span(result.title)}"] if result.title else []
    parts = (part for block in result.blocks for part in block if not isinstance(part, Drawing))
    return "\n\n".join([*title, *map(_part, parts)])


def _part(part: Part) -> str:
    if isinstance(part, Table):
        return table(part)
    if isinstance(part, NamedValues):
        return ", ".join(f"{name} **{markdown_figure(value.text())}**" for name, value in part.values)
    assert isinstance(part, Lines)
    return "\n\n".join(map(code_span, part.texts))


def table(content: Table) -> str:
    """Return a row per row that is not a summary of others, and the total."""
    places = [place for place, column in enumerate(content.columns) if column.name]
    heads = [content.columns[place] for place in places]
    lines = [
        _line([_heading(head.name if head.heading is None else head.heading) for head in heads]),
        "|" + "|".join(" ---: " if head.right else " --- " for head in heads) + "|",
    ]
    lines += [_line([_cell(row.values[place]) for place in places]) for row in content.rows if not row.summary]
    if content.total is not None:
        texts = (content.total.values[place].text() for place in places)
        lines.append(_line([f"**{markdown_figure(text)}**" if text else "" for text in texts]))
    return "\n".join(lines)


def _heading(text: str) -> str:
    """Return the heading of a column, as code if it may be markup: a word of a file."""
    return text if _PLAIN.fullmatch(text) else markdown_code(text)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: Value) -> str:
    if isinstance(value, Path | Words | Shapes | ChangedShapes | Fixed):
        return markdown_code(value.exact()) if value.exact() else ""
    return markdown_figure(value.text())
