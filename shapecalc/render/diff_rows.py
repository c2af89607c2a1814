"""The rows of a comparison, with equal neighbours folded, and blocks that were added or removed whole folded."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diffing.diff import ChangeKind, DiffRow, figures_of
from shapecalc.shape_inference.rows import sums_of, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.diffing.diff import Comparison, Figures


class Unchanged(NamedTuple):
    """Neighbours that are the same before and after."""

    rows: tuple[DiffRow, ...]


class BlockRows(NamedTuple):
    """All layers of a block that was added or removed."""

    path: str
    rows: tuple[DiffRow, ...]

    @property
    def kind(self) -> ChangeKind:
        """Whether the block was added or removed."""
        return self.rows[0].kind

    @property
    def types(self) -> tuple[str, ...]:
        """The types of its layers, each once, in the order of computation."""
        return tuple(dict.fromkeys(row.layer.type for row in self.rows))

    @property
    def figures(self) -> Figures:
        """The totals of its layers."""
        sums = total(sums_of(row.layer) for row in self.rows)
        return figures_of(None, sums) if self.kind is ChangeKind.ADDED else figures_of(sums, None)


def folded(comparison: Comparison) -> Iterator[DiffRow | Unchanged | BlockRows]:
    """Yield every row once, by itself or as a part of a fold."""
    sizes = {
        kind: Counter(prefix for row in (report.layers if report else ()) for prefix in _prefixes(row.path))
        for kind, report in ((ChangeKind.ADDED, comparison.new), (ChangeKind.REMOVED, comparison.old))
    }
    for kind, run in groupby(comparison.rows, lambda row: row.kind):
        rows = tuple(run)
        if kind is ChangeKind.SAME:
            yield Unchanged(rows)
        elif kind is ChangeKind.CHANGED:
            yield from rows
        else:
            yield from _blocks(rows, sizes[kind])


def _blocks(rows: Sequence[DiffRow], sizes: Counter[str]) -> Iterator[DiffRow | BlockRows]:
    """Yield rows; those of an outermost block of which all layers are given are one."""
    place = 0
    while place < len(rows):
        for prefix in _prefixes(rows[place].layer.path):
            block = tuple(rows[place : place + sizes[prefix]])
            if 1 < len(block) == sizes[prefix] and all(prefix in _prefixes(row.layer.path) for row in block):
                yield BlockRows(prefix, block)
                place += len(block)
                break
        else:
            yield rows[place]
            place += 1


def _prefixes(path: str) -> list[str]:
    """Return the paths of the blocks that contain a layer, the outermost first, and its own.

    >>> _prefixes("layer1.0.conv1")
    ['layer1', 'layer1.0', 'layer1.0.conv1']
    """
    parts = path.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
