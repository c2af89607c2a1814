"""Numbers as text: read back, they are the number to as many digits as were asked for."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest

from shapecalc.execution.values.statistics import statistics
from shapecalc.render.values.numbers import figures_text, number, share_of_zeros, unusual


def test_a_number_has_as_many_significant_digits_as_asked() -> None:
    for value in (1 / 3, -2e-17, 6.02214076e23, 1.0, 1e5, 123456.789, 0.1 + 0.2):
        for digits in (1, 3, 6, 12, 17):
            assert float(number(value, digits)) == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits)), value
    assert [number(value) for value in (nan, inf, -inf, -0.0, np.float32(0.5), np.int64(7), True)] == [
        *("NaN", "inf", "-inf", "0", "0.5", "7", "1")
    ]


def test_figures_are_one_text() -> None:
    figures = statistics(np.array([0.0, 0.0, 1.0, 3.0, nan, -inf]))
    assert figures_text(figures) == "0 … 3, mean 1, sd 1.22474, 33.3 % zeros"
    assert share_of_zeros(figures) == "33.3 %"
    assert unusual(figures) == "(1 NaN, 1 infinite)"
    assert unusual(statistics(np.zeros(3))) == ""
    assert figures_text(statistics(np.array([nan]))) == ""
