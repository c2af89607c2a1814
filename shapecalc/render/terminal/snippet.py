"""Source lines with carets under the spans of a diagnostic, in the style of rustc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapecalc.render.terminal.escaping import letters
from shapecalc.render.terminal.grid import display_width

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.diagnostics import Span
    from shapecalc.render.terminal.palette import Palette

_TAB = "    "
_CUT = "..."
_LEAST_WIDTH = 20
# Lines at a greater distance get a `...` between them.
_DISTANT = 5
# Of a span over more lines, the first two and the last are shown.
_MOST_LINES = 5


@dataclass(frozen=True, slots=True)
class SnippetMark:
    """A span to underline, and its text, which is escaped."""

    span: Span
    text: str
    primary: bool


@dataclass(frozen=True, slots=True)
class _Underline:
    """A mark on one line, in display columns from 0."""

    start: int
    end: int
    text: str
    primary: bool


class _Shown:
    """A displayed source line: tabs as spaces, wide characters in two columns, cut if it is too long."""

    __slots__ = ("_first", "_offsets", "_shift", "_width", "text")

    def __init__(self, line: str, room: int, keep: tuple[int, int]) -> None:
        # Of a line of a million characters, only those near `keep` can be shown.
        self._first = max(keep[0] - 1 - 2 * room, 0)
        cells = _cells(line, self._first, self._first + 4 * room)
        self._offsets = [0]
        for cell in cells:
            self._offsets.append(self._offsets[-1] + display_width(cell))
        more_left, more_right = self._first > 0, self._first + len(cells) < len(line)
        start, end = 0, len(cells)
        if more_left or more_right or self._offsets[-1] > room:
            start, end = self._window(room, (self._position(keep[0]), self._position(keep[1])))
        before = _CUT if start or more_left else ""
        after = _CUT if end < len(cells) or more_right else ""
        self._shift = self._offsets[start] - len(before)
        self._width = self._offsets[end] - self._shift
        self.text = before + "".join(cells[start:end]) + after

    def at(self, column: int) -> int:
        """Return the display column, from 0, of a source column from 1; the nearest one shown if it is cut off."""
        return min(max(self._offsets[self._position(column)] - self._shift, 0), self._width)

    def _position(self, column: int) -> int:
        return min(max(column - 1 - self._first, 0), len(self._offsets) - 1)

    def _window(self, room: int, keep: tuple[int, int]) -> tuple[int, int]:
        """Return the cells to show: `keep`, or as much of its start as fits, and its surroundings."""
        margin = len(_CUT)
        start, end = self._offsets[keep[0]], self._offsets[keep[1]]
        left = 0
        if end > room - margin:
            left = start - margin if end - start > room - 2 * margin else (start + end - room) // 2
            left = max(0, min(left, self._offsets[-1] - room))
        cells = range(len(self._offsets))
        first = next(cell for cell in cells if self._offsets[cell] >= left + (margin if left else 0))
        last = max(cell for cell in cells if self._offsets[cell] <= left + room - margin)
        if self._offsets[-1] <= left + room:
            last = cells[-1]
        return first, max(first, last)


def draw(lines: list[str], marks: Iterable[SnippetMark], palette: Palette, *, gutter: int, width: int) -> list[str]:
    """Return the marked lines: a number, a bar, the line, and its underlines below it."""
    inside = [SnippetMark(_clamp(mark.span, lines), mark.text, mark.primary) for mark in marks]
    tall = next((mark for mark in inside if mark.span.line < mark.span.end_line), None)
    flat = [mark if mark is tall else _on_first_line(mark, lines) for mark in inside if mark is not tall]
    return _SnippetDrawing(lines, flat, tall, palette, gutter, width).rows()


@dataclass(frozen=True, slots=True)
class _SnippetDrawing:
    lines: list[str]
    flat: list[SnippetMark]
    tall: SnippetMark | None  # a mark over several lines, drawn as a rail on their left
    palette: Palette
    gutter: int
    width: int

    def rows(self) -> list[str]:
        rows = [self.row("", "")]
        previous = None
        for number in self.numbers():
            if previous is not None and number - previous > self.gap(previous, number):
                rows.append(self.skip(previous, number))
            previous = number
            rows += self.line(number)
        return rows

    def numbers(self) -> list[int]:
        """Return the numbers of the lines to show."""
        numbers = {mark.span.line for mark in self.flat}
        if self.tall:
            first, last = self.tall.span.line, self.tall.span.end_line
            numbers |= {first, last}
            numbers |= set(range(first, last)) if last - first < _MOST_LINES else {first + 1}
        return sorted(numbers)

    def gap(self, previous: int, number: int) -> int:
        return 1 if self.within(previous) and self.within(number) else _DISTANT

    def within(self, number: int) -> bool:
        return self.tall is not None and self.tall.span.line <= number <= self.tall.span.end_line

    def skip(self, previous: int, number: int) -> str:
        inside = self.within(previous) and self.within(number)
        rail = " " * self.gutter + self.rail("|") if inside else ""
        return self.palette.gutter("...") + rail.rstrip()

    def line(self, number: int) -> list[str]:
        marks = [mark for mark in self.flat if mark.span.line == number]
        room = max(self.width - self.gutter - 3 - (2 if self.tall else 0), _LEAST_WIDTH)
        line = self.lines[number - 1]
        shown = _Shown(line, room, self.keep(number, marks, room))
        tall = self.tall
        opens = tall is not None and tall.span.line == number
        rail = self.rail("|" if tall and tall.span.line < number <= tall.span.end_line else " ")
        above = rail
        if tall and opens and not line[: tall.span.column - 1].strip():
            above, opens = self.rail("/"), False
            rail = self.rail("|")
        rows = [self.row(str(number), above + shown.text)]
        rows += [self.row("", rail + text) for text in self.underlines(shown, marks)]
        if tall and opens:
            stroke = " " + "_" * (shown.at(tall.span.column) + 1) + "^"
            rows.append(self.row("", self.stroke(stroke, tall)))
        if tall and tall.span.end_line == number:
            stroke = "|" + "_" * (max(shown.at(tall.span.end_column) - 1, 0) + 1) + ("^" if tall.primary else "-")
            text = f" {tall.text}" if tall.text else ""
            rows.append(self.row("", self.stroke(stroke + text, tall)))
        return rows

    def keep(self, number: int, marks: list[SnippetMark], room: int) -> tuple[int, int]:
        """Return the source columns that must stay visible: the primary mark's, all others', or from the first on."""
        chosen = [mark for mark in marks if mark.primary] or marks
        if chosen:
            start, end = min(mark.span.column for mark in chosen), max(mark.span.end_column for mark in chosen)
            # If not all of them fit, the first must be shown: the head of the block names its position.
            return (start, end) if end - start <= room else (chosen[0].span.column, end)
        assert self.tall is not None  # a line without flat marks is shown for the tall one
        column = self.tall.span.column if number == self.tall.span.line else 1
        return column, column

    def underlines(self, shown: _Shown, marks: list[SnippetMark]) -> list[str]:
        drawn = []
        for mark in marks:
            start = shown.at(mark.span.column)
            drawn.append(_Underline(start, max(shown.at(mark.span.end_column), start + 1), mark.text, mark.primary))
        # Marks in a part that is cut off share its dots, and equal texts of theirs are shown once.
        drawn = list(dict.fromkeys(drawn))
        # Secondary marks first, so that primary ones are drawn over them.
        drawn.sort(key=lambda line: (line.primary, line.start))
        return _rows_below(drawn, self.palette) if drawn else []

    def rail(self, sign: str) -> str:
        if self.tall is None:
            return ""
        return self.stroke(sign, self.tall) + " " if sign != " " else "  "

    def stroke(self, text: str, mark: SnippetMark) -> str:
        return self.palette.primary(text) if mark.primary else self.palette.secondary(text)

    def row(self, number: str, text: str) -> str:
        return f"{self.palette.gutter(f'{number:>{self.gutter}} |')} {text}".rstrip()


def _rows_below(drawn: list[_Underline], palette: Palette) -> list[str]:
    """Return the underlines of a line and their texts: the last next to its underline, the others below, connected."""
    labelled = sorted((line for line in drawn if line.text), key=lambda line: (line.start, line.end, line.primary))
    beside = None
    if labelled and all(line.end <= labelled[-1].end for line in drawn):
        beside = labelled.pop()
    first = _Row()
    for line in drawn:
        first.put(line.start, ("^" if line.primary else "-") * (line.end - line.start), line)
    rows = [first.text(palette, beside)]
    if labelled:
        rows.append(_connectors(labelled).text(palette))
    while labelled:
        line = labelled.pop()
        row = _connectors([other for other in labelled if other.start < line.start])
        rows.append(row.text(palette, line, at=line.start))
    return rows


def _connectors(lines: list[_Underline]) -> _Row:
    row = _Row()
    for line in lines:
        row.put(line.start, "|", line)
    return row


class _Row:
    """A row of strokes, each in the colour of its underline."""

    __slots__ = ("_cells",)

    def __init__(self) -> None:
        self._cells: list[tuple[str, bool | None]] = []

    def put(self, start: int, strokes: str, line: _Underline) -> None:
        missing = start + len(strokes) - len(self._cells)
        self._cells += [(" ", None)] * missing
        self._cells[start : start + len(strokes)] = [(stroke, line.primary) for stroke in strokes]

    def text(self, palette: Palette, label: _Underline | None = None, *, at: int | None = None) -> str:
        """Return the row with a label at its end, or in a column to the right of all strokes."""
        paints = {True: palette.primary, False: palette.secondary}
        pieces: list[str] = []
        run, kind = "", None
        for stroke, primary in [*self._cells, ("", None)]:
            if primary is not kind and run:
                pieces.append(paints[kind](run) if kind is not None else run)
                run = ""
            run, kind = run + stroke, primary
        row = "".join(pieces)
        if label is None:
            return row
        space = " " if at is None else " " * (at - len(self._cells))
        return row + space + paints[label.primary](label.text)


def _clamp(span: Span, lines: list[str]) -> Span:
    """Return a span clamped to the text; an end before the first character of a line is moved to the line before."""
    line = min(max(span.line, 1), len(lines))
    column = min(max(span.column, 1), len(lines[line - 1]) + 1)
    end_line = min(max(span.end_line, line), len(lines))
    end_column = span.end_column
    if end_line > line and end_column <= 1:
        end_line -= 1
        end_column = len(lines[end_line - 1]) + 1
    end_column = min(max(end_column, 1), len(lines[end_line - 1]) + 1)
    if end_line == line:
        end_column = max(end_column, column)
    return span._replace(line=line, column=column, end_line=end_line, end_column=end_column)


def _on_first_line(mark: SnippetMark, lines: list[str]) -> SnippetMark:
    span = mark.span
    if span.line == span.end_line:
        return mark
    first = span._replace(end_line=span.line, end_column=len(lines[span.line - 1]) + 1)
    return SnippetMark(first, mark.text, mark.primary)


def _cells(line: str, start: int, end: int) -> list[str]:
    return [
        _TAB if letter == "\t" else shown
        for letter, shown in zip(line[start:end], letters(line, start, end), strict=True)
    ]
