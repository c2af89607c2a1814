"""Positions by hand: sines, rows, rotations, and the class token."""

from __future__ import annotations

from math import cos, sin

import numpy as np
import pytest

from tests.support import kernels


def test_sines_are_the_even_features_and_cosines_the_odd_ones() -> None:
    """Vaswani et al. 2017, section 3.5: sin(t / 10000^(2i/E)), the cosine after it."""
    y = kernels.run("positional_encoding", np.zeros((3, 1, 4)))
    np.testing.assert_allclose(y[:, 0], [[sin(t), cos(t), sin(t / 100), cos(t / 100)] for t in range(3)])


def test_a_learned_table_adds_a_row_to_each_step_and_the_order_of_axes_is_the_inputs() -> None:
    table = {"weight": [[1.0], [2.0], [4.0]]}
    fields = {"kind": "learned", "max_length": 3, "parameters": table}
    assert kernels.run("positional_encoding", np.zeros((2, 1, 1)), **fields).ravel().tolist() == [1, 2]
    y = kernels.run("positional_encoding", [[[10.0], [20.0]]], **fields, batch_first=True)
    assert y.tolist() == [[[11], [22]]]
    with pytest.raises(ValueError, match=r"a table of \(3, 1\)"):
        kernels.run("positional_encoding", np.zeros((2, 1, 2)), **fields)


def test_rows_after_the_last_step_get_no_gradient() -> None:
    call = kernels.call_of("positional_encoding", {"weight": [[0.0]] * 3}, kind="learned", max_length=3)
    found = kernels.gradients_of(call, (np.zeros((2, 2, 1)),), np.array([[[1.0], [2.0]], [[4.0], [8.0]]]))
    assert found.parameters["weight"].tolist() == [[3], [12], [0]]


def test_the_class_token_is_prepended_to_every_sequence() -> None:
    y = kernels.run("class_token", np.zeros((2, 3, 2)), parameters={"token": [[[7.0, 8.0]]]})
    assert y[:, 0].tolist() == [[7, 8], [7, 8]]
    assert y.shape == (2, 4, 2)
    with pytest.raises(ValueError, match=r"one vector, receives \(1, 2, 2\)"):
        kernels.run("class_token", np.zeros((2, 3, 2)), parameters={"token": np.zeros((1, 2, 2))})
