"""Examples of convolutional LSTMs."""

from __future__ import annotations

from tests.support.examples.table import example

FRAMES = ("N", 3, 4, "H", "W")
CONV_LSTM = [
    example("conv_lstm", "maps of the input's size", FRAMES, out_channels=2, kernel_size=3, padding="same"),
    example(
        "conv_lstm", "the last step alone, unpadded", FRAMES, out_channels=2, kernel_size=3, return_sequences=False
    ),
    example(
        "conv_lstm",
        "each axis its own window and step, without bias",
        FRAMES,
        out_channels=2,
        kernel_size=(3, 2),
        stride=(2, 1),
        padding=(1, 0),
        dilation=(1, 2),
        bias=False,
    ),
    example("conv_lstm", "rows", ("N", 4, 3, "L"), out_channels=2, kernel_size=3, padding=1, in_channels=3),
    example("conv_lstm", "blocks", ("N", 1, 3, "H", "W", "L"), out_channels=2, kernel_size=2, stride=4),
    example(
        "conv_lstm",
        "states given",
        ("N", 4, 3, "L"),
        ("N", 6, "L"),
        ("N", 6, "L"),
        out_channels=6,
        kernel_size=3,
        padding="same",
    ),
]
