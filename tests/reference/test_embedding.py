"""Lookups and cosines by hand, and invalid indices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support import kernels
from tests.support.rows import for_each
from tests.support.sequence_cases import call_of, case_of, numbers, outputs

if TYPE_CHECKING:
    from shapecalc.reference.base import Array

TABLE = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


def test_each_index_becomes_its_row() -> None:
    y = kernels.run("embedding", [[2, 0], [1, 1]], parameters={"weight": TABLE}, num_embeddings=3, embedding_dim=2)
    assert y.tolist() == [[[5, 6], [1, 2]], [[3, 4], [3, 4]]]


def test_a_row_gets_the_sum_of_its_gradients_and_the_padding_row_none() -> None:
    call = kernels.call_of("embedding", {"weight": TABLE}, num_embeddings=3, embedding_dim=2, padding_idx=-1)
    found = kernels.gradients_of(call, ([1, 2, 1],), np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]]))
    assert found.inputs == (None,)
    assert found.parameters["weight"].tolist() == [[0, 0], [5, 50], [0, 0]]


def test_one_hot_puts_a_1_at_the_index() -> None:
    assert kernels.run("one_hot", [2, 0], num_classes=3).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_a_cosine_is_of_the_angle_alone() -> None:
    x, y = [[3.0, 4.0], [1.0, 0.0], [2.0, 2.0]], [[6.0, 8.0], [0.0, 7.0], [-5.0, -5.0]]
    np.testing.assert_allclose(kernels.run("cosine_similarity", x, y), [1, 0, -1], atol=1e-15)


def test_a_vector_of_zeros_has_the_cosine_0() -> None:
    assert kernels.run("cosine_similarity", [[0.0, 0.0]], [[3.0, 4.0]]).tolist() == [0]


@for_each("word", ["embedding", "one_hot"])
@for_each(
    "x, said",
    [
        pytest.param(np.array([[1, 6], [7, 0]]), r"from 0 to 6, receives 7", id="the index after the last"),
        pytest.param(np.array([3, -1]), r"from 0 to 6, receives -1", id="an index from the end"),
        pytest.param(np.array(2**40), r"from 0 to 6, receives 1099511627776", id="one huge index"),
        pytest.param(np.array([[1.5, 2.0]]), r"an integer type, receives float64 such as 1\.5", id="floats"),
        pytest.param(
            np.array([2.0], dtype=np.float32), r"integer type, receives float32 such as 2\.0", id="whole floats"
        ),
        pytest.param(np.array([True]), r"integer type, receives bool such as True", id="truth values"),
    ],
)
def test_an_invalid_index_is_refused_with_its_value(word: str, x: Array, said: str) -> None:
    case = case_of(word)
    with pytest.raises(ValueError, match=said):
        outputs(case, call_of(case), [x])


@pytest.mark.parametrize("word", ["embedding", "one_hot"])
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_indices_of_any_integer_type_and_rank_are_read(word: str, dtype: type) -> None:
    case = case_of(word)
    call = call_of(case)
    table = call.parameters.get("weight", np.eye(7))
    for x in (np.array(6), np.array([0, 6]), np.array([[[1, 2], [3, 4]]])):
        (y,) = outputs(case, call, [x.astype(dtype)])
        np.testing.assert_array_equal(y, table[x])


def test_vectors_of_different_shapes_are_not_compared() -> None:
    case = case_of("cosine_similarity")
    with pytest.raises(ValueError, match=r"of one shape, receives \[2, 5, 3\] and \[1, 5, 3\]"):
        outputs(case, call_of(case), [numbers((2, 5, 3), 1), numbers((1, 5, 3), 2)])
