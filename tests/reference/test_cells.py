"""Cells, applied one after another: the same as the layer that reads the whole sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.support import kernels

RANDOM = np.random.default_rng(3)


def test_steps_one_after_another_are_the_sequence() -> None:
    x = RANDOM.standard_normal((4, 2, 5))
    for word, gates in (("rnn", 1), ("lstm", 4), ("gru", 3)):
        shapes = {"weight_ih": (gates * 3, 5), "weight_hh": (gates * 3, 3), "bias_ih": (gates * 3,)}
        tensors = {name: RANDOM.standard_normal(shape) for name, shape in (shapes | {"bias_hh": (gates * 3,)}).items()}
        stacked = {f"{name}_l0": array for name, array in tensors.items()}
        whole = kernels.run(word, x, parameters=stacked, hidden_size=3)
        states: tuple[Any, ...] = ()
        for step, expected in zip(x, whole, strict=True):
            states = kernels.outputs_of(kernels.call_of(f"{word}_cell", tensors, hidden_size=3), step, *states)
            np.testing.assert_allclose(states[0], expected, rtol=1e-12)
