"""The matrices that a tensor of several axes consists of."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.reference.base import Array


def planes(array: Array) -> Iterator[tuple[str, Array]]:
    """Yield matrices over the last two axes that are longer than 1, each with its index such as `[0, 3, :, :]`.

    >>> [title for title, _ in planes(np.zeros((1, 2, 3, 4)))], [title for title, _ in planes(np.zeros((5, 1, 1)))]
    (['[0, 0, :, :]', '[0, 1, :, :]'], ['[:, 0, :]'])
    """
    long = [axis for axis, size in enumerate(array.shape) if size > 1]
    short = [axis for axis in reversed(range(array.ndim)) if axis not in long]
    across = sorted((long + short if len(long) < 2 else long[-2:])[:2])  # noqa: PLR2004 - rows and columns
    over = [axis for axis in range(array.ndim) if axis not in across]
    for index in np.ndindex(*(array.shape[axis] for axis in over)):
        where: list[int | slice] = [slice(None)] * array.ndim
        for axis, place in zip(over, index, strict=True):
            where[axis] = place
        title = ", ".join(":" if isinstance(place, slice) else str(place) for place in where)
        yield f"[{title}]", np.atleast_2d(array[tuple(where)])


def count(array: Array) -> int:
    """Return the number of these matrices."""
    long = [size for size in array.shape if size > 1]
    return prod(long[:-2])
