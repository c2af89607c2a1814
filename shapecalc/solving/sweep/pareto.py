"""Selection of points of a sweep: the first by one column, or the Pareto front of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.solving.sweep.compiled import Array


class Key(NamedTuple):
    """A column that points are ordered by: the smallest value first, or the largest."""

    name: str
    descending: bool = False


class Selection(NamedTuple):
    """The points of a sweep to return: the Pareto front of `pareto` in the order of `by`, and of it the first `top`."""

    pareto: tuple[Key, ...] = ()
    by: Key | None = None
    top: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it depends on."""
        return tuple(key.name for key in (*self.pareto, *((self.by,) if self.by is not None else ())))

    @property
    def selects(self) -> bool:
        """Whether it can omit a point or change the order."""
        return bool(self.pareto) or self.by is not None or self.top is not None

    def of(self, columns: Mapping[str, Array], count: int) -> Array:
        """Return the selected positions of `count` points, in order; equal points stay in the order of the grid."""
        selected: Array = np.arange(count)
        if self.pareto:
            selected = front([_keyed(columns, key) for key in self.pareto])
        if self.by is not None:
            values = _keyed(columns, self.by)[selected]
            if self.top is not None and self.top < len(selected):
                # To sort a large block completely would take most of the time.
                bound = np.partition(values, self.top - 1)[self.top - 1]
                below = np.flatnonzero(values <= bound)
                selected, values = selected[below], values[below]
            selected = selected[np.argsort(values, kind="stable")]
        return selected if self.top is None else selected[: self.top]


def _keyed(columns: Mapping[str, Array], key: Key) -> Array:
    values = columns[key.name]
    # −(−2^63) would leave int64; counts and sizes are never negative.
    return -values if key.descending else values


def front(objectives: Sequence[Array]) -> Array:
    """Return the positions, ascending, of points that no other dominates: is nowhere greater, and somewhere less.

    >>> front([np.array([3, 1, 2, 3, 1]), np.array([1, 3, 2, 2, 3])]).tolist()
    [0, 1, 2, 4]
    """
    wide = any(values.dtype == object for values in objectives)
    order = _sorted(objectives) if wide else np.lexsort(tuple(reversed(objectives)))
    columns = [values[order] for values in objectives]
    if len(columns) == 1:
        return np.sort(order[columns[0] == columns[0][:1]])
    if len(columns) == 2:  # noqa: PLR2004 - in a plane one pass is enough
        return np.sort(order[_staircase(*columns)])
    selected: list[Any] = []
    remaining = np.arange(len(order))
    while len(remaining):
        # The first in this order is dominated by no remaining point.
        first = remaining[0]
        selected.append(first)
        rest = remaining[1:]
        better = np.zeros(len(rest), dtype=bool)
        same = np.ones(len(rest), dtype=bool)
        for values in columns:
            better |= (values[rest] < values[first]).astype(bool)
            same &= (values[rest] == values[first]).astype(bool)
        remaining = rest[better | same]
    return np.sort(order[np.array(selected, dtype=np.intp)])


def _sorted(objectives: Sequence[Array]) -> Array:
    rows = list(zip(*(values.tolist() for values in objectives), strict=True))
    return np.array(sorted(range(len(rows)), key=rows.__getitem__), dtype=np.intp)


def _staircase(first: Array, second: Array) -> Array:
    """Return a mask of the points on the front, which must be sorted by `first` and then by `second`."""
    if not len(first):
        return np.zeros(0, dtype=bool)
    lowest = np.minimum.accumulate(second)
    starts = np.concatenate(([True], (first[1:] != first[:-1]).astype(bool)))
    begins = np.maximum.accumulate(np.where(starts, np.arange(len(first)), 0))
    # `second` must be least among points with equal `first`, and less than at all points before these.
    before = np.concatenate((lowest[:1], lowest[:-1]))[begins]
    return np.asarray((second == second[begins]) & ((second < before) | (begins == 0)), dtype=bool)
