"""The points of a sweep: axes of values, and the blocks in which they are worked out one after the other."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

CHUNK = 2**18
"""Points that are worked out at once."""


class SweepAxis(NamedTuple):
    """A name and the values that it takes, in order."""

    name: str
    values: Sequence[Any]


class GridBlock(NamedTuple):
    """Points that lie together in the order of the grid: for each axis, from which value to which."""

    ranges: tuple[tuple[int, int], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values of each axis it holds."""
        return tuple(stop - start for start, stop in self.ranges)

    @property
    def points(self) -> int:
        """How many points it holds."""
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
    whole = tuple((0, length) for length in lengths[cut + 1 :])
    # Pieces of one axis, as even as they go.
    count = -(-lengths[cut] // (chunk // prod(lengths[cut + 1 :])))
    cuts = [lengths[cut] * number // count for number in range(count + 1)]
    for before in _counted(lengths[:cut]):
        outer = tuple((index, index + 1) for index in before)
        for start, stop in pairwise(cuts):
            yield GridBlock((*outer, (start, stop), *whole))


def _counted(lengths: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield every index of a grid; `itertools.product` would write its ranges out first."""
    if not lengths:
        yield ()
        return
    for first in range(lengths[0]):
        for rest in _counted(lengths[1:]):
            yield (first, *rest)


def sizes_in(block: GridBlock, axes: tuple[SweepAxis, ...]) -> dict[str, npt.NDArray[np.int64]]:
    """Return the sizes of each axis in a block, arrays that broadcast to its shape.

    >>> axes = SweepAxis("H", range(32, 256, 32)), SweepAxis("W", (7, 9))
    >>> H, W = sizes_in(GridBlock(((1, 3), (0, 2))), axes).values()
    >>> (H + W).tolist()
    [[71, 73], [103, 105]]
    """
    found = {}
    for position, (axis, (start, stop)) in enumerate(zip(axes, block.ranges, strict=True)):
        part = axis.values[start:stop]
        if isinstance(part, range):
            values = np.arange(part.start, part.stop, part.step, dtype=np.int64)
        else:
            values = np.array(part, dtype=np.int64)
        found[axis.name] = values.reshape([-1 if place == position else 1 for place in range(len(axes))])
    return found
