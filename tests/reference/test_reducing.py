"""Selections and reductions by hand, with their gradients."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.reference import find
from shapecalc.reference.base import Call
from tests.support import kernels
from tests.support.sequence_cases import numbers

X = np.array([[1.0, 5.0, 5.0], [4.0, 2.0, 0.0]])


@pytest.mark.parametrize(
    ("type_", "dim", "expected"),
    [
        ("mean", 0, [2.5, 3.5, 2.5]),
        ("mean", -1, [11 / 3, 2]),
        ("max", 0, [4, 5, 5]),
        ("max", 1, [5, 4]),
        ("sum", 0, [5, 7, 5]),
        ("sum", 1, [11, 6]),
    ],
)
def test_a_reduced_axis_is_removed_or_has_size_1(type_: str, dim: int, expected: list[float]) -> None:
    np.testing.assert_allclose(kernels.run(type_, X, dim=dim), expected)
    np.testing.assert_allclose(
        kernels.run(type_, X, dim=dim, keepdim=True), np.expand_dims(np.array(expected, dtype=float), dim)
    )


@pytest.mark.parametrize(("dim", "index", "expected"), [(0, -1, [4, 2, 0]), (1, 0, [1, 4]), (-1, 2, [5, 0])])
def test_a_selection_is_one_index_of_an_axis(dim: int, index: int, expected: list[float]) -> None:
    assert kernels.run("select", X, dim=dim, index=index).tolist() == expected


@pytest.mark.parametrize(
    ("type_", "fields", "expected"),
    [
        pytest.param("sum", {"dim": 1}, [[6, 6, 6], [3, 3, 3]], id="to each element alike"),
        pytest.param("mean", {"dim": 1}, [[2, 2, 2], [1, 1, 1]], id="in equal parts"),
        pytest.param("max", {"dim": 1}, [[0, 3, 3], [3, 0, 0]], id="to the largest, shared by equal ones"),
        pytest.param("select", {"dim": 1, "index": 1}, [[0, 6, 0], [0, 3, 0]], id="to the selected one"),
    ],
)
def test_the_gradient_of_a_row_goes_back_to_what_was_read(type_: str, fields: dict[str, int], expected: list) -> None:
    (to_input,) = kernels.gradients_of(kernels.call_of(type_, **fields), (X,), np.array([6.0, 3.0])).inputs
    assert to_input is not None
    assert to_input.tolist() == expected


def test_an_index_beyond_the_axis_is_no_selection() -> None:
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        find("select").run(Call("s", "select", {"dim": 0, "index": 5}, {}, ("x",), ("y",)), numbers((5, 2), 1))


def test_a_selection_lets_go_of_the_rest() -> None:
    y = find("select").run(Call("s", "select", {"dim": 0, "index": 1}, {}, ("x",), ("y",)), numbers((5, 2), 1))
    assert isinstance(y, np.ndarray)
    assert y.base is None


@pytest.mark.parametrize("word", ["select", "mean", "max", "sum", "cosine_similarity"])
def test_reducing_a_vector_gives_an_array_without_axes(word: str) -> None:
    fields = {"dim": 0, "index": 2, "keepdim": False, "eps": 1e-8}
    inputs = [numbers((5,), 1)] * (2 if word == "cosine_similarity" else 1)
    y = find(word).run(Call("s", word, fields, {}, ("x",), ("y",)), *inputs)
    assert isinstance(y, np.ndarray)
    assert y.shape == ()
