"""Gates by hand, and where numbers grow large."""

from __future__ import annotations

import math

import numpy as np

from tests.support import kernels
from tests.support.rows import for_each

X = [-4.0, -1.0, 0.0, 0.5, 7.0]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@for_each(
    "word, expected",
    [
        ("mish", [x * math.tanh(math.log1p(math.exp(x))) for x in X]),
        ("quick_gelu", [x * sigmoid(1.702 * x) for x in X]),
    ],
)
def test_each_element_is_the_value_of_its_formula(word: str, expected: list[float]) -> None:
    np.testing.assert_allclose(kernels.run(word, X), expected, rtol=1e-13, atol=1e-15)


def test_the_first_half_is_multiplied_by_the_sigmoid_of_the_second() -> None:
    np.testing.assert_allclose(kernels.run("glu", [[2.0, 3.0, 0.0, 1.0]]), [[1, 3 * sigmoid(1)]])
    (found,) = kernels.gradients_of(kernels.call_of("glu"), (np.array([[2.0, 0.0]]),), np.ones((1, 1))).inputs
    assert found is not None
    assert found.tolist() == [[0.5, 0.5]]


def test_large_elements_neither_warn_nor_become_nan() -> None:
    x = np.array([-1000.0, 1000.0], dtype=np.float32)
    for word in ("mish", "quick_gelu"):
        np.testing.assert_array_equal(kernels.run(word, x), [0, 1000])
