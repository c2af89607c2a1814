"""A result as tables and lines: what every format writes, without a width, a colour or an escape."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shapecalc.dims import Expr, pretty, show
from shapecalc.render.terminal.numbers import exact, grouped, memory, rounded, share, signed
from shapecalc.render.terminal.palette import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.dims import Shape
    from shapecalc.render.terminal.grid import Page
    from shapecalc.shape_inference.rows import Count


class Short(NamedTuple):
    """The ways in which the texts of values are shortened for a narrow terminal."""

    words: bool = False
    counts: bool = False
    shapes: bool = False
    bars: bool = False
    """Whether shares have a bar, which is longer."""


FULL = Short()
LEAST = 10
"""Columns that a cut text has at least, if possible."""


class _Value:
    """The value of a cell. Plain classes with slots: making dataclasses would take longer than inspecting a network."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(getattr(self, name) == getattr(other, name) for name in self._names())

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self._names())))

    def __repr__(self) -> str:
        values = ", ".join(repr(getattr(self, name)) for name in self._names())
        return f"{type(self).__name__}({values})"

    def _names(self) -> tuple[str, ...]:
        return next(names for cls in type(self).__mro__ if (names := cls.__dict__.get("__slots__")))


class Words(_Value):
    """A text, with a shorter one that says the same; on a terminal its end may be cut."""

    __slots__ = ("brief", "full", "style")

    def __init__(self, full: str, brief: str = "", style: str = PLAIN) -> None:
        self.full = full
        self.brief = brief
        self.style = style

    def text(self, short: Short = FULL) -> str:
        """Return the text of a cell."""
        return self.brief if short.words and self.brief else self.full

    def exact(self) -> str:
        """Return the text for programs."""
        return self.full


class Path(_Value):
    """The path of a layer, and in a tree its part within its block; on a terminal its beginning may be cut."""

    __slots__ = ("full", "level", "shown")

    def __init__(self, full: str, shown: str = "", level: int = 0) -> None:
        self.full = full
        self.shown = shown
        self.level = level

    def text(self, short: Short = FULL) -> str:  # noqa: ARG002 - as of all values
        """Return the text of a cell."""
        return "  " * self.level + (self.shown or self.full)

    def exact(self) -> str:
        """Return the full path."""
        return self.full


class Fixed(_Value):
    """A short text that is never cut, such as `ok`."""

    __slots__ = ("full",)

    def __init__(self, full: str) -> None:
        self.full = full

    def text(self, short: Short = FULL) -> str:  # noqa: ARG002 - as of all values
        """Return the text of a cell."""
        return self.full

    def exact(self) -> str:
        """Return the text for programs."""
        return self.full


class Shapes(_Value):
    """One shape or several; it is cut only between its axes, and only if one is an expression."""

    __slots__ = ("shapes",)

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self.shapes = shapes

    @property
    def is_closed_form(self) -> bool:
        """Whether an axis is an expression of more than one symbol or number."""
        return any(isinstance(dim, Expr) and len(str(dim)) > len("batch") for shape in self.shapes for dim in shape)

    def text(self, short: Short = FULL) -> str:
        """Return the shapes, without spaces if they are shortened.

        >>> Shapes([(8, 64, 112, 112)]).text(), Shapes([(8, 64)]).text(Short(shapes=True))
        ('[8, 64, 112, 112]', '[8,64]')
        """
        text = ", ".join(map(show, self.shapes))
        return text.replace(" ", "") if short.shapes else text

    def exact(self) -> str:
        """Return the shapes."""
        return self.text()


class ChangedShapes(_Value):
    """Shapes before and after; axis by axis if it is one shape of the same number of axes."""

    __slots__ = ("after", "before")

    def __init__(self, before: Sequence[Shape], after: Sequence[Shape]) -> None:
        self.before = before
        self.after = after

    @property
    def is_closed_form(self) -> bool:
        """Whether an axis is an expression."""
        return Shapes([*self.before, *self.after]).is_closed_form

    def text(self, short: Short = FULL) -> str:
        """Return the shapes with `→` where they differ.

        >>> ChangedShapes([(8, 64, 56)], [(8, 128, 56)]).text(), ChangedShapes([(8, 64)], [(8, 64, 1)]).text()
        ('[8, 64 → 128, 56]', '[8, 64] → [8, 64, 1]')
        """
        if len(self.before) != 1 or len(self.after) != 1 or len(self.before[0]) != len(self.after[0]):
            text = self.exact()
        else:
            pairs = zip(self.before[0], self.after[0], strict=True)
            axes = (pretty(new) if old == new else f"{pretty(old)} → {pretty(new)}" for old, new in pairs)
            text = f"[{', '.join(axes)}]"
        return text.replace(" ", "") if short.shapes else text

    def exact(self) -> str:
        """Return all shapes before and all after."""
        return f"{Shapes(self.before).text()} → {Shapes(self.after).text()}"


