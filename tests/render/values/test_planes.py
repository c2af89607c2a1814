"""The matrices of a tensor: together they have every element once, each at the index that the title says."""

from __future__ import annotations

import numpy as np

from shapecalc.render.values.planes import count, planes


def test_matrices_have_every_element_once_at_its_index() -> None:
    for shape in (
        (2, 3, 4),
        (1, 3, 1, 4),
        (3, 2, 1, 1, 1),
        (1, 1, 5),
        (5, 1, 1),
        (2, 2, 2, 2),
        (1, 1, 1),
        (6, 1),
        (7,),
    ):
        array = np.arange(np.prod(shape)).reshape(shape)
        seen = []
        for title, plane in planes(array):
            index = tuple(slice(None) if part == ":" else int(part) for part in title.strip("[]").split(", "))
            assert plane.ndim == 2, shape
            np.testing.assert_array_equal(np.squeeze(array[index]), np.squeeze(plane), err_msg=f"{shape} {title}")
            seen += plane.ravel().tolist()
        assert sorted(seen) == list(range(array.size)), shape
        assert sum(1 for _ in planes(array)) == count(array), shape


def test_axes_of_length_1_are_no_rows_and_no_columns() -> None:
    assert [(title, plane.shape) for title, plane in planes(np.zeros((3, 2, 1, 1, 1)))] == [("[:, :, 0, 0, 0]", (3, 2))]
    assert [title for title, _ in planes(np.zeros((1, 2, 3, 4)))] == ["[0, 0, :, :]", "[0, 1, :, :]"]
