"""Rounding, signs and bounds by hand, with their slopes at the kinks."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.support import kernels
from tests.support.rows import for_each

X = np.array([-1.5, -0.5, 0.0, 0.5, 2.5])


@for_each(
    "word, fields, y, slope",
    [
        ("abs", {}, [1.5, 0.5, 0, 0.5, 2.5], [-1, -1, 0, 1, 1]),
        ("negative", {}, [1.5, 0.5, 0, -0.5, -2.5], [-1] * 5),
        ("sign", {}, [-1, -1, 0, 1, 1], [0] * 5),
        ("floor", {}, [-2, -1, 0, 0, 2], [0] * 5),
        ("ceil", {}, [-1, 0, 0, 1, 3], [0] * 5),
        ("round", {}, [-2, 0, 0, 0, 2], [0] * 5),
        ("clamp", {"min": -0.5, "max": 0.5}, [-0.5, -0.5, 0, 0.5, 0.5], [0, 1, 1, 1, 0]),
        ("clamp", {"min": 0}, [0, 0, 0, 0.5, 2.5], [0, 0, 1, 1, 1]),
        ("clamp", {"min": 1, "max": -1}, [-1] * 5, [0] * 5),
    ],
)
def test_values_and_slopes_are_pytorchs(word: str, fields: dict[str, Any], y: list[float], slope: list[float]) -> None:
    np.testing.assert_array_equal(kernels.run(word, X, **fields), y)
    (found,) = kernels.gradients_of(kernels.call_of(word, **fields), (X,), np.ones(5)).inputs
    np.testing.assert_array_equal(found, slope)  # type: ignore[arg-type]


def test_integers_stay_integers_but_between_floats() -> None:
    ids = np.array([-3, 4])
    for word in ("abs", "negative", "sign", "square"):
        assert kernels.run(word, ids).dtype == np.int64, word
    assert kernels.run("clamp", ids, min=0).tolist() == [0, 4]
    assert kernels.run("clamp", ids, min=0).dtype == np.int64
    assert kernels.run("clamp", ids, max=3.5).dtype == np.float32
    assert kernels.gradients_of(kernels.call_of("abs"), (ids,), np.ones(2)).inputs == (None,)


def test_the_sign_of_nan_is_0_as_in_pytorch() -> None:
    assert kernels.run("sign", [np.nan]).tolist() == [0]
