"""Shrinkage by hand, with the slopes at the bounds."""

from __future__ import annotations

import math

import numpy as np

from tests.support import kernels
from tests.support.rows import for_each

X = np.array([-2.0, -0.5, 0.25, 0.5, 1.5])


@for_each(
    "word, y, slopes",
    [
        ("hard_shrink", [-2, 0, 0, 0, 1.5], [1, 0, 0, 0, 1]),
        ("soft_shrink", [-1.5, 0, 0, 0, 1], [1, 0, 0, 0, 1]),
        ("tanhshrink", [x - math.tanh(x) for x in X.tolist()], [math.tanh(x) ** 2 for x in X.tolist()]),
    ],
)
def test_values_and_slopes_are_pytorchs(word: str, y: list[float], slopes: list[float]) -> None:
    np.testing.assert_allclose(kernels.run(word, X), y, rtol=1e-13)
    (found,) = kernels.gradients_of(kernels.call_of(word), (X,), np.ones(5)).inputs
    assert found is not None
    np.testing.assert_allclose(found, slopes, rtol=1e-12)
