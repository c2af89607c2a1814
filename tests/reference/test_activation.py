"""Activations by hand, at their bends, and where numbers grow large."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from shapecalc.reference.activation import elu, gelu, sigmoid, silu, softplus
from shapecalc.reference.base import Call
from tests.support import kernels

X = [-4.0, -1.0, 0.0, 0.5, 7.0]


@pytest.mark.parametrize(
    ("type_", "fields", "expected"),
    [
        ("relu", {}, [0, 0, 0, 0.5, 7]),
        ("relu6", {}, [0, 0, 0, 0.5, 6]),
        ("leaky_relu", {"negative_slope": 0.25}, [-1, -0.25, 0, 0.5, 7]),
        ("elu", {"alpha": 2.0}, [2 * math.expm1(-4), 2 * math.expm1(-1), 0, 0.5, 7]),
        ("hardsigmoid", {}, [0, 2 / 6, 0.5, 3.5 / 6, 1]),
        ("hardswish", {}, [0, -2 / 6, 0, 0.5 * 3.5 / 6, 7]),
        ("sigmoid", {}, [1 / (1 + math.exp(-x)) for x in X]),
        ("silu", {}, [x / (1 + math.exp(-x)) for x in X]),
        ("tanh", {}, [math.tanh(x) for x in X]),
        ("gelu", {}, [x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in X]),
        ("softplus", {"beta": 2.0, "threshold": 10.0}, [*(math.log1p(math.exp(2 * x)) / 2 for x in X[:4]), 7]),
    ],
)
def test_each_element_is_the_value_of_its_formula(type_: str, fields: dict[str, Any], expected: list[float]) -> None:
    np.testing.assert_allclose(kernels.run(type_, X, **fields), expected, rtol=1e-13, atol=1e-15)


def test_gelu_by_tanh_is_close_to_gelu() -> None:
    """Hendrycks and Gimpel 2016, section 2: an approximation, within 0.001 of the exact one."""
    x = np.linspace(-5, 5, 201)
    difference = abs(kernels.run("gelu", x, approximate="tanh") - kernels.run("gelu", x))
    assert 1e-5 < difference.max() < 1e-3


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_a_softmax_sums_to_1_along_its_axis_and_no_constant_changes_it(dim: int) -> None:
    x = np.array([[1.0, 2.0, 4.0], [0.0, -3.0, 5.0]])
    y = kernels.run("softmax", x, dim=dim)
    np.testing.assert_allclose(y.sum(axis=dim), 1)
    np.testing.assert_allclose(kernels.run("softmax", x + 1000, dim=dim), y)
    np.testing.assert_allclose(kernels.run("log_softmax", x, dim=dim), np.log(y))


def test_a_softmax_of_two_is_a_sigmoid_of_their_difference() -> None:
    (first, _) = kernels.run("softmax", [3.0, 1.0], dim=0)
    assert first == pytest.approx(1 / (1 + math.exp(-2)))


@pytest.mark.parametrize(
    ("type_", "x", "slope"),
    [
        ("relu", 0, 0),
        ("leaky_relu", 0, 0.01),
        ("elu", 0, 1),
        ("relu6", 0, 0),
        ("relu6", 6, 0),
        ("hardsigmoid", -3, 0),
        ("hardsigmoid", 3, 0),
        ("hardswish", -3, 0),
        ("hardswish", 3, 1),
    ],
)
def test_at_a_kink_the_slope_is_pytorchs(type_: str, x: float, slope: float) -> None:
    (to_input,) = kernels.gradients_of(kernels.call_of(type_), ([float(x)],), np.array([1.0])).inputs
    assert to_input is not None
    assert to_input.tolist() == [slope]


def test_large_elements_neither_warn_nor_become_nan() -> None:
    x = np.array([-1000.0, 1000.0], dtype=np.float32)
    for kernel, fields, expected in (
        (sigmoid, {}, [0, 1]),
        (silu, {}, [0, 1000]),
        (elu, {"alpha": 2.0}, [-2, 1000]),
        (gelu, {"approximate": "none"}, [0, 1000]),
        (gelu, {"approximate": "tanh"}, [0, 1000]),
        (softplus, {"beta": 1.0, "threshold": 20.0}, [0, 1000]),
    ):
        np.testing.assert_array_equal(kernel(Call("a", kernel.__name__, fields, {}, ("x",), ("y",)), x), expected)


def test_softplus_keeps_what_adding_one_would_lose() -> None:
    call = Call("a", "softplus", {"beta": 1.0, "threshold": 20.0}, {}, ("x",), ("y",))
    assert softplus(call, np.array([-50.0], dtype=np.float32)).item() == pytest.approx(math.exp(-50), rel=1e-6)
