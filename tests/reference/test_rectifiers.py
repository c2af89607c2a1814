"""Activations of pieces by hand, and at their kinks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.support import kernels
from tests.support.rows import for_each

X = [-4.0, -1.0, 0.0, 0.5, 7.0]
SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772


@for_each(
    "word, fields, expected",
    [
        ("selu", {}, [*(SCALE * ALPHA * math.expm1(x) for x in X[:3]), SCALE * 0.5, SCALE * 7]),
        ("celu", {"alpha": 2.0}, [2 * math.expm1(-2), 2 * math.expm1(-0.5), 0, 0.5, 7]),
        ("hardtanh", {"min_val": -2, "max_val": 3}, [-2, -1, 0, 0.5, 3]),
        ("threshold", {"threshold": 0.5, "value": 9}, [9, 9, 9, 9, 7]),
    ],
)
def test_each_element_is_the_value_of_its_formula(word: str, fields: dict[str, Any], expected: list[float]) -> None:
    np.testing.assert_allclose(kernels.run(word, X, **fields), expected, rtol=1e-13, atol=1e-15)


def test_each_channel_has_its_slope_and_the_gradient_of_it_is_a_sum() -> None:
    x = np.array([[[-1.0, 2.0], [-3.0, -4.0]]])
    call = kernels.call_of("prelu", {"weight": [0.5, 0.25]})
    (y,) = kernels.outputs_of(call, x)
    np.testing.assert_array_equal(y, [[[-0.5, 2], [-0.75, -1]]])
    found = kernels.gradients_of(call, (x,), np.ones_like(x))
    np.testing.assert_array_equal(found.inputs[0], [[[0.5, 1], [0.25, 0.25]]])  # type: ignore[arg-type]
    assert found.parameters["weight"].tolist() == [-1, -7]


@pytest.mark.parametrize("weight", [[0.5], [0.5, 0.5, 0.5]])
def test_slopes_that_are_not_as_many_as_the_channels_are_refused(weight: list[float]) -> None:
    with pytest.raises(ValueError, match="slopes for 2 channels"):
        kernels.outputs_of(kernels.call_of("prelu", {"weight": weight}), np.ones((1, 2, 3)))


@for_each(
    "word, fields, x, slope",
    [
        ("celu", {}, 0, 1),
        ("hardtanh", {}, -1, 0),
        ("hardtanh", {}, 1, 0),
        ("threshold", {"threshold": 0.5, "value": 0}, 0.5, 0),
        ("selu", {}, 0, SCALE * ALPHA),
    ],
)
def test_at_a_kink_the_slope_is_pytorchs(word: str, fields: dict[str, Any], x: float, slope: float) -> None:
    (found,) = kernels.gradients_of(kernels.call_of(word, **fields), ([float(x)],), np.array([1.0])).inputs
    assert found is not None
    np.testing.assert_allclose(found, [slope])


def test_large_elements_neither_warn_nor_become_nan() -> None:
    x = np.array([-1000.0, 1000.0], dtype=np.float32)
    np.testing.assert_allclose(kernels.run("selu", x), [-SCALE * ALPHA, SCALE * 1000], rtol=1e-6)
    np.testing.assert_array_equal(kernels.run("celu", x), [-1, 1000])
