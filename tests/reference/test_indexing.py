"""Selection by a condition, by indices and by a triangle, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels

X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
MASK = np.array([True, False, True])


def test_a_condition_selects_from_two_arrays_or_numbers() -> None:
    assert kernels.run("where", MASK, X, -X).tolist() == [[1, -2, 3], [4, -5, 6]]
    assert kernels.run("where", MASK, X, y=0.5).tolist() == [[1, 0.5, 3], [4, 0.5, 6]]
    assert kernels.run("where", MASK, X, x=0.5).tolist() == [[0.5, 2, 0.5], [0.5, 5, 0.5]]
    flags = kernels.run("where", MASK, x=1.0, y=0.0)
    assert (flags.dtype, flags.tolist()) == (np.float32, [1, 0, 1])
    with pytest.raises(ValueError, match="selects from 1 arrays, receives 2"):
        kernels.run("where", MASK, X, X, y=0.5)


def test_a_mask_of_attention_makes_weights_of_padding_0() -> None:
    scores = kernels.run("masked_fill", X, ~MASK, value=-np.inf)
    weights = kernels.run("softmax", scores, dim=1)
    assert (weights[:, 1] == 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_gathered_elements_are_copied_and_their_gradients_summed() -> None:
    index = np.array([[2, 2], [0, 1]])
    assert kernels.run("gather", X, index, dim=1).tolist() == [[3, 3], [4, 5]]
    call = kernels.call_of("gather", dim=1)
    to_input, to_index = kernels.gradients_of(call, (X, index), np.array([[1.0, 10.0], [100.0, 1000.0]])).inputs
    assert to_input is not None
    assert to_input.tolist() == [[0, 0, 11], [100, 1000, 0]]
    assert to_index is None
    for wrong in (np.array([[3, 0], [0, 0]]), np.array([[-1, 0], [0, 0]]), np.zeros((3, 1), np.int64)):
        with pytest.raises(ValueError, match="receives"):
            kernels.run("gather", X, wrong, dim=1)


def test_entries_are_taken_by_a_list_or_by_an_array() -> None:
    assert kernels.run("take", X, index=(-1, 0), dim=1).tolist() == [[3, 1], [6, 4]]
    assert kernels.run("take", X, np.array([[1], [0]])).tolist() == [[X[1].tolist()], [X[0].tolist()]]
    with pytest.raises(IndexError):
        kernels.run("take", X, index=(3,), dim=1)
    with pytest.raises(ValueError, match="receives -1"):
        kernels.run("take", X, np.array([-1]))


def test_a_triangle_is_left_of_each_matrix() -> None:
    ones = np.ones((2, 3, 3))
    assert kernels.run("tril", ones)[1].tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert kernels.run("triu", ones, diagonal=1)[0].tolist() == [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
    assert kernels.run("tril", ones > 0, diagonal=-1).dtype == bool
