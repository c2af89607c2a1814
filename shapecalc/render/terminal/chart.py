"""Charts in characters: a frame with labels, a scale of round numbers, and curves in braille dots."""

from __future__ import annotations

from itertools import pairwise
from math import ceil, floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MARK, MARK_IN_ASCII = "●", "o"
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each of the 4 x 2 dots of a braille character."""
_IN_ASCII = "'-."
"""Signs of a cell with its highest dot in the upper, the middle or the lower third."""
_STEPS = (1, 2, 2.5, 5, 10, 20)
NEAR = 0.1
"""Share of an axis that may be empty for a round number at its end."""


def framed(
    rows: Sequence[str], labels: Sequence[str], below: str, *, unicode: bool, ticks: Iterable[int] = ()
) -> list[str]:
    """Return rows of equal length with a label left of each and of the floor, a text below, and ticks on the floor.

    >>> for line in framed(["## ", "###"], ["2", "1", "0"], "1 3", unicode=False, ticks=[0]):
    ...     print(line)
    2 |##
    1 |###
    0 ++--
       1 3
    """
    corner, wall, flat, tick = ("└", "│", "─", "┴") if unicode else ("+", "|", "-", "+")
    left = max(map(len, labels))
    lines = [f"{label:>{left}} {wall}{row}".rstrip() for label, row in zip(labels, rows, strict=False)]
    ticked = set(ticks)
    line = "".join(tick if column in ticked else flat for column in range(len(rows[0])))
    return [*lines, f"{labels[-1]:>{left}} {corner}{line}", f"{'':{left}}  {below}".rstrip()]


LARGEST = 1e300
"""A larger number is not drawn: differences of such are not finite."""


def scale(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers at equal distances, the first at most `low`, the last at least `high`.

    If both are equal, they begin or end at 0.

    >>> scale(-0.17, 5), scale(0, 0.25), scale(1, 1)
    ([-2.0, 0.0, 2.0, 4.0, 6.0], [0.0, 0.1, 0.2, 0.3], [0.0, 0.25, 0.5, 0.75, 1.0])
    """
    if low == high:
        low, high = min(low, 0.0), max(high, 0.0) or 1.0
    power = 10.0 ** floor(log10((high - low) / most))
    for step in (power * factor for factor in _STEPS):
        first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
        if last - first < most:
            break
    digits = max(2 - floor(log10(step)), 0)
    return [round(place * step, digits) + 0.0 for place in range(first, max(last, first + 1) + 1)]


def within(low: float, high: float, most: int = 7) -> list[float]:
    """Return round numbers at equal distances that are between two numbers.

    >>> within(-6, 6), within(-5, 8)
    ([-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0], [-5.0, -2.5, 0.0, 2.5, 5.0, 7.5])
    """
    return [number for number in scale(low, high, most) if low <= number <= high]


def curve_chart(
    points: Sequence[tuple[float, float]],
    *,
    columns: int,
    rows: int,
    unicode: bool,
    marks: Iterable[tuple[float, float]] = (),
) -> list[str]:
    """Return a curve through points from left to right, with axes and round numbers; marked points have a sign.

    A dotted line is where x is 0, and in Unicode where y is 0. Points beyond `LARGEST` are left out;
    without any other there are no lines.
    """
    finite = [point for point in points if _is_drawable(point)]
    if not finite:
        return []
    heights, bottom, top = _axis(min(y for _, y in finite), max(y for _, y in finite))
    low, high = finite[0][0], finite[-1][0]
    texts = [_number(height, unicode=unicode) for height in heights]
    columns = max(columns - max(map(len, texts)) - 2, 8)

    def across(x: float, count: int) -> int:
        return round((x - low) / ((high - low) or 1) * (count - 1))

    def down(y: float, count: int) -> int:
        return round((top - y) / (top - bottom) * (count - 1))

    cells = [[" "] * columns for _ in range(rows)]
    if low < 0 < high:
        for row in cells:
            row[across(0, columns)] = "┊" if unicode else ":"
    if bottom < 0 < top and unicode:
        cells[down(0, rows)] = ["┈"] * columns
    dots = [(across(x, 2 * columns), down(y, 4 * rows)) for x, y in _dense(finite, 8 * columns)]
    _draw(cells, dots, unicode=unicode)
    for x, y in marks:
        if low <= x <= high and _is_drawable((x, y)):
            cells[down(y, rows)][across(x, columns)] = MARK if unicode else MARK_IN_ASCII
    labels = [""] * (rows + 1)
    for height, text in zip(heights, texts, strict=True):
        labels[down(height, rows)] = text
    numbers = {across(x, columns): _number(x, unicode=unicode) for x in within(low, high)}
    return framed(["".join(row) for row in cells], labels, _below(numbers, columns), unicode=unicode, ticks=numbers)


def _is_drawable(point: tuple[float, float]) -> bool:
    return all(abs(number) <= LARGEST for number in point)


def _axis(least: float, greatest: float) -> tuple[list[float], float, float]:
    """Return round numbers along an axis and its ends: those of the values, or the next round numbers if they are near.

    >>> _axis(0.002, 0.998), _axis(-0.28, 4.97)
    (([0.0, 0.25, 0.5, 0.75, 1.0], 0.0, 1.0), ([0.0, 2.0, 4.0], -0.28, 4.97))
    """
    numbers = scale(least, greatest)
    near = NEAR * (greatest - least)
    bottom = numbers[0] if least - numbers[0] <= near or least == greatest else least
    top = numbers[-1] if numbers[-1] - greatest <= near or least == greatest else greatest
    return [number for number in numbers if bottom <= number <= top], bottom, top


def _dense(points: Sequence[tuple[float, float]], count: int) -> Iterable[tuple[float, float]]:
    """Yield points of the lines between points: a steep curve has no gaps."""
    for (x, y), (next_x, next_y) in pairwise(points):
        for part in range(pieces := max(1, ceil(count / len(points)))):
            yield x + (next_x - x) * part / pieces, y + (next_y - y) * part / pieces
    yield points[-1]


def _draw(cells: list[list[str]], dots: Iterable[tuple[int, int]], *, unicode: bool) -> None:
    bits: dict[tuple[int, int], int] = {}
    highest: dict[tuple[int, int], int] = {}
    for column, row in dots:
        cell = row // 4, column // 2
        bits[cell] = bits.get(cell, 0) | _DOTS[row % 4][column % 2]
        highest[cell] = min(highest.get(cell, 3), row % 4)
    for (row, column), pattern in bits.items():
        thirds = _IN_ASCII[highest[row, column] * 3 // 4]
        cells[row][column] = chr(_BRAILLE + pattern) if unicode else thirds


def _below(numbers: Mapping[int, str], columns: int) -> str:
    """Return numbers, each centred below its column."""
    text = ""
    for column, number in numbers.items():
        start = min(max(column - len(number) // 2, 0), columns - len(number))
        if start > len(text) or not text:
            text = text.ljust(start) + number
    return text


def _number(value: float, *, unicode: bool) -> str:
    return f"{value:.6g}".replace("-", "−" if unicode else "-")
