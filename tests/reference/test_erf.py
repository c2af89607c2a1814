"""The error function, against that of Python's `math`."""

from __future__ import annotations

import math

import numpy as np
import pytest

from shapecalc.reference.erf import REACH, erf
from tests.support.counting import counted


@pytest.mark.parametrize(("dtype", "error"), [(np.float64, 3e-16), (np.float32, 1.2e-7)])
def test_erf_is_accurate_to_the_last_place(dtype: type, error: float) -> None:
    x = np.concatenate([np.linspace(-7, 7, 20_011), [1e-300, -1e-9, 0.0]]).astype(dtype)
    exact = np.array([math.erf(value) for value in x])
    np.testing.assert_allclose(erf(x), exact, rtol=0, atol=error)
    assert erf(x).dtype == dtype


def test_erf_of_the_extremes() -> None:
    np.testing.assert_array_equal(erf(np.array([-np.inf, np.inf, np.nan])), [-1, 1, np.nan])


def test_it_is_odd_and_reaches_1() -> None:
    x = np.linspace(0, REACH + 1, 997)
    np.testing.assert_array_equal(erf(-x), -erf(x))
    assert erf(np.array([float(REACH), REACH + 1.0])).tolist() == pytest.approx([1, 1], abs=1e-15)


def test_scalars_that_count_are_called_themselves() -> None:
    (value,) = erf(counted(np.array([0.5])))
    assert float(value) == math.erf(0.5)
