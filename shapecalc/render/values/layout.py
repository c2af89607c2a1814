"""Blocks of lines side by side on a page, and the line above a tensor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.dims import show
from shapecalc.render.terminal.grid import display_width
from shapecalc.render.terminal.palette import BOLD, painted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.render.terminal.grid import Page

WIDEST = 100
"""Columns of blocks side by side if the page has no width."""
GAP = "   "
_ESCAPES = re.compile("\x1b\\[[0-9;]*m")


def heading(name: str, shape: Sequence[int], page: Page, *notes: str) -> list[str]:
    """Return the line above a tensor: its name, its shape unless it is a scalar, and notes; if too long, several."""
    (title,) = page.escaped([name])
    rest = " ".join(text for text in (show(tuple(shape)) if shape else "", *page.escaped(notes)) if text)
    line = f"{title} {rest}".strip()
    if page.width is not None and display_width(line) > page.width:
        return page.line(line).splitlines()
    return [painted(title, BOLD, color=page.color) + line.removeprefix(title)]


def beside(blocks: Sequence[Sequence[str]], page: Page, gap: str = GAP) -> list[str]:
    """Return blocks of lines side by side, as many in a row as the page has room for."""
    room = WIDEST if page.width is None else page.width
    rows: list[list[Sequence[str]]] = []
    used = 0
    for block in blocks:
        width = _width(block)
        if not rows or used + len(gap) + width > room:
            rows.append([])
            used = -len(gap)
        rows[-1].append(block)
        used += len(gap) + width
    lines = []
    for row in rows:
        widths = [_width(block) for block in row]
        for place in range(max(map(len, row))):
            cells = [block[place] if place < len(block) else "" for block in row]
            padded = (cell + " " * (width - _visible(cell)) for cell, width in zip(cells, widths, strict=True))
            lines.append(gap.join(padded).rstrip())
    return lines


def _width(block: Sequence[str]) -> int:
    return max(map(_visible, block), default=0)


def _visible(text: str) -> int:
    return display_width(_ESCAPES.sub("", text))
