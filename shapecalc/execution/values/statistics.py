"""Figures of the elements of a tensor: range, mean, deviation, and the numbers of zeros and of what is not finite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from shapecalc.reference.base import Array


class Statistics(NamedTuple):
    """Shape and type of a tensor, and figures of its elements.

    `least`, `greatest`, `mean` and `deviation`, the root of the mean squared distance from the mean, are of the finite
    elements; None if there are none.
    """

    shape: tuple[int, ...]
    dtype: str
    least: float | None
    greatest: float | None
    mean: float | None
    deviation: float | None
    zeros: int
    nans: int = 0
    infinities: int = 0

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON's values."""
        return {**self._asdict(), "shape": list(self.shape)}


def as_floats(array: Array) -> Array:
    """Return an array whose numbers, if they are objects such as fractions, are floats: infinite beyond their range.

    >>> from fractions import Fraction
    >>> as_floats(np.array([Fraction(1, 2), Fraction(-(10**400))], dtype=object))
    array([ 0.5, -inf])
    """
    if array.dtype != object:
        return array
    return np.array([_as_float(number) for number in array.flat], dtype=np.float64).reshape(array.shape)


def _as_float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def statistics(array: Array) -> Statistics:
    """Return the figures of an array of numbers.

    >>> statistics(np.array([0.0, 3.0, np.nan]))._replace(dtype="")
    Statistics(shape=(3,), dtype='', least=0.0, greatest=3.0, mean=1.5, deviation=1.5, zeros=1, nans=1, infinities=0)
    """
    shape, dtype = array.shape, array.dtype.name
    array = as_floats(array)
    zeros = array.size - int(np.count_nonzero(array))
    nans = infinities = 0
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        nans = int(np.isnan(array).sum())
        array = array[np.isfinite(array)]
        infinities = int(np.prod(shape)) - nans - array.size
    if not array.size:
        return Statistics(shape, dtype, None, None, None, None, zeros, nans, infinities)
    with np.errstate(all="ignore"):
        mean, deviation = (float(figure(array, dtype=np.float64)) for figure in (np.mean, np.std))
    return Statistics(shape, dtype, float(array.min()), float(array.max()), mean, deviation, zeros, nans, infinities)
