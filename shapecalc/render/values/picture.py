"""A picture of a tensor in shades: its last two axes as maps side by side."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.execution.values.statistics import as_floats
from shapecalc.render.values.layout import WIDEST, beside
from shapecalc.render.values.numbers import number
from shapecalc.render.values.planes import count, planes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.reference.base import Array
    from shapecalc.render.terminal.grid import Page

SHADES, IN_ASCII = " ░▒▓█", " .:*#"
"""Signs of elements from the least to the greatest."""
UNKNOWN = "?"
"""The sign of a block with an element that is not finite."""
MAPS = 16
"""The most maps of a picture."""
COLUMNS, ALONE = 32, 64
"""The most columns of one of several maps, and of a single one."""


def picture(array: Array, page: Page, digits: int) -> list[str]:
    """Return maps of the last two axes that are longer than 1, side by side up to the width of the page, and a legend.

    All maps have one scale. A map that is too large is shown by the means of its blocks.
    """
    array = as_floats(array).astype(float)
    finite = array[np.isfinite(array)]
    if not finite.size:
        return []
    least, greatest = float(finite.min()), float(finite.max())
    maps = count(array)
    room = (page.width or WIDEST) - 4
    most = min(COLUMNS if maps > 1 else ALONE, room)
    blocks = [
        _framed(title, _signs(plane, least, greatest, most, page), page) for title, plane in islice(planes(array), MAPS)
    ]
    shades = SHADES if page.unicode else IN_ASCII
    legend = f"blank is {number(least, digits)}, {shades[-1]} is {number(greatest, digits)}"
    if maps > MAPS:
        legend += f"; {MAPS} of {maps:,} maps"
    return [*beside(blocks, page, " "), *page.line(legend, lead="  ").splitlines()]


def _framed(title: str, rows: Sequence[str], page: Page) -> list[str]:
    side, floor, corners = ("│", "─", "┌┐└┘") if page.unicode else ("|", "-", "++++")
    edge = floor * len(rows[0])
    framed = [f"  {side}{row}{side}" for row in rows]
    return [
        f"  {title}",
        f"  {corners[0]}{edge}{corners[1]}",
        *framed,
        f"  {corners[2]}{edge}{corners[3]}",
    ]


def _signs(plane: Array, least: float, greatest: float, most: int, page: Page) -> list[str]:
    """Return the rows of a map of at most `most` columns; a column is half as wide as a row is high."""
    height, width = plane.shape
    times = 2 if 2 * width <= most else 1
    columns = min(width, most)
    rows = height if times == 2 else min(height, max(1, round(height * columns / width / 2)))  # noqa: PLR2004
    shrunk = _means(plane, rows, columns)
    shades = SHADES if page.unicode else IN_ASCII
    with np.errstate(all="ignore"):
        scale = (shrunk - least) / (greatest - least) if greatest > least else np.full_like(shrunk, 0.5)
        levels = np.clip(np.nan_to_num(scale) * len(shades), 0, len(shades) - 1).astype(int)
    return [
        "".join((shades[level] if finite else UNKNOWN) * times for level, finite in zip(*pair, strict=True))
        for pair in zip(levels, np.isfinite(shrunk), strict=True)
    ]


def _means(plane: Array, rows: int, columns: int) -> Array:
    """Return the means of `rows` × `columns` blocks that cover a matrix."""
    for axis, blocks in enumerate((rows, columns)):
        size = plane.shape[axis]
        bounds = np.arange(blocks + 1) * size // blocks
        lengths = np.diff(bounds).reshape((-1, 1) if axis == 0 else (1, -1))
        with np.errstate(all="ignore"):
            plane = np.add.reduceat(plane, bounds[:-1], axis=axis) / lengths
    return plane
