"""Convolutional LSTMs: over single positions they are LSTMs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels

RANDOM = np.random.default_rng(3)


def test_windows_of_one_element_are_an_lstm_at_each_position() -> None:
    x = RANDOM.standard_normal((2, 4, 3, 5))
    w_ih, w_hh, bias = (RANDOM.standard_normal(shape) for shape in ((8, 3), (8, 2), (8,)))
    tensors = {"weight_ih": w_ih[..., None], "weight_hh": w_hh[..., None], "bias": bias}
    maps = kernels.run("conv_lstm", x, parameters=tensors, out_channels=2, kernel_size=1)
    plain = {"weight_ih_l0": w_ih, "weight_hh_l0": w_hh, "bias_ih_l0": bias, "bias_hh_l0": np.zeros(8)}
    for position in range(5):
        sequence = kernels.run("lstm", x[..., position], parameters=plain, hidden_size=2, batch_first=True)
        np.testing.assert_allclose(maps[..., position], sequence, rtol=1e-12)


def test_states_of_another_size_are_refused() -> None:
    tensors = {"weight_ih": np.ones((8, 3, 1)), "weight_hh": np.ones((8, 2, 1)), "bias": np.ones(8)}
    states = (np.ones((2, 2, 4)), np.ones((2, 2, 5)))
    with pytest.raises(ValueError, match="begins with states of"):
        kernels.run("conv_lstm", np.ones((2, 4, 3, 5)), *states, parameters=tensors, out_channels=2, kernel_size=1)
