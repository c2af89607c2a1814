"""Maxima back to their places: what a pool read there, and zeros elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels

X = np.random.default_rng(3).standard_normal((2, 3, 6, 8))


def test_pooling_the_unpooled_maxima_gives_them_again() -> None:
    y, places = kernels.outputs_of(kernels.call_of("max_pool", kernel_size=2, return_indices=True), X)
    back = kernels.run("max_unpool", y, places, kernel_size=2)
    assert np.count_nonzero(back) == y.size
    np.testing.assert_array_equal(back[back != 0], X[back != 0])
    np.testing.assert_array_equal(kernels.run("max_pool", np.where(back == 0, -np.inf, back), kernel_size=2), y)


def test_places_outside_are_refused() -> None:
    y = np.ones((1, 1, 2))
    for places in ([[[0, 4]]], [[[-1, 0]]]):
        with pytest.raises(ValueError, match="a place is outside"):
            kernels.run("max_unpool", y, np.array(places), kernel_size=2)
    with pytest.raises(ValueError, match="places of"):
        kernels.run("max_unpool", y, np.zeros((1, 1, 3), dtype=int), kernel_size=2)
