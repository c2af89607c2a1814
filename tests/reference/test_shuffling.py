"""Shuffles of channels and pixels, by hand and undone."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels


def test_channels_of_all_groups_take_turns() -> None:
    """ShuffleNet, figure 1: [groups, n] transposed to [n, groups]."""
    x = np.arange(6.0).reshape(1, 6, 1)
    assert kernels.run("channel_shuffle", x, groups=2).ravel().tolist() == [0, 3, 1, 4, 2, 5]
    assert kernels.run("channel_shuffle", x, groups=3).ravel().tolist() == [0, 2, 4, 1, 3, 5]


def test_four_channels_become_a_block_of_two_by_two() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1) + np.array([0.0, 10.0])
    y = kernels.run("pixel_shuffle", x, upscale_factor=2)
    assert y.tolist() == [[[[1, 2, 11, 12], [3, 4, 13, 14]]]]
    np.testing.assert_array_equal(kernels.run("pixel_unshuffle", y, downscale_factor=2), x)


@pytest.mark.parametrize("side", [2, 3])
def test_a_shuffle_undoes_an_unshuffle(side: int) -> None:
    x = np.arange(2.0 * 5 * 6 * 12).reshape(2, 5, 6, 12)
    there = kernels.run("pixel_unshuffle", x, downscale_factor=side)
    assert there.shape == (2, 5 * side**2, 6 // side, 12 // side)
    np.testing.assert_array_equal(kernels.run("pixel_shuffle", there, upscale_factor=side), x)


@pytest.mark.parametrize(
    ("type_", "fields", "shape"),
    [
        ("channel_shuffle", {"groups": 3}, (1, 6, 2)),
        ("pixel_shuffle", {"upscale_factor": 2}, (1, 8, 3, 5)),
        ("pixel_unshuffle", {"downscale_factor": 2}, (1, 2, 6, 4)),
    ],
)
def test_gradients_go_back_to_where_elements_came_from(
    type_: str, fields: dict[str, int], shape: tuple[int, ...]
) -> None:
    x = np.arange(float(np.prod(shape))).reshape(shape)
    (to_input,) = kernels.gradients_of(kernels.call_of(type_, **fields), (x,), kernels.run(type_, x, **fields)).inputs
    np.testing.assert_array_equal(to_input, x)


def test_groups_and_blocks_that_do_not_divide_are_refused() -> None:
    for type_, fields in (("channel_shuffle", {"groups": 4}), ("pixel_shuffle", {"upscale_factor": 4})):
        with pytest.raises(ValueError, match="cannot reshape"):
            kernels.run(type_, np.ones((1, 6, 2, 2)), **fields)
