"""A tensor as lines: a matrix with the indices of rows and columns if it is small, else its figures and a picture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.execution.values.statistics import statistics
from shapecalc.render.tables.model import Drawing
from shapecalc.render.terminal.palette import BAD, DIM, PLAIN, painted
from shapecalc.render.values.layout import beside, heading
from shapecalc.render.values.numbers import DIGITS, figures_text, number, unusual
from shapecalc.render.values.picture import picture
from shapecalc.render.values.planes import planes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from shapecalc.reference.base import Array
    from shapecalc.render.terminal.grid import Page

SMALL = 64
"""The most elements of a tensor that is shown as a matrix by default."""


def tensor(values: ArrayLike, name: str = "", *, digits: int = DIGITS, most: int = SMALL) -> Drawing:
    """Return a tensor as a part of a document, as `tensor_lines` writes it."""
    return Drawing(lambda page: tensor_lines(values, name, page, digits=digits, most=most))


def tensor_lines(
    values: ArrayLike, name: str, page: Page, *, digits: int = DIGITS, most: int = SMALL, note: str = ""
) -> list[str]:
    """Return a tensor as lines: its name and shape, then all of its elements if there are at most `most`.

    A larger one has its figures, and a picture in shades. Elements may be numbers of any type,
    and objects such as fractions. `note` is written after the name.

    >>> from shapecalc.render.terminal.grid import Page
    >>> for line in tensor_lines([[1, -2.5], [0.125, 1e7]], "w", Page(80, color=False, unicode=True)):
    ...     print(line)
    w [2, 2]
             0       1
      0  1      -2.5
      1  0.125   1e+07
    """
    array = np.asarray(values)
    figures = statistics(array)
    value = f"= {number(array.flat[0], digits)}" if array.size == 1 else ""
    head = heading(name, array.shape, page, value, note, unusual(figures))
    if array.size <= 1:
        return head
    if array.size > most:
        text = figures_text(figures, digits)
        return [*head, *(page.line(text, lead="  ").splitlines() if text else ()), *picture(array, page, digits)]
    return [*head, *matrix(array, page, digits)]


def matrix(array: Array, page: Page, digits: int = DIGITS) -> list[str]:
    """Return all elements with their indices, aligned at the point.

    Of more than two axes, rows and columns are the last two that are longer than 1; there is a matrix for each index of
    the others, side by side as far as the page is wide.
    """
    if array.ndim < 2:  # noqa: PLR2004 - a vector has no rows
        return _grid(array.reshape(1, -1), page, digits, rows=False)
    if array.ndim == 2:  # noqa: PLR2004
        return _grid(array, page, digits)
    blocks = []
    for title, plane in planes(array):
        blocks.append([f"  {painted(title, DIM, color=page.color)}", *_grid(plane, page, digits)])
    return beside(blocks, page)


def _grid(array: Array, page: Page, digits: int, *, rows: bool = True) -> list[str]:
    """Return a matrix with the indices of its columns above it, and those of its rows in front of it."""
    names = [str(row) if rows else "" for row in range(len(array))]
    left = max(map(len, names), default=0) + 2
    columns = [_aligned([number(value, digits) for value in column]) for column in array.T]
    widths = [
        max(len(str(place)), *map(len, column), 1) if column else len(str(place))
        for place, column in enumerate(columns)
    ]
    lines = []
    for places in _pieces(widths, None if page.width is None else page.width - left):
        heads = "".join(f"  {place:>{widths[place]}}" for place in places)
        lines.append(painted(" " * left + heads, DIM, color=page.color))
        for row, name in enumerate(names):
            cells = (
                "  " + painted(f"{columns[place][row]:>{widths[place]}}", _style(columns[place][row]), color=page.color)
                for place in places
            )
            lines.append(painted(f"{name:>{left}}", DIM, color=page.color) + "".join(cells).rstrip())
    return lines


def _style(text: str) -> str:
    return BAD if text.strip() in ("NaN", "inf", "-inf") else PLAIN


def _aligned(texts: list[str]) -> list[str]:
    """Return numbers of one width, with their points or their last digits before it one below the other."""
    parts = [re.fullmatch(r"(-?\d*)(.*)", text) for text in texts]
    pairs = [(part[1], part[2]) if part else ("", text) for part, text in zip(parts, texts, strict=True)]
    before = max((len(head) for head, _ in pairs), default=0)
    after = max((len(tail) for _, tail in pairs), default=0)
    return [f"{head:>{before}}{tail:<{after}}" for head, tail in pairs]


def _pieces(widths: Sequence[int], room: int | None) -> list[list[int]]:
    """Return the columns in pieces that fit the room, at least one column in each."""
    if room is None:
        return [list(range(len(widths)))]
    pieces: list[list[int]] = [[]]
    for place, width in enumerate(widths):
        used = sum(widths[other] + 2 for other in pieces[-1])
        if pieces[-1] and used + width + 2 > room:
            pieces.append([])
        pieces[-1].append(place)
    return pieces
