"""Norms by hand, and their slopes where a formula would divide by 0."""

from __future__ import annotations

from math import inf

import numpy as np

from tests.support import kernels
from tests.support.rows import for_each

X = np.array([[3.0, -4.0], [0.0, 0.0]])


@for_each(
    "p, y, slopes",
    [
        (2, [5, 0], [[0.6, -0.8], [0, 0]]),
        (1, [7, 0], [[1, -1], [0, 0]]),
        (3, [91 ** (1 / 3), 0], [[9 / 91 ** (2 / 3), -16 / 91 ** (2 / 3)], [0, 0]]),
        (inf, [4, 0], [[0, -1], [0, 0]]),
        (-inf, [3, 0], [[1, 0], [0, 0]]),
        (0, [2, 0], [[0, 0], [0, 0]]),
    ],
)
def test_the_norm_of_a_row_and_its_slopes(p: float, y: list[float], slopes: list[list[float]]) -> None:
    np.testing.assert_allclose(kernels.run("norm", X, dim=1, p=p), y)
    (found,) = kernels.gradients_of(kernels.call_of("norm", dim=1, p=p), (X,), np.ones(2)).inputs
    assert found is not None
    np.testing.assert_allclose(found, slopes)


def test_a_normalised_row_has_length_1_and_one_of_zeros_stays() -> None:
    assert kernels.run("normalize", X).tolist() == [[0.6, -0.8], [0, 0]]
    assert kernels.run("normalize", X, eps=10).tolist() == [[0.3, -0.4], [0, 0]]


def test_below_eps_the_divisor_is_constant() -> None:
    (found,) = kernels.gradients_of(kernels.call_of("normalize", eps=10), (X,), np.ones((2, 2))).inputs
    assert found is not None
    np.testing.assert_allclose(found, 0.1)
