"""Deformable convolution: windows that do not move, or all move alike, read what other layers read."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels

RANDOM = np.random.default_rng(3)
X, WEIGHT = RANDOM.standard_normal((2, 4, 6, 7)), RANDOM.standard_normal((6, 2, 3, 2))
FIELDS = {"out_channels": 6, "kernel_size": (3, 2), "stride": (2, 1), "padding": ((1, 0), (1, 1)), "groups": 2}
PLAIN = {**FIELDS, "bias": False, "dilation": 1}


def moved(offset: np.ndarray, *mask: np.ndarray) -> np.ndarray:
    return kernels.run("deform_conv", X, offset, *mask, parameters={"weight": WEIGHT}, **PLAIN)


def plain(x: np.ndarray) -> np.ndarray:
    return kernels.run("conv", x, parameters={"weight": WEIGHT}, **PLAIN)


def test_without_offsets_it_is_a_convolution() -> None:
    zeros = np.zeros((2, 12, 3, 8))
    np.testing.assert_allclose(moved(zeros), plain(X), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(moved(zeros, np.full((2, 6, 3, 8), 0.5)), plain(X) / 2, rtol=1e-9, atol=1e-12)


def test_an_offset_of_one_reads_the_next_element_and_of_a_half_the_mean_of_two() -> None:
    offset = np.zeros((2, 6, 2, 3, 8))
    offset[:, :, 1] = 1
    later = np.concatenate([X[..., 1:], np.zeros_like(X[..., :1])], axis=-1)
    y = moved(offset.reshape(2, 12, 3, 8))
    np.testing.assert_allclose(y[..., 1:], plain(later)[..., 1:], rtol=1e-9, atol=1e-12)
    offset[:, :, 1] = 0.5
    half = moved(offset.reshape(2, 12, 3, 8))
    np.testing.assert_allclose(half[..., 1:], (plain(X) + plain(later))[..., 1:] / 2, rtol=1e-9, atol=1e-12)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="3 positions, offsets for 4"):
        moved(np.zeros((2, 12, 4, 8)))
    with pytest.raises(ValueError, match="does not hold windows"):
        kernels.run("deform_conv", X, np.zeros((2, 12, 3, 8)), parameters={"weight": WEIGHT[..., :1]}, **PLAIN)
