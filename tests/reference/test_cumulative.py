"""Cumulative sums by hand, with their gradient."""

from __future__ import annotations

import numpy as np

from tests.support import kernels


def test_each_element_is_the_sum_of_those_up_to_it() -> None:
    x = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]])
    assert kernels.run("cumsum", x, dim=1).tolist() == [[1, 3, 7], [8, 24, 56]]
    assert kernels.run("cumsum", x, dim=0).tolist() == [[1, 2, 4], [9, 18, 36]]
    assert kernels.run("cumsum", x > 3, dim=-1).tolist() == [[0, 0, 1], [1, 2, 3]]


def test_an_element_has_the_gradients_of_all_sums_that_it_is_in() -> None:
    call = kernels.call_of("cumsum", dim=0)
    (to_input,) = kernels.gradients_of(call, (np.zeros(3),), np.array([1.0, 10.0, 100.0])).inputs
    assert to_input is not None
    assert to_input.tolist() == [111, 110, 100]
