"""A result as tables and lines: what every format writes, without a width, a colour or an escape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shapecalc.dims import Expr, show
from shapecalc.render.terminal.numbers import exact, grouped, memory, rounded, share, signed
from shapecalc.render.terminal.palette import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.dims import Shape
    from shapecalc.render.terminal.grid import Page
    from shapecalc.shape_inference.report import Count


class Short(NamedTuple):
    """The ways in which the texts of values are shortened for a narrow terminal."""

    words: bool = False
    counts: bool = False
    shapes: bool = False
    bars: bool = False
    """Whether shares have a bar, which is longer."""


FULL = Short()


@dataclass(frozen=True, slots=True)
class Words:
    """A text, with a shorter one that says the same; on a terminal its end may be cut."""

    full: str
    brief: str = ""

    def text(self, short: Short = FULL) -> str:
        """Return the text of a cell."""
        return self.brief if short.words and self.brief else self.full

    def exact(self) -> str:
        """Return the text for programs."""
        return self.full


@dataclass(frozen=True, slots=True)
class Path:
    """The path of a layer, and in a tree its part within its block; on a terminal its beginning may be cut."""

    full: str
    shown: str = ""
    level: int = 0
    """The number of blocks that contain it, by which a terminal indents it."""

    def text(self, short: Short = FULL) -> str:  # noqa: ARG002 - as of all values
        """Return the text of a cell."""
        return "  " * self.level + (self.shown or self.full)

    def exact(self) -> str:
        """Return the full path."""
        return self.full


@dataclass(frozen=True, slots=True)
class Fixed:
    """A short text that is never cut, such as `ok`."""

    full: str

    def text(self, short: Short = FULL) -> str:  # noqa: ARG002 - as of all values
        """Return the text of a cell."""
        return self.full

    def exact(self) -> str:
        """Return the text for programs."""
        return self.full


@dataclass(frozen=True, slots=True)
class Shapes:
    """One shape or several; it is cut only between its axes, and only if one is an expression."""

    shapes: Sequence[Shape]

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


@dataclass(frozen=True, slots=True)
class Amount:
    """A count of scalars or operations; None is unknown."""

    count: Count

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


@dataclass(frozen=True, slots=True)
class Bytes(Amount):
    """A count of bytes."""

    def writer(self, short: Short) -> Callable[[Count], str]:  # noqa: ARG002 - units are short
        """Return the function that writes bytes in binary units."""
        return memory


@dataclass(frozen=True, slots=True)
class Delta:
    """A difference of two counts, with its sign and with a note such as `(+12.0 %)`; 0 is blank."""

    delta: Amount
    note: str = ""

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


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a total; as a text a percentage, on a wide terminal also a bar."""

    part: Count
    total: Count

    def text(self, short: Short = FULL) -> str:  # noqa: ARG002 - as of all values
        """Return the percentage; nothing if it is 0 or unknown."""
        return share(self.part, self.total)

    def exact(self) -> str:
        """Return the percentage."""
        return self.text()


Value: TypeAlias = Words | Path | Fixed | Shapes | Amount | Delta | Share
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


class Lines(NamedTuple):
    """Paragraphs in one style."""

    texts: Sequence[str]
    style: str = PLAIN


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
