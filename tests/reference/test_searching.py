"""The index of a maximum and the greatest elements, by hand and against sorting."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels

X = np.array([[3.0, 1.0, 3.0, 2.0], [0.0, 5.0, -1.0, 5.0]])


def test_the_first_of_several_maxima_is_found() -> None:
    assert kernels.run("argmax", X, dim=1).tolist() == [0, 1]
    assert kernels.run("argmax", X, dim=-1, keepdim=True).tolist() == [[0], [1]]


def test_the_greatest_elements_are_in_descending_order() -> None:
    values, indices = kernels.outputs_of(kernels.call_of("topk", k=3), X)
    assert (values.tolist(), indices.tolist()) == ([[3, 3, 2], [5, 5, 0]], [[0, 2, 3], [1, 3, 0]])
    values, indices = kernels.outputs_of(kernels.call_of("topk", k=1, dim=0, largest=False), X)
    assert (values.tolist(), indices.tolist()) == ([[0, 1, -1, 2]], [[1, 0, 1, 0]])


def test_they_are_those_of_sorting() -> None:
    x = np.random.default_rng(5).standard_normal((3, 7, 4))
    values, indices = kernels.outputs_of(kernels.call_of("topk", k=5, dim=1), x)
    np.testing.assert_array_equal(indices, np.argsort(-x, axis=1)[:, :5])
    np.testing.assert_array_equal(values, -np.sort(-x, axis=1)[:, :5])
    with pytest.raises(ValueError, match="selects 8 of 7"):
        kernels.outputs_of(kernels.call_of("topk", k=8, dim=1), x)
