from __future__ import annotations

import numpy as np
import pytest

from shapecalc.execution.training.digits import STROKES, draw_digits


def test_the_same_seed_draws_the_same_pictures_and_another_seed_others() -> None:
    (pictures, digits), (again, _), (other, _) = draw_digits(30, 12), draw_digits(30, 12), draw_digits(30, 12, seed=1)
    np.testing.assert_array_equal(pictures, again)
    assert not np.array_equal(pictures, other)
    assert pictures.dtype == np.float32
    assert np.bincount(digits).tolist() == [3] * 10


@pytest.mark.parametrize("size", [8, 28, 32])
def test_pictures_are_about_as_wide_as_networks_like_them(size: int) -> None:
    pictures, _ = draw_digits(200, size)
    assert pictures.shape == (200, size, size)
    assert abs(pictures.mean()) < 0.1
    assert 0.7 < pictures.std() < 1.1


def test_every_digit_has_ink_where_its_lines_go_and_differs_from_the_others() -> None:
    pictures, digits = draw_digits(2000, 16)
    means = np.stack([pictures[digits == digit].mean(axis=0) for digit in range(10)])
    nearest = ((pictures[:, None] - means) ** 2).sum(axis=(2, 3)).argmin(axis=1)
    # Half of them are nearest to the mean of their own digit: no mean tells all, so there is something to learn.
    assert 0.5 < (nearest == digits).mean() < 0.95
    assert all(0 < x < 1 and 0 < y < 1 for strokes in STROKES for line in strokes for x, y in line)


def test_a_square_too_small_for_a_digit_is_refused() -> None:
    with pytest.raises(ValueError, match="8 pixels a side or more, receives 7"):
        draw_digits(1, 7)
