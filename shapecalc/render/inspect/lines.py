"""The rows of an inspection: a line per layer, fold or block, as a tree or with full paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import joined
from shapecalc.render.families import colors_of
from shapecalc.render.settings import called
from shapecalc.render.tables.model import Words
from shapecalc.render.terminal.palette import PLAIN
from shapecalc.shape_inference.rows import GroupReport, LayerReport, leaves, sum_of, sums_of, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.dims import Shape
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import Count, Sums


class Line(NamedTuple):
    """A row as shown: a layer, several layers folded, or the heading of a block whose layers follow."""

    path: str
    rows: tuple[LayerReport | GroupReport, ...]
    level: int = 0
    """The number of blocks that contain it."""
    shown: str = ""
    """Its path within its block."""
    heading: str | None = None
    """The block whose layers follow."""
    shared: bool = False
    """Whether it is in a block that uses the weights of another."""
    first_output: Shape | None = None
    """The shape of the first output of a block whose layers follow."""

    def layer(self, *, brief: bool = False) -> str:
        """Return the layer with its settings, or the folded types; `brief` writes short names of fields."""
        if self.heading is not None:
            return self.heading
        last = self.rows[-1]
        if len(self.rows) == 1 or last.path == self.shown:
            what = called(last, brief=brief)
            return what if len(self.rows) == 1 else f"{what} ({self.size} layers)"
        return f"({self.size} layers)"

    @property
    def output(self) -> Shape:
        """The shape of its first output."""
        return self.rows[-1].output if self.first_output is None else self.first_output

    @property
    def words(self) -> Words:
        """The layer for a table, in the colour of its family."""
        return Words(self.layer(), self.layer(brief=True), self.color)

    @property
    def color(self) -> str:
        """The style of the layer's family; none of a fold or a heading."""
        return PLAIN if self.row is None else colors_of(self.row.step.layer).ansi

    @property
    def row(self) -> LayerReport | None:
        """The layer, if the line is one."""
        row = self.rows[0] if len(self.rows) == 1 and self.heading is None else None
        return row if isinstance(row, LayerReport) else None

    @property
    def trainable(self) -> Count:
        """The params that are trained."""
        if self.shared:
            return 0
        return sum_of(row.trainable_params for row in leaves(self.rows))

    @property
    def size(self) -> int:
        """The number of folded layers."""
        return sum(1 for _ in leaves(self.rows))

    @property
    def sums(self) -> Sums:
        """The totals of the folded layers."""
        sums = sums_of(self.rows[0]) if len(self.rows) == 1 else total(map(sums_of, self.rows))
        return sums.of_shared() if self.shared else sums


def lines_of(report: Report, depth: int | None = None, *, expand: bool = False) -> tuple[Line, ...]:
    """Return the rows of the tree: a block is a heading with its layers below, a repeat is one line.

    With `depth`, what is nested deeper folds into one line: blocks in blocks, and layers whose paths share their first
    parts. With `expand`, each run of a repeat is shown.
    """
    return tuple(_lines(report.tree, Line("", ()), depth, expand=expand))


def _lines(
    rows: Iterable[LayerReport | GroupReport], above: Line, depth: int | None, *, expand: bool
) -> Iterator[Line]:
    """Yield the lines of rows below a heading, or of all if its path is empty."""
    level = above.level + bool(above.path)
    for shown, folded in neighbours(rows, None if depth is None else depth - level):
        here = Line(joined(above.path, shown), folded, level, shown, shared=above.shared)
        row = folded[0]
        deep = depth is not None and level + 1 >= depth
        if len(folded) > 1 or isinstance(row, LayerReport) or deep or (row.group.times is not None and not expand):
            yield here
            continue
        shared = above.shared or bool(row.group.weights)
        for name, body, run in zip(row.group.runs, row.group.bodies, row.runs, strict=True):
            title = f"{body.title}, weights of {row.group.weights}" if body.title and row.group.weights else body.title
            line = here._replace(path=joined(above.path, name), rows=run.rows, shown=name, shared=shared)
            if not title:
                yield line
                continue
            line = line._replace(heading=title, first_output=run.output)
            yield line
            yield from _lines(run.rows, line, depth, expand=expand)


def neighbours(
    rows: Iterable[LayerReport | GroupReport], parts: int | None
) -> Iterator[tuple[str, tuple[LayerReport | GroupReport, ...]]]:
    """Yield runs of neighbours that share the first parts of their paths; the order is unchanged."""
    if parts is None:
        yield from ((row.path, (row,)) for row in rows)
        return
    shared: list[LayerReport | GroupReport] = []
    name = ""
    for row in rows:
        head = ".".join(row.path.split(".")[:parts])
        if shared and head != name:
            yield name, tuple(shared)
            shared = []
        name = head
        shared.append(row)
    if shared:
        yield name, tuple(shared)


def layer_lines(report: Report, depth: int | None = None) -> tuple[Line, ...]:
    """Return a line per layer with its full path, for programs; with `depth` neighbours fold."""
    return tuple(Line(shown, rows, shown=shown) for shown, rows in neighbours(report.layers, depth))


def covered(lines: Sequence[Line]) -> list[range]:
    """Return the places of the layers that each line is about, in the order of the report."""
    starts, place = [], 0
    for line in lines:
        starts.append(place)
        place += line.size if line.heading is None else 0
    ends = []
    for at, line in enumerate(lines):
        below = at + 1
        while line.heading is not None and below < len(lines) and lines[below].level > line.level:
            below += 1
        ends.append(starts[below] if below < len(lines) else place)
    return [range(start, end) for start, end in zip(starts, ends, strict=True)]
