"""Running of sweeps: the plans of all structures, their blocks, and the selection of points."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics import ShapecalcError, misuse
from shapecalc.diagnostics.presentation import Presented
from shapecalc.files.load import with_parameters
from shapecalc.solving.sweep.grid import CHUNK, SweepAxis, blocks
from shapecalc.solving.sweep.pareto import Key, Selection
from shapecalc.solving.sweep.plans import (
    ACTIVE,
    COSTS,
    NO_SUMS,
    Points,
    Pointwise,
    SweepPlan,
    Task,
    check_sizes,
    concatenate,
    counts_active,
    evaluate_block,
    infer_block,
    plan,
)
from shapecalc.solving.sweep.where import parse_where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.solving.sweep.compiled import Array

    Progress = Callable[[int, int], None]
    """Called with the number of points done, and their total."""


POINTS_INFERRED = 256
"""The most points of a block whose points are inferred separately."""


@dataclass(frozen=True)
class Sweep(Presented):
    """The points that a sweep selects: `columns` has an array of integers for each axis and each cost.

    A column is of int64 if all values fit, else of Python objects: large integers, or a parameter's strings. `points`
    counts all points of the grid, `illegal` those that do not fit; `notes` are remarks for the user.
    """

    columns: Mapping[str, Array]
    points: int
    illegal: int
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return the number of points, and the columns."""
        return f"<Sweep: {len(self):,} of {self.points:,} points, columns {', '.join(self.columns)}>"

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

    `axes` names symbols of the inputs and parameters of the file, each with its value or values. Other symbols take the
    file's size, the batch 1. Points that do not fit are omitted and counted. Of the others, those are returned that
    satisfy `where` (`"params < 5M and H != 224"`) and are on the Pareto front of the columns of `pareto`, in the order
    of `by`, and of these the first `top`; a `-` before a name reverses its order. `sums` are additional columns: the
    MACs of the layers whose path matches a pattern, `{"attention": "*.attn"}`. `dask` is the address of a scheduler
    whose workers share the work.

    >>> import shapecalc
    >>> resnet = shapecalc.load("resnet50")
    >>> best = shapecalc.sweep(resnet, {"H": range(64, 257, 64), "W": [64, 224]}, by="-macs", top=2)
    >>> best.columns["H"].tolist(), best.columns["macs"].tolist()
    ([256, 192], [4673060864, 3505307648])
    """
    query = Query(where, by, top, tuple(pareto), sums)
    run = Run(architecture, axes, query, dask=dask, progress=progress)
    chunks = list(run.chunks())
    return Sweep(concatenate(chunks, run.names).columns, run.points, run.invalid, tuple(run.notes()))


class Query(NamedTuple):
    """Which points to keep, in which order, and which columns to add, as in `sweep`."""

    where: str | None = None
    by: str | None = None
    top: int | None = None
    pareto: tuple[str, ...] = ()
    sums: Mapping[str, str] = NO_SUMS


class Run:
    """A sweep in progress. `names` are its columns: parameters, then symbols, in the order of the grid, then costs.

    `invalid` and `notes` are of the points evaluated so far.
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
        grid = [_axis(name, values) for name, values in axes.items()]
        self._structure = tuple(axis for axis in grid if axis.name in architecture.parameters)
        self._axes = tuple(axis for axis in grid if axis.name not in architecture.parameters)
        for axis in self._axes:
            check_sizes(axis)
        swept = tuple(axis.name for axis in (*self._structure, *self._axes))
        active = (ACTIVE,) if counts_active(architecture) else ()
        _refuse_taken(sums, (*swept, *COSTS, *active))
        self._sums = dict(sums)
        known = {*swept, *COSTS, *active, *sums, *architecture.symbols}
        self._where = None if where is None else parse_where(where, {*known, *architecture.parameters})
        strings = {axis.name for axis in self._structure if any(type(value) is not int for value in axis.values)}
        self._selection = _selection(query, known - strings)
        used = {*self._selection.names, *(self._where.names if self._where else ())}
        shown = active if used & {*active} or any(step.layer.sparse for step in architecture.layers) else ()
        self.costs = (*COSTS, *shown, *sums)
        self.names = (*swept, *self.costs)
        self.points = prod(len(axis.values) for axis in grid)
        self.invalid = 0
        self._misfits: list[tuple[dict[str, Any], ShapecalcError]] = []
        self._pointwise: list[Pointwise] = []
        self._dask = dask
        self._progress = progress
        self._chunk = chunk

    @property
    def axes(self) -> tuple[SweepAxis, ...]:
        """The axes of the grid in its order, the last one running fastest."""
        return (*self._structure, *self._axes)

    def chunks(self) -> Iterator[Points]:
        """Yield the selected points in the order of the grid; in one chunk if `by`, `top` or `pareto` is given."""
        if not self._selection.selects:
            yield from self._blocks()
            return
        names = tuple(dict.fromkeys((*self.names, *self._selection.names)))
        best = concatenate([], names)
        chunks = self._blocks(names)
        if self._selection.top is None and not self._selection.pareto:
            # No point is omitted, so that sorting once is enough.
            chunks = iter((concatenate(list(chunks), names),))
        for chunk in chunks:
            both = concatenate([best, chunk], names)
            at = self._selection.of(both.columns, both.points)
            best = Points({name: values[at] for name, values in both.columns.items()}, len(at))
        yield Points({name: best.columns[name] for name in self.names}, best.points)

    def notes(self) -> Iterator[str]:
        """Yield remarks: how many points are omitted, and why the sweep is slow."""
        if self.invalid:
            yield f"{self.invalid:,} of {self.points:,} points left out, which do not fit"
        for settings, error in self._misfits[:1]:
            at = ", ".join(f"{name}={value}" for name, value in settings.items())
            count = len(self._misfits)
            what = f"{at} fits" if count == 1 else f"{count} structures fit, such as {at},"
            yield f"{what} at no size: {error.diagnostics[0].message}"
        for entry in self._pointwise[:1]:
            yield f"inspected point by point, for want of a closed form: {entry.reason.message}"

    def _blocks(self, names: tuple[str, ...] | None = None) -> Iterator[Points]:
        names = names or self.names
        done = 0
        for chunk, points in self._results(names):
            done += points
            self.invalid += chunk.invalid
            if self._progress is not None:
                self._progress(done, self.points)
            yield chunk

    def _results(self, names: tuple[str, ...]) -> Iterator[tuple[Points, int]]:
        """Yield the selected points of each block, with its number of points."""
        if self._dask is None:
            for task in self._tasks(names):
                yield task.result(), task.points
            return
        from shapecalc.solving.sweep.dask import distribute  # noqa: PLC0415 - an extra

        yield from distribute(self._tasks(names), self._dask)

    def _tasks(self, names: tuple[str, ...]) -> Iterator[Task]:
        lengths = tuple(len(axis.values) for axis in self._axes)
        for entry in self._plans():
            if entry is None:
                omitted = concatenate([], names)._replace(invalid=prod(lengths))
                yield Task(partial(_same, omitted), prod(lengths), shared=False)
                continue
            shared = isinstance(entry, SweepPlan)
            # A point that is inferred takes thousands of times as long: smaller blocks update the progress more often.
            for block in blocks(lengths, self._chunk if shared else min(self._chunk, POINTS_INFERRED)):
                work: Callable[[], Points]
                if isinstance(entry, SweepPlan):
                    work = partial(evaluate_block, entry, block, names, self._where, self._selection)
                else:
                    work = partial(infer_block, entry, block, names, self._where, self._selection)
                yield Task(work, block.points, shared=shared)

    def _plans(self) -> Iterator[SweepPlan | Pointwise | None]:
        """Yield the plan of each structure, None if it fits at no size; raise the first error if none fits."""
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
        planned = plan(architecture, {}, self._axes, self._sums)
        if isinstance(planned, SweepPlan | Pointwise):
            return planned
        raise ShapecalcError(planned, architecture.file)


def _same(points: Points) -> Points:
    return points


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
    """Return a NumPy integer as a Python integer, and any other value as it is."""
    if isinstance(value, str | bool | float | tuple | list | None):
        return value
    return operator.index(value)


def _selection(query: Query, known: set[str]) -> Selection:
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
