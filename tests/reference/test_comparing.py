"""Comparisons, logic and conversion by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels
from tests.support.rows import for_each

IDS = np.array([[0, 5, 7, 1, 1], [0, 4, 1, 1, 1]])


@for_each(
    "type_, expected",
    [
        ("equal", [0, 1, 0]),
        ("not_equal", [1, 0, 1]),
        ("less", [1, 0, 0]),
        ("less_equal", [1, 1, 0]),
        ("greater", [0, 0, 1]),
        ("greater_equal", [0, 1, 1]),
    ],
)
def test_a_comparison_is_true_or_false(type_: str, expected: list[int]) -> None:
    y = kernels.run(type_, np.array([1.0, 2.0, 3.0]), other=2)
    assert (y.dtype, y.tolist()) == (bool, [bool(each) for each in expected])
    np.testing.assert_array_equal(kernels.run(type_, np.array([1.0, 2.0, 3.0]), np.full(1, 2.0)), y)


def test_positions_follow_from_the_padding_as_roberta_counts_them() -> None:
    """RobertaEmbeddings.create_position_ids_from_input_ids with the padding index 1."""
    mask = kernels.run("cast", kernels.run("not_equal", IDS, other=1), dtype="int64")
    positions = kernels.run("cumsum", mask, dim=1) * mask + 1
    assert positions.tolist() == [[2, 3, 4, 1, 1], [2, 3, 1, 1, 1]]


def test_logic_is_of_true_and_false_alone() -> None:
    x, y = np.array([True, True, False, False]), np.array([True, False, True, False])
    assert kernels.run("logical_and", x, y).tolist() == [True, False, False, False]
    assert kernels.run("logical_or", x, y).tolist() == [True, True, True, False]
    assert kernels.run("logical_not", x).tolist() == [False, False, True, True]
    with pytest.raises(ValueError, match="receives int64"):
        kernels.run("logical_not", IDS)


def test_a_fraction_is_cut_off_and_everything_but_0_is_true() -> None:
    x = np.array([-1.7, -0.0, 0.4, 2.9])
    assert kernels.run("cast", x, dtype="int64").tolist() == [-1, 0, 0, 2]
    assert kernels.run("cast", x, dtype="bool").tolist() == [True, False, True, True]
    assert kernels.run("cast", IDS, dtype="float32").dtype == np.float32


def test_a_second_array_and_a_number_are_one_too_many() -> None:
    with pytest.raises(ValueError, match="receives 2"):
        kernels.run("less", IDS, IDS, other=1)
