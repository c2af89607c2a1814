"""Padding and cropping: what fills the margins, and what is left in the middle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support import kernels

ROW = np.array([[[1.0, 2.0, 3.0]]])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"padding": (1, 2), "value": 9.0}, [9, 1, 2, 3, 9, 9]),
        ({"padding": (2, 1), "mode": "reflect"}, [3, 2, 1, 2, 3, 2]),
        ({"padding": (1, 2), "mode": "replicate"}, [1, 1, 2, 3, 3, 3]),
        ({"padding": (1, 2), "mode": "circular"}, [3, 1, 2, 3, 1, 2]),
    ],
)
def test_padding_is_a_value_or_a_copy(fields: dict[str, Any], expected: list[float]) -> None:
    assert kernels.run("pad", ROW, **fields).ravel().tolist() == expected


def test_the_list_of_paddings_begins_with_the_last_axis() -> None:
    assert kernels.run("pad", np.zeros((1, 1, 2, 3)), padding=(1, 2, 3, 4)).shape == (1, 1, 2 + 7, 3 + 3)


def test_what_is_copied_gets_the_gradients_of_its_copies() -> None:
    call = kernels.call_of("pad", padding=(1, 2), mode="replicate")
    (to_input,) = kernels.gradients_of(call, (ROW,), np.array([[[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]]])).inputs
    assert to_input is not None
    assert to_input.ravel().tolist() == [3, 4, 56]


def test_a_crop_takes_the_middle_and_one_more_from_the_end() -> None:
    x = np.arange(5.0).reshape(1, 1, 5)
    assert [kernels.run("center_crop", x, size=size).ravel().tolist() for size in (1, 2, 3)] == [[2], [1, 2], [1, 2, 3]]
    assert kernels.run("center_crop", x, np.zeros((7, 9, 2))).ravel().tolist() == [1, 2]
    with pytest.raises(ValueError, match="crops 5 cells to 6"):
        kernels.run("center_crop", x, size=6)
