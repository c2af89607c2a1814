"""Upsampling by hand."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.reference.base import Call
from shapecalc.reference.resampling import upsample
from tests.support import kernels

ROW = np.array([[[1.0, 2.0, 3.0]]])


def test_bilinear_interpolation_weighs_the_four_corners() -> None:
    y = kernels.run("upsample", [[[[0.0, 4.0], [8.0, 12.0]]]], size=3, mode="bilinear", align_corners=True)
    assert y.tolist() == [[[[0, 2, 4], [4, 6, 8], [8, 10, 12]]]]


def resampled(x: list[float], **fields: object) -> list[float]:
    given = {"size": None, "scale_factor": None, "mode": "linear", "align_corners": False, "antialias": False, **fields}
    result: list[float] = upsample(Call("u", "upsample", given, {}, ("x",), ("y",)), np.array([[x]], dtype=float))[
        0, 0
    ].tolist()
    return result


def test_aligned_corners_keep_the_ends_and_divide_between_them() -> None:
    assert resampled([0, 3, 6], size=5, align_corners=True) == [0, 1.5, 3, 4.5, 6]


def test_areas_keep_their_middles() -> None:
    assert resampled([0, 4], size=4) == [0, 1, 3, 4]


def test_a_scale_factor_is_used_as_written_where_it_does_not_divide() -> None:
    # ⌊3 · 1.5⌋ = 4 cells lie 2/3 apart, not 3/4: middles at −1/6, 1/2, 7/6, 11/6 of the input.
    assert resampled([0, 6, 12], scale_factor=1.5) == pytest.approx([0, 3, 7, 11])
    assert resampled([0, 6, 12], size=4) == pytest.approx([0, 3.75, 8.25, 12])


def test_the_nearest_element_is_the_one_that_contains_the_start() -> None:
    assert resampled([0, 1, 2], size=5, mode="nearest") == [0, 0, 1, 1, 2]
    assert resampled([0, 1, 2, 3, 4], scale_factor=0.5, mode="nearest") == [0, 2]
