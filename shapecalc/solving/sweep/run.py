"""Sweeps from end to end: plans one after the other, blocks of points, and what is kept of them."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics import ShapecalcError, misuse
from shapecalc.files.load import with_parameters
from shapecalc.solving.sweep.grid import CHUNK, SweepAxis, blocks
from shapecalc.solving.sweep.pareto import Key, Selection
from shapecalc.solving.sweep.plans import (
    COSTS,
    NO_SUMS,
    KeptPoints,
    Pointwise,
    SweepPlan,
    Task,
    check_sizes,
    inspected,
    measured,
    merged,
    plan,
)
from shapecalc.solving.sweep.where import parse_where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.solving.sweep.compiled import Array

    Progress = Callable[[int, int], None]
    """Called with how many points are done, and how many there are."""


POINTS_INSPECTED = 256
"""Points of a block where each is inspected by itself."""


@dataclass(frozen=True)
class Sweep:
    """The points that a sweep keeps: `columns` has an array of whole numbers for each axis and each cost.

    A column is of Python's own integers where int64 would not hold it, or of words where a parameter has such.
    `points` counts the whole grid, `illegal` what does not fit of it, `notes` says what else there is to know.
    """

    columns: Mapping[str, Array]
    points: int
    illegal: int
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each point as a mapping of plain values."""
        for row in zip(*(values.tolist() for values in self.columns.values()), strict=True):
            yield dict(zip(self.columns, row, strict=True))


