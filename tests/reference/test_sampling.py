"""Sampling: an affine map that changes nothing gives the map itself, and other grids that of other layers."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels

X = np.random.default_rng(3).standard_normal((2, 3, 5, 7))
SAME = np.array([[[1.0, 0, 0], [0, 1, 0]]] * 2)


def test_the_grid_of_the_identity_gives_the_map() -> None:
    for corners in (False, True):
        grid = kernels.run("affine_grid", SAME, size=(5, 7), align_corners=corners)
        for mode in ("bilinear", "nearest"):
            y = kernels.run("grid_sample", X, grid, mode=mode, align_corners=corners)
            np.testing.assert_allclose(y, X, rtol=1e-12)


def test_a_grid_of_another_size_gives_what_upsample_gives() -> None:
    for corners in (False, True):
        grid = kernels.run("affine_grid", SAME, size=(8, 3), align_corners=corners)
        y = kernels.run("grid_sample", X, grid, padding_mode="border", align_corners=corners)
        expected = kernels.run("upsample", X, size=(8, 3), mode="bilinear", align_corners=corners)
        np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-12)


def test_turning_the_axes_turns_the_map() -> None:
    turned = np.array([[[-1.0, 0, 0], [0, 1, 0]]] * 2)
    grid = kernels.run("affine_grid", turned, size=(5, 7))
    np.testing.assert_allclose(kernels.run("grid_sample", X, grid), X[..., ::-1], rtol=1e-9, atol=1e-12)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="2 maps and 1 grids"):
        kernels.run("grid_sample", X, np.zeros((1, 4, 4, 2)))
