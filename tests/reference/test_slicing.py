"""The kernels of ranges against plain lists, and what they refuse by themselves."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Call
from shapecalc.reference.gradients import Context


def call(kernel: str, **fields: object) -> Call:
    return Call("s", kernel, fields, {}, ("x",), ("y",))


def test_a_range_has_the_elements_of_a_list_and_its_gradient_is_put_back_there() -> None:
    x = np.arange(1.0, 11.0)
    own = call("slice", dim=0, start=-9, end=8, step=3)
    y = find("slice").run(own, x)
    assert y.tolist() == x.tolist()[-9:8:3]
    slope = find_backward("slice")(Context(own, (x,), (y,)), 10 * y).inputs[0]
    assert slope.tolist() == [10 * each if each in y else 0 for each in x]


def test_a_range_beyond_the_axis_or_without_elements_is_refused() -> None:
    for fields in ({"start": None, "end": 5}, {"start": -5, "end": None}, {"start": 2, "end": 2}):
        with pytest.raises(IndexError):
            find("slice").run(call("slice", dim=1, step=1, **fields), np.ones((2, 4)))


def test_outputs_of_which_one_is_not_read_have_a_gradient_of_0() -> None:
    x = np.ones((2, 3))
    own = call("unbind", dim=1)
    slope = find_backward("unbind")(Context(own, (x,), ()), np.ones(2), None, np.full(2, 5.0)).inputs[0]
    assert slope.tolist() == [[1, 0, 5], [1, 0, 5]]
