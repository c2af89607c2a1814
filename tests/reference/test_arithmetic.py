"""Arithmetic by hand: the order of operands, integers, ties, and gradients where a formula would divide by 0."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels
from tests.support.rows import for_each

X = np.array([[4.0, -2.0, 0.5]])
COLUMN = np.array([[1.0], [2.0]])


@for_each(
    "word, fields, expected",
    [
        ("add", {"other": 1}, [[5, -1, 1.5]]),
        ("subtract", {"other": 1}, [[3, -3, -0.5]]),
        ("subtract", {"other": 1, "reverse": True}, [[-3, 3, 0.5]]),
        ("multiply", {"other": -2}, [[-8, 4, -1]]),
        ("divide", {"other": 2}, [[2, -1, 0.25]]),
        ("divide", {"other": 2, "reverse": True}, [[0.5, -1, 4]]),
        ("power", {"other": 2}, [[16, 4, 0.25]]),
        ("power", {"other": 2, "reverse": True}, [[16, 0.25, 2**0.5]]),
        ("maximum", {"other": 0}, [[4, 0, 0.5]]),
        ("minimum", {"other": 0}, [[0, -2, 0]]),
    ],
)
def test_a_number_is_the_last_operand_or_the_first(word: str, fields: dict[str, float], expected: list) -> None:
    np.testing.assert_allclose(kernels.run(word, X, **fields), expected)


@for_each(
    "word, fields, expected",
    [
        ("subtract", {}, [[3, -3, -0.5], [2, -4, -1.5]]),
        ("subtract", {"reverse": True}, [[-3, 3, 0.5], [-2, 4, 1.5]]),
        ("divide", {"reverse": True}, [[0.25, -0.5, 2], [0.5, -1, 4]]),
        ("power", {}, [[4, -2, 0.5], [16, 4, 0.25]]),
        ("maximum", {}, [[4, 1, 1], [4, 2, 2]]),
    ],
)
def test_two_inputs_broadcast(word: str, fields: dict[str, bool], expected: list) -> None:
    np.testing.assert_allclose(kernels.run(word, X, COLUMN, **fields), expected)


def test_integers_stay_integers_and_become_single_precision_where_they_cannot() -> None:
    ids = np.array([3, 4])
    assert kernels.run("add", ids, other=2).tolist() == [5, 6]
    assert kernels.run("add", ids, other=2).dtype == np.int64
    assert kernels.run("power", ids, other=2).dtype == np.int64
    assert kernels.run("add", ids, other=0.5).dtype == np.float32
    assert kernels.run("divide", ids, ids).dtype == np.float32
    assert kernels.run("multiply", ids, np.ones(2, np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match="negative integer powers"):
        kernels.run("power", ids, other=-1)


@for_each(
    "word, inputs, expected",
    [
        ("maximum", ([1.0, 2.0, 3.0], [2.0, 2.0, 2.0]), ([0, 5, 10], [10, 5, 0])),
        ("minimum", ([1.0, 2.0, 3.0], [2.0, 2.0, 2.0]), ([10, 5, 0], [0, 5, 10])),
        ("maximum", ([2.0], [2.0], [2.0]), ([2.5], [2.5], [5])),
        ("power", ([0.0, 2.0, 0.0], [2.0, 0.0, 0.0]), ([0, 0, 0], [0, 10 * np.log(2), 0])),
    ],
)
def test_gradients_of_equal_operands_and_of_powers_of_0_are_pytorchs(
    word: str, inputs: tuple[list[float], ...], expected: tuple[list[float], ...]
) -> None:
    arrays = tuple(map(np.array, inputs))
    found = kernels.gradients_of(kernels.call_of(word), arrays, np.full(arrays[0].shape, 10.0)).inputs
    for gradient, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(gradient, wanted, rtol=1e-12)


@pytest.mark.parametrize("word", ["maximum", "minimum"])
def test_an_input_equal_to_the_number_has_the_whole_gradient(word: str) -> None:
    (found,) = kernels.gradients_of(kernels.call_of(word, other=2), (np.array([1.0, 2.0, 3.0]),), np.ones(3)).inputs
    assert found is not None
    assert found.tolist() == ([0, 1, 1] if word == "maximum" else [1, 1, 0])
