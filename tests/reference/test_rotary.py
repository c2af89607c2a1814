"""Rotations by hand, and angles that do not fit."""

from __future__ import annotations

from math import cos, sin

import numpy as np
import pytest

from tests.support import kernels


@pytest.mark.parametrize(
    ("interleaved", "pairs"), [(True, [(0, 1), (2, 3)]), (False, [(0, 2), (1, 3)])], ids=["neighbours", "halves"]
)
def test_each_pair_is_rotated_by_an_angle_that_grows_with_the_position(
    interleaved: bool, pairs: list[tuple[int, int]]
) -> None:
    x = np.array([[1.0, 2.0, 3.0, 4.0]] * 3)
    y = kernels.run("rotary_embedding", x, base=16.0, interleaved=interleaved)
    for t in range(3):
        for angle, (i, j) in zip((t, t / 4), pairs, strict=True):
            turned = (x[t, i] + 1j * x[t, j]) * (cos(angle) + 1j * sin(angle))
            assert (y[t, i], y[t, j]) == pytest.approx((turned.real, turned.imag))


def test_products_of_rotated_vectors_depend_on_their_distance_alone() -> None:
    """Su et al. 2021, section 3.4.2."""
    random = np.random.default_rng(2)
    q, k = (np.tile(random.standard_normal(6), (9, 1)) for _ in range(2))
    scores = kernels.run("rotary_embedding", q) @ kernels.run("rotary_embedding", k).T
    for distance in range(-8, 9):
        diagonal = np.diagonal(scores, distance)
        np.testing.assert_allclose(diagonal, diagonal[0])


def test_a_feature_without_a_partner_is_refused() -> None:
    with pytest.raises(ValueError, match="even number of features, receives 5"):
        kernels.run("rotary_embedding", np.ones((2, 5)))


def test_given_angles_of_the_positions_give_what_the_positions_give() -> None:
    random = np.random.default_rng(3)
    x = random.standard_normal((2, 5, 8))
    angles = np.arange(5)[:, None] * 10000.0 ** -(np.arange(0, 6, 2) / 6)
    for interleaved in (False, True):
        fields = {"rotary_dim": 6, "interleaved": interleaved}
        given = kernels.run("rotary_embedding", x, np.cos(angles), np.sin(angles), **fields)
        np.testing.assert_allclose(given, kernels.run("rotary_embedding", x, **fields), rtol=1e-12)
        np.testing.assert_array_equal(given[..., 6:], x[..., 6:])


def test_angles_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="6 features or for each pair"):
        kernels.run("rotary_embedding", np.ones((2, 5, 6)), np.ones((5, 4)), np.ones((5, 4)))
    with pytest.raises(ValueError, match="rotates 8 features, receives 6"):
        kernels.run("rotary_embedding", np.ones((2, 5, 6)), rotary_dim=8)
