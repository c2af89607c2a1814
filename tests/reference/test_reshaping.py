"""The same elements in another shape, or with their axes permuted; and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support import kernels

X = np.arange(6.0).reshape(1, 2, 3)


@pytest.mark.parametrize(
    ("type_", "fields", "expected"),
    [
        ("identity", {}, X.tolist()),
        ("flatten", {}, [[0, 1, 2, 3, 4, 5]]),
        ("flatten", {"start_dim": 0, "end_dim": -2}, [[0, 1, 2], [3, 4, 5]]),
        ("reshape", {"shape": (3, -1)}, [[0, 1], [2, 3], [4, 5]]),
        ("reshape", {"shape": (0, 3, 0)}, None),
        ("permute", {"dims": (2, 0, 1)}, [[[0, 3]], [[1, 4]], [[2, 5]]]),
        ("squeeze", {"dim": 0}, [[0, 1, 2], [3, 4, 5]]),
        ("unsqueeze", {"dim": -1}, [[[[0], [1], [2]], [[3], [4], [5]]]]),
    ],
)
def test_elements_have_the_same_order_in_another_shape(type_: str, fields: dict[str, Any], expected: Any) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="cannot reshape"):
            kernels.run(type_, X, **fields)
        return
    assert kernels.run(type_, X, **fields).tolist() == expected


@pytest.mark.parametrize(
    ("type_", "fields"),
    [
        ("identity", {}),
        ("flatten", {}),
        ("reshape", {"shape": (3, 2)}),
        ("permute", {"dims": (2, 0, 1)}),
        ("permute", {"dims": (-1, 1, 0)}),
        ("squeeze", {"dim": 0}),
        ("unsqueeze", {"dim": 2}),
    ],
)
def test_the_gradient_of_each_element_goes_back_to_where_it_came_from(type_: str, fields: dict[str, Any]) -> None:
    """The gradient of Σ y²/2 is y itself, and that of each element of x is x."""
    call = kernels.call_of(type_, **fields)
    (to_input,) = kernels.gradients_of(call, (X,), kernels.run(type_, X, **fields)).inputs
    np.testing.assert_array_equal(to_input, X)


def test_an_axis_that_is_not_1_is_not_squeezed() -> None:
    with pytest.raises(ValueError, match="size not equal to one"):
        kernels.run("squeeze", X, dim=1)


@pytest.mark.parametrize(("type_", "fields"), [("permute", {"dims": (0, 2, 1)}), ("squeeze", {"dim": 0})])
def test_a_view_copies_nothing(type_: str, fields: dict[str, Any]) -> None:
    assert np.shares_memory(kernels.run(type_, X, **fields), X)
