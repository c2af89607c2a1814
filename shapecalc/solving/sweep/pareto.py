"""Which points of a sweep are kept: the smallest by one column, or those that none is better than in several."""

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
    """What is kept of a sweep: the front of `pareto`, in the order of `by`, and of that the first `top`."""

    pareto: tuple[Key, ...] = ()
    by: Key | None = None
    top: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it looks at."""
        return tuple(key.name for key in (*self.pareto, *((self.by,) if self.by is not None else ())))

    @property
    def chooses(self) -> bool:
        """Whether it can leave a point out, or change the order."""
        return bool(self.pareto) or self.by is not None or self.top is not None

    def of(self, columns: Mapping[str, Array], count: int) -> Array:
        """Return the positions of what is kept of `count` points, in order; of equal points the first comes first."""
        kept: Array = np.arange(count)
        if self.pareto:
            kept = front([_keyed(columns, key) for key in self.pareto])
        if self.by is not None:
            values = _keyed(columns, self.by)[kept]
            if self.top is not None and self.top < len(kept):
                # Sorting all of a large block for its first few is most of the time.
                bound = np.partition(values, self.top - 1)[self.top - 1]
                near = np.flatnonzero(values <= bound)
                kept, values = kept[near], values[near]
            kept = kept[np.argsort(values, kind="stable")]
        return kept if self.top is None else kept[: self.top]


def _keyed(columns: Mapping[str, Array], key: Key) -> Array:
    values = columns[key.name]
    # −(−2^63) would leave int64; counts and sizes are never negative.
    return -values if key.descending else values


def front(objectives: Sequence[Array]) -> Array:
    """Return the positions, ascending, of points that no other beats: in nothing worse, and in something better.

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
    kept: list[Any] = []
    left = np.arange(len(order))
    while len(left):
        # What comes first in this order is beaten by nothing that is left.
        first = left[0]
        kept.append(first)
        rest = left[1:]
        better = np.zeros(len(rest), dtype=bool)
        same = np.ones(len(rest), dtype=bool)
        for values in columns:
            better |= (values[rest] < values[first]).astype(bool)
            same &= (values[rest] == values[first]).astype(bool)
        left = rest[better | same]
    return np.sort(order[np.array(kept, dtype=np.intp)])


def _sorted(objectives: Sequence[Array]) -> Array:
    rows = list(zip(*(values.tolist() for values in objectives), strict=True))
    return np.array(sorted(range(len(rows)), key=rows.__getitem__), dtype=np.intp)


def _staircase(first: Array, second: Array) -> Array:
    """Return which of the points, sorted by the first and then the second, are on the front."""
    if not len(first):
        return np.zeros(0, dtype=bool)
    lowest = np.minimum.accumulate(second)
    starts = np.concatenate(([True], (first[1:] != first[:-1]).astype(bool)))
    begins = np.maximum.accumulate(np.where(starts, np.arange(len(first)), 0))
    # Among equals in the first, the least of the second; and less than all that comes before.
    before = np.concatenate((lowest[:1], lowest[:-1]))[begins]
    return np.asarray((second == second[begins]) & ((second < before) | (begins == 0)), dtype=bool)
