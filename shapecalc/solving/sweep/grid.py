"""The grid of a sweep: its axes, and its division into blocks."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

CHUNK = 2**18
"""The most points of a block."""


class SweepAxis(NamedTuple):
    """A name and the values that it takes, in order."""

    name: str
    values: Sequence[Any]


class GridBlock(NamedTuple):
    """Adjacent points in the order of the grid: for each axis, the range of its values."""

    ranges: tuple[tuple[int, int], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values along each axis."""
        return tuple(stop - start for start, stop in self.ranges)

    @property
    def points(self) -> int:
        """The number of points."""
        return prod(self.shape)


def blocks(lengths: tuple[int, ...], chunk: int = CHUNK) -> Iterator[GridBlock]:
    """Yield the blocks of a grid in its order, the last axis running fastest, each of at most `chunk` points.

    >>> [block.ranges for block in blocks((2, 5), chunk=3)]
    [((0, 1), (0, 2)), ((0, 1), (2, 5)), ((1, 2), (0, 2)), ((1, 2), (2, 5))]
    """
    cut = 0
    while prod(lengths[cut + 1 :]) > chunk:
        cut += 1
    if not lengths:
        yield GridBlock(())
        return
    inner = tuple((0, length) for length in lengths[cut + 1 :])
    # The axis of the cut is divided as evenly as possible.
    count = -(-lengths[cut] // (chunk // prod(lengths[cut + 1 :])))
    cuts = [lengths[cut] * number // count for number in range(count + 1)]
    for before in _indices(lengths[:cut]):
        outer = tuple((index, index + 1) for index in before)
        for start, stop in pairwise(cuts):
            yield GridBlock((*outer, (start, stop), *inner))


def _indices(lengths: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield every index of a grid; `itertools.product` would make its ranges tuples first."""
    if not lengths:
        yield ()
        return
    for first in range(lengths[0]):
        for rest in _indices(lengths[1:]):
            yield (first, *rest)


def sizes_in(block: GridBlock, axes: tuple[SweepAxis, ...]) -> dict[str, npt.NDArray[np.int64]]:
    """Return the sizes of each axis in a block, arrays that broadcast to its shape.

    >>> axes = SweepAxis("H", range(32, 256, 32)), SweepAxis("W", (7, 9))
    >>> H, W = sizes_in(GridBlock(((1, 3), (0, 2))), axes).values()
    >>> (H + W).tolist()
    [[71, 73], [103, 105]]
    """
    sizes = {}
    for position, (axis, (start, stop)) in enumerate(zip(axes, block.ranges, strict=True)):
        part = axis.values[start:stop]
        if isinstance(part, range):
            values = np.arange(part.start, part.stop, part.step, dtype=np.int64)
        else:
            values = np.array(part, dtype=np.int64)
        sizes[axis.name] = values.reshape([-1 if index == position else 1 for index in range(len(axes))])
    return sizes
