"""Computed weights: what they are if their tensors come from a plain weight, and what does not change them."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.layers.weights import DIRECTION, NORM
from tests.support import kernels

RANDOM = np.random.default_rng(3)
WEIGHT, X = RANDOM.standard_normal((5, 3, 2, 4)), RANDOM.standard_normal((2, 3, 6, 7))
BIAS = RANDOM.standard_normal(5)
SHAPE = {"out_channels": 5, "kernel_size": (2, 4)}


def test_lengths_that_are_those_of_the_directions_leave_them_as_they_are() -> None:
    plain = kernels.run("conv", X, parameters={"weight": WEIGHT, "bias": BIAS}, **SHAPE)
    for axis in range(4):
        others = tuple(other for other in range(4) if other != axis)
        lengths = np.sqrt((WEIGHT**2).sum(axis=others, keepdims=True))
        for scale in (1.0, 7.0):  # of v: it does not matter
            tensors = {NORM: lengths, DIRECTION: scale * WEIGHT, "bias": BIAS}
            y = kernels.run("conv", X, parameters=tensors, weight_norm=True, weight_norm_dim=axis, **SHAPE)
            np.testing.assert_allclose(y, plain, rtol=1e-12)


def test_a_standardized_filter_stays_the_same_if_it_is_scaled_and_shifted() -> None:
    fields = {**SHAPE, "standardize": True, "eps": 0.0, "bias": False}
    y = kernels.run("conv", X, parameters={"weight": WEIGHT}, **fields)
    scaled = WEIGHT * np.arange(2, 7).reshape(5, 1, 1, 1) + np.arange(5).reshape(5, 1, 1, 1)
    np.testing.assert_allclose(kernels.run("conv", X, parameters={"weight": scaled}, **fields), y, rtol=1e-10)


def test_a_standardized_filter_has_mean_0_and_variance_1_and_with_a_gain_gamma_over_the_root_of_fan_in() -> None:
    rows = RANDOM.standard_normal((4, 9))
    weight = kernels.run(
        "linear", np.eye(9), parameters={"weight": rows}, out_features=4, bias=False, standardize=True
    ).T
    np.testing.assert_allclose(weight.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(weight.var(axis=1), 1, rtol=1e-4)
    gain = np.array([[1.0], [2.0], [3.0], [4.0]])
    fields = {"out_features": 4, "bias": False, "standardize": True, "gain": True, "gamma": 1.5}
    scaled = kernels.run("linear", np.eye(9), parameters={"weight": rows, "gain": gain}, **fields).T
    np.testing.assert_allclose(scaled, weight * gain * 1.5 / 3, rtol=1e-12)


def test_lengths_and_gains_of_another_shape_do_not_broadcast() -> None:
    with pytest.raises(ValueError, match="lengths of"):
        kernels.run("conv", X, parameters={NORM: np.ones((5, 1, 2, 1)), DIRECTION: WEIGHT, "bias": BIAS},
                    weight_norm=True, **SHAPE)  # fmt: skip
    with pytest.raises(ValueError, match="gains of"):
        kernels.run("conv", X, parameters={"weight": WEIGHT, "gain": np.ones((5, 3, 1, 1)), "bias": BIAS},
                    standardize=True, gain=True, **SHAPE)  # fmt: skip
