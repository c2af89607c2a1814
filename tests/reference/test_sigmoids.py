"""Softsign and log-sigmoid by hand, and where numbers grow large."""

from __future__ import annotations

import math

import numpy as np

from tests.support import kernels

X = [-4.0, -1.0, 0.0, 0.5, 7.0]


def test_each_element_is_the_value_of_its_formula() -> None:
    np.testing.assert_allclose(kernels.run("softsign", X), [x / (1 + abs(x)) for x in X], rtol=1e-15)
    np.testing.assert_allclose(kernels.run("logsigmoid", X), [-math.log1p(math.exp(-x)) for x in X], rtol=1e-13)


def test_large_elements_neither_warn_nor_lose_what_is_small() -> None:
    x = np.array([-1000.0, 1000.0], dtype=np.float32)
    np.testing.assert_array_equal(kernels.run("logsigmoid", x), [-1000, 0])
    np.testing.assert_allclose(kernels.run("softsign", x), [-1000 / 1001, 1000 / 1001], rtol=1e-6)
    assert kernels.run("logsigmoid", [40.0]).item() == -math.exp(-40)
