"""Numbers of tensors, and their figures, as text with significant digits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from shapecalc.execution.values.statistics import Statistics

DIGITS = 6
"""Significant digits of a number."""


def number(value: Any, digits: int = DIGITS) -> str:
    """Return a number with significant digits; integers and fractions as they are.

    >>> number(1 / 3), number(2.0), number(7), number(float("nan")), number(-1e-9, 2)
    ('0.333333', '2', '7', 'NaN', '-1e-09')
    """
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if not isinstance(value, (float, np.floating)):
        return str(value)
    if math.isnan(value):
        return "NaN"
    return f"{value + 0.0:.{digits}g}"  # the sum has no zero with a sign


def unusual(figures: Statistics) -> str:
    """Return how many elements are not finite, "" if all are."""
    counts = ((figures.nans, "NaN"), (figures.infinities, "infinite"))
    texts = [f"{count:,} {name}" for count, name in counts if count]
    return f"({', '.join(texts)})" if texts else ""


def figures_text(figures: Statistics, digits: int = DIGITS) -> str:
    """Return the figures of a tensor as one text: range, mean, standard deviation, share of zeros.

    >>> from shapecalc.execution.values.statistics import statistics
    >>> figures_text(statistics(np.array([0.0, 1.0, 2.0, 5.0])))
    '0 … 5, mean 2, sd 1.87083, 25 % zeros'
    """
    if figures.mean is None:
        return ""
    least, greatest, mean, deviation = (
        number(figure, digits) for figure in (figures.least, figures.greatest, figures.mean, figures.deviation)
    )
    return f"{least} … {greatest}, mean {mean}, sd {deviation}, {share_of_zeros(figures)} zeros"


def share_of_zeros(figures: Statistics) -> str:
    """Return the share of elements that are 0, in percent."""
    return f"{100 * figures.zeros / figures.size:.3g} %" if figures.size else "0 %"
