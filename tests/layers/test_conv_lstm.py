"""Convolutional LSTMs: Keras's figures, and what is refused."""

from __future__ import annotations

from shapecalc.layers.conv_lstm import ConvLstm
from tests.support.layers import macs, params, refused

KERAS = ConvLstm(out_channels=40, kernel_size=3, padding="same")


def test_the_example_of_keras_has_its_parameters() -> None:
    """Keras 3.15.1: ConvLSTM2D(40, 3, padding="same") on frames of 40 x 40 x 1."""
    assert params(KERAS, (1, 10, 1, 40, 40)) == 59_200
    assert macs(KERAS, (1, 10, 1, 40, 40)) == 10 * 40 * 40 * 59_040


def test_the_last_step_alone_has_no_axis_of_time() -> None:
    layer = ConvLstm(out_channels=6, kernel_size=3, stride=2, return_sequences=False)
    state = (2, 6, 3, 4)
    assert layer.outputs((2, 5, 3, 7, 9)) == {"output": state, "h_n": state, "c_n": state}


def test_what_does_not_fit_is_refused() -> None:
    state = (2, 40, 8, 8)
    for inputs, code in (
        (((2, 3, 8),), "SC305"),
        (((2, 5, 3, 8, 8), state, (2, 40, 8, 7)), "SC301"),
        (((2, 5, 3, 8, 8), state), "SC313"),
    ):
        assert refused(KERAS, *inputs).code == code
    assert refused(ConvLstm(out_channels=2, kernel_size=9), (2, 5, 3, 8, 8)).code == "SC302"
