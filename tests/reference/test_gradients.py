"""The registry of backward kernels, and what one is handed."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc import reference
from shapecalc.reference.base import Call
from shapecalc.reference.gradients import BACKWARD_KERNELS, Context, Gradients, backward


def test_exactly_the_types_with_a_kernel_have_a_backward_kernel() -> None:
    words = reference.layer_types() - {"opaque"}  # an operator without a layer cannot be run
    assert {word for word in words if reference.find_backward(word)} == words == set(BACKWARD_KERNELS)


def test_a_second_backward_kernel_is_refused() -> None:
    before = reference.find_backward("relu")
    with pytest.raises(ValueError, match=r"`relu` has two backward kernels: shapecalc\.reference\.activation and "):

        @backward("relu")
        def another(_past: Context, gradient: np.ndarray) -> Gradients:
            return Gradients((gradient,))

    assert reference.find_backward("relu") is before


def test_products_to_inputs_and_to_parameters_are_counted_apart_and_for_each_pass() -> None:
    first, second = (Context(Call("a", "relu", {}, {}, ("x",), ("y",)), (), ()) for _ in range(2))
    first.to_inputs.matmul(np.ones((2, 3)), np.ones((3, 5)))
    assert [work.macs for ctx in (first, second) for work in (ctx.to_inputs, ctx.to_parameters)] == [30, 0, 0, 0]
