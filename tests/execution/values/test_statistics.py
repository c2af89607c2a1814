"""Figures of tensors against Python's own module of statistics."""

from __future__ import annotations

import statistics as python
from fractions import Fraction

import numpy as np
import pytest

from shapecalc.execution.values.statistics import as_floats, statistics


def test_figures_are_those_of_pythons_module() -> None:
    values = [0.5, -3.0, 0.0, 11.25, 0.0, 7.0]
    figures = statistics(np.array(values).reshape(2, 3))
    assert (figures.shape, figures.dtype, figures.size, figures.zeros) == ((2, 3), "float64", 6, 2)
    assert (figures.least, figures.greatest) == (min(values), max(values))
    assert figures.mean == pytest.approx(python.mean(values))
    assert figures.deviation == pytest.approx(python.pstdev(values))


def test_what_is_not_finite_is_counted_and_left_out_of_the_others() -> None:
    figures = statistics(np.array([np.nan, np.inf, 1.0, -np.inf, 0.0, np.nan, 2.0]))
    assert (figures.nans, figures.infinities, figures.zeros) == (2, 2, 1)
    assert (figures.least, figures.greatest, figures.mean) == (0, 2, 1)
    nothing = statistics(np.array([np.nan, np.inf]))
    assert (nothing.mean, nothing.least, nothing.nans, nothing.infinities) == (None, None, 1, 1)


def test_integers_fractions_and_no_elements_have_figures_too() -> None:
    assert statistics(np.array([1, 2, 6])).mean == 3
    assert statistics(np.array([Fraction(1, 2), Fraction(3, 2)])).greatest == 1.5
    assert statistics(np.zeros((0, 3))).mean is None
    assert statistics(np.array(4.0)).to_dict()["shape"] == []


def test_float32_is_summed_in_float64() -> None:
    """The mean of 2²⁴ + 1 and of 2²⁴ − 1 elements rounds otherwise."""
    figures = statistics(np.full(3, 16_777_217.0, np.float32))
    assert figures.mean == 16_777_216
    assert figures.deviation == 0


def test_exact_numbers_beyond_the_floats_are_counted_as_infinite() -> None:
    array = np.array([Fraction(10**400), Fraction(-(10**400)), Fraction(1, 2)], dtype=object)
    assert as_floats(array).tolist() == [float("inf"), float("-inf"), 0.5]
    figures = statistics(array)
    assert (figures.infinities, figures.least, figures.greatest) == (2, 0.5, 0.5)