def sweep(
    architecture: Architecture,
    axes: Mapping[str, Any],
    *,
    where: str | None = None,
    by: str | None = None,
    top: int | None = None,
    pareto: Iterable[str] = (),
    sums: Mapping[str, str] = NO_SUMS,
    dask: str | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Return the costs of an architecture at every point of a grid.

    `axes` names symbols of what enters and parameters of the file, each with its value or values. Symbols that it
    leaves out take their usual size, the batch that of one sample. What does not fit is left out and counted. Of the
    rest those stay that hold `where` (`"params < 5M and H != 224"`) and that no other beats in every column of
    `pareto`, in the order of `by`, and of these the first `top`; a `-` before a name turns its order round. `sums` are
    further columns: the MACs of the layers whose path matches a pattern, `{"attention": "*.attn"}`. `dask` is the
    address of a scheduler whose workers share the work.

    >>> import shapecalc
    >>> resnet = shapecalc.load("resnet50")
    >>> found = shapecalc.sweep(resnet, {"H": range(64, 257, 64), "W": [64, 224]}, by="-macs", top=2)
    >>> found.columns["H"].tolist(), found.columns["macs"].tolist()
    ([256, 192], [4673060864, 3505307648])
    """
    query = Query(where, by, top, tuple(pareto), sums)
    run = Run(architecture, axes, query, dask=dask, progress=progress)
    pieces = list(run.pieces())
    return Sweep(merged(pieces, run.names).columns, run.points, run.illegal, tuple(run.notes()))


class Query(NamedTuple):
    """Which points to keep, in which order, and which columns to add, as in `sweep`."""

    where: str | None = None
    by: str | None = None
    top: int | None = None
    pareto: tuple[str, ...] = ()
    sums: Mapping[str, str] = NO_SUMS


class Run:
    """A sweep under way. `names` are its columns: parameters, then symbols, in the order of the grid, then costs.

    `illegal` and `notes` are of what has been worked out so far.
    """

    def __init__(
        self,
        architecture: Architecture,
        axes: Mapping[str, Any],
        query: Query,
        *,
        dask: str | None = None,
        progress: Progress | None = None,
        chunk: int = CHUNK,
    ) -> None:
        where, sums = query.where, query.sums
        self._architecture = architecture
        taken = [_axis(name, values) for name, values in axes.items()]
        self._structure = tuple(axis for axis in taken if axis.name in architecture.parameters)
        self._axes = tuple(axis for axis in taken if axis.name not in architecture.parameters)
        for axis in self._axes:
            check_sizes(axis)
        swept = tuple(axis.name for axis in (*self._structure, *self._axes))
        _refuse_taken(sums, (*swept, *COSTS))
        self._sums = dict(sums)
        self.costs = (*COSTS, *sums)
        self.names = (*swept, *self.costs)
        symbols = architecture.symbols
        self._where = None if where is None else parse_where(where, {*self.names, *architecture.parameters, *symbols})
        words = {axis.name for axis in self._structure if any(type(value) is not int for value in axis.values)}
        self._choice = _choice(query, {*self.names, *symbols} - words)
        self.points = prod(len(axis.values) for axis in taken)
        self.illegal = 0
        self._misfits: list[tuple[dict[str, Any], ShapecalcError]] = []
        self._pointwise: list[Pointwise] = []
        self._dask = dask
        self._progress = progress
        self._chunk = chunk

    @property
    def axes(self) -> tuple[SweepAxis, ...]:
        """The axes of the grid in its order, the last one running fastest."""
        return (*self._structure, *self._axes)

    def pieces(self) -> Iterator[KeptPoints]:
        """Yield the points that are kept, in the order of the grid; in one piece where some are chosen among all."""
        if not self._choice.chooses:
            yield from self._blocks()
            return
        names = tuple(dict.fromkeys((*self.names, *self._choice.names)))
        best = merged([], names)
        pieces = self._blocks(names)
        if self._choice.top is None and not self._choice.pareto:
            # All of them are kept: to sort them once is enough.
            pieces = iter((merged(list(pieces), names),))
        for piece in pieces:
            both = merged([best, piece], names)
            at = self._choice.of(both.columns, both.points)
            best = KeptPoints({name: values[at] for name, values in both.columns.items()}, len(at))
        yield KeptPoints({name: best.columns[name] for name in self.names}, best.points)

    def notes(self) -> Iterator[str]:
        """Yield what there is to know beside the figures: what is left out, and what took its time."""
        if self.illegal:
            yield f"{self.illegal:,} of {self.points:,} points left out, which do not fit"
        for settings, error in self._misfits[:1]:
            at = ", ".join(f"{name}={value}" for name, value in settings.items())
            count = len(self._misfits)
            what = f"{at} fits" if count == 1 else f"{count} structures fit, such as {at},"
            yield f"{what} at no size: {error.diagnostics[0].message}"
        for entry in self._pointwise[:1]:
            yield f"inspected point by point, for want of a closed form: {entry.reason.message}"

    def _blocks(self, names: tuple[str, ...] | None = None) -> Iterator[KeptPoints]:
        names = names or self.names
        done = 0
        for piece, points in self._measured(names):
            done += points
            self.illegal += piece.illegal
            if self._progress is not None:
                self._progress(done, self.points)
            yield piece

    def _measured(self, names: tuple[str, ...]) -> Iterator[tuple[KeptPoints, int]]:
        """Yield what is kept of each block, with how many points it has."""
        if self._dask is None:
            for task in self._tasks(names):
                yield task.result(), task.points
            return
        from shapecalc.solving.sweep.dask import spread  # noqa: PLC0415 - an extra

        yield from spread(self._tasks(names), self._dask)

    def _tasks(self, names: tuple[str, ...]) -> Iterator[Task]:
        lengths = tuple(len(axis.values) for axis in self._axes)
        for entry in self._plans():
            if entry is None:
                left_out = merged([], names)._replace(illegal=prod(lengths))
                yield Task(partial(_same, left_out), prod(lengths), shared=False)
                continue
            shared = isinstance(entry, SweepPlan)
            # A point that is inspected takes thousands of times as long: smaller blocks show that something moves.
            for block in blocks(lengths, self._chunk if shared else min(self._chunk, POINTS_INSPECTED)):
                work: Callable[[], KeptPoints]
                if isinstance(entry, SweepPlan):
                    work = partial(measured, entry, block, names, self._where, self._choice)
                else:
                    work = partial(inspected, entry, block, names, self._where, self._choice)
                yield Task(work, block.points, shared=shared)

    def _plans(self) -> Iterator[SweepPlan | Pointwise | None]:
        """Yield the plan of each structure, None where it fits at no size; raise the mistakes where none fits."""
        fits = False
        for values in product(*(axis.values for axis in self._structure)):
            settings = {axis.name: value for axis, value in zip(self._structure, values, strict=True)}
            try:
                entry = self._plan(settings)
            except ShapecalcError as error:
                if error.exit_code != 1:
                    raise
                self._misfits.append((settings, error))
                yield None
                continue
            fits = True
            if isinstance(entry, Pointwise):
                self._pointwise.append(entry)
            yield entry
        if not fits:
            raise self._misfits[0][1]

    def _plan(self, settings: dict[str, Any]) -> SweepPlan | Pointwise:
        architecture = with_parameters(self._architecture, settings)
        found = plan(architecture, {}, self._axes, self._sums)
        if isinstance(found, SweepPlan | Pointwise):
            return found
        raise ShapecalcError(found, architecture.file)


def _same(kept: KeptPoints) -> KeptPoints:
    return kept


def _axis(name: str, values: Any) -> SweepAxis:
    taken: Any
    if isinstance(values, range):
        taken = values
    elif isinstance(values, str | int | float | None):
        taken = (values,)
    else:
        taken = tuple(_plain(value) for value in values)
    if name in COSTS:
        message = f"a sweep has a column `{name}` of its own: an axis expects another name"
        raise misuse("SC103", message)
    if not taken:
        raise misuse("SC201", f"`{name}` expects a value, has none")
    return SweepAxis(name, taken)


def _refuse_taken(sums: Iterable[str], names: Iterable[str]) -> None:
    taken = set(sums) & set(names)
    for name in sorted(taken):
        message = f"a sweep has a column `{name}` already: a sum expects another name"
        raise misuse("SC103", message)


def _plain(value: Any) -> Any:
    """Return NumPy's whole numbers as Python's."""
    if isinstance(value, str | bool | float | tuple | list | None):
        return value
    return operator.index(value)


def _choice(query: Query, known: set[str]) -> Selection:
    by, top = query.by, query.top
    if top is not None and (by is None or top < 1):
        message = "`top` expects a column to order by" if by is None else f"`top` expects 1 or more, receives {top}"
        help_text = "add `by`, such as `macs`" if by is None else None
        raise misuse("SC803", message, help_text)
    return Selection(
        tuple(_key(name, "pareto", known) for name in query.pareto),
        None if by is None else _key(by, "by", known),
        top,
    )


def _key(text: str, option: str, known: set[str]) -> Key:
    name = text.strip().removeprefix("-")
    if name not in known:
        from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

        near = closest(name, tuple(known))
        help_text = f"write `{near}`" if near else f"columns: {', '.join(sorted(known))}"
        raise misuse("SC803", f"`{option}` does not know the column `{name}`", help_text)
    return Key(name, text.strip().startswith("-"))