class Amount(_Value):
    """A count of scalars or operations; None is unknown."""

    __slots__ = ("count",)

    def __init__(self, count: Count) -> None:
        self.count = count

    @property
    def is_closed_form(self) -> bool:
        """Whether it is an expression."""
        return isinstance(self.count, Expr)

    def text(self, short: Short = FULL) -> str:
        """Return the count with its digits in groups, or with three digits and a unit.

        >>> Amount(1_849_688_064).text(), Amount(1_849_688_064).text(Short(counts=True))
        ('1,849,688,064', '1.85 G')
        """
        return self.writer(short)(self.count)

    def writer(self, short: Short) -> Callable[[Count], str]:
        """Return the function that writes such a count."""
        return rounded if short.counts else grouped

    def exact(self) -> str:
        """Return plain digits, or the expression as `shapecalc.dims.parse` reads it."""
        return exact(self.count)


class Bytes(Amount):
    """A count of bytes."""

    __slots__ = ()

    def writer(self, short: Short) -> Callable[[Count], str]:  # noqa: ARG002 - units are short
        """Return the function that writes bytes in binary units."""
        return memory


class Delta(_Value):
    """A difference of two counts, with its sign and with a note such as `(+12.0 %)`; 0 is blank."""

    __slots__ = ("delta", "note")

    def __init__(self, delta: Amount, note: str = "") -> None:
        self.delta = delta
        self.note = note

    @property
    def is_closed_form(self) -> bool:
        """Whether it is an expression."""
        return self.delta.is_closed_form

    def text(self, short: Short = FULL) -> str:
        """Return the difference.

        >>> Delta(Amount(1200)).text(), Delta(Amount(0)).text()
        ('+1,200', '')
        """
        return f"{signed(self.delta.count, self.delta.writer(short))} {self.note}".strip()

    def exact(self) -> str:
        """Return plain digits."""
        return self.delta.exact()


class RelativeDelta(Delta):
    """A difference with its percentage of the former figure, which alone remains on a narrow terminal."""

    __slots__ = ()

    def text(self, short: Short = FULL) -> str:
        """Return the difference, or the percentage.

        >>> moved = RelativeDelta(Amount(1_200_000), "(+12.0 %)")
        >>> moved.text(), moved.text(Short(counts=True)), moved.text(Short(counts=True, shapes=True))
        ('+1,200,000 (+12.0 %)', '+1.20 M (+12.0 %)', '+12.0 %')
        """
        return self.note.strip("()") if short.shapes and self.note else super().text(short)

    def _names(self) -> tuple[str, ...]:
        return Delta.__slots__


class Share(_Value):
    """A part of a total; as a text a percentage, on a wide terminal also a bar."""

    __slots__ = ("part", "total")

    def __init__(self, part: Count, total: Count) -> None:
        self.part = part
        self.total = total

    def text(self, short: Short = FULL) -> str:  # noqa: ARG002 - as of all values
        """Return the percentage; nothing if it is 0 or unknown."""
        return share(self.part, self.total)

    def exact(self) -> str:
        """Return the percentage."""
        return self.text()


Value: TypeAlias = Words | Path | Fixed | Shapes | ChangedShapes | Amount | Delta | Share
BLANK = Fixed("")


class TableColumn(NamedTuple):
    """A column: its name in CSV, its heading (by default the name), its alignment, and when it may be left out."""

    name: str
    heading: str | None = None
    right: bool = False
    drops: int = 0
    """The turn in which a narrow terminal leaves it out: 1 before texts are cut, 2 and more after, 0 never."""


class TableRow(NamedTuple):
    """A value per column. A row that repeats what its parts show, such as a block above its layers, is a summary."""

    values: tuple[Value, ...]
    style: str = PLAIN
    styles: tuple[str, ...] = ()
    """The style of each value, if they differ."""
    summary: bool = False


class Table(NamedTuple):
    """Columns and rows; `total` is a row that formats other than the terminal's write below the others."""

    columns: tuple[TableColumn, ...]
    rows: Sequence[TableRow]
    total: TableRow | None = None
    legend: bool = False
    """Whether a line below explains shortened texts."""
    least: int = LEAST
    """The columns of a terminal that a cut text has at least, if leaving out columns is enough for that."""


class Lines(NamedTuple):
    """Paragraphs in one style."""

    texts: Sequence[str]
    style: str = PLAIN
    hang: int = 0
    """The first characters of a text, below which a terminal writes nothing if the text wraps."""


class NamedValues(NamedTuple):
    """Named values, such as totals; a terminal shows them in two lines if they fit."""

    values: Sequence[tuple[str, Value]]


class Drawing(NamedTuple):
    """Lines that depend on the width, such as a chart."""

    draw: Callable[[Page], list[str]]


Part: TypeAlias = Table | Lines | NamedValues | Drawing


class Document(NamedTuple):
    """A result: a title, and blocks of parts; an empty line is between two blocks.

    `main` is the table that CSV and LaTeX write, as they hold one.
    """

    title: str
    blocks: Sequence[Sequence[Part]]
    main: Table
