"""Examples of depthwise and separable convolutions."""

from __future__ import annotations

from tests.support.examples.table import BLOCK, MAP, ROW, example

SEPARABLE = [
    example("conv", "a filter for each channel that arrives", MAP, kernel_size=3, depthwise=True, padding=1),
    example("conv", "three filters for each channel", ROW, kernel_size=2, depthwise=True, depth_multiplier=3, stride=2),
    example("conv", "output channels stated", ("N", 4, "L"), kernel_size=2, depthwise=True, out_channels=4, bias=False),
    example(
        "conv", "depthwise, standardized", ("N", 4, "L"), kernel_size=3, depthwise=True, standardize=True, gain=True
    ),
    example("separable_conv", "along a row", ROW, out_channels=5, kernel_size=3),
    example(
        "separable_conv",
        "each axis its own window and step",
        MAP,
        out_channels=2,
        kernel_size=(3, 2),
        stride=(2, 1),
        padding=(1, 0),
        dilation=(1, 2),
        depth_multiplier=3,
        bias=False,
    ),
    example("separable_conv", "`same` as in Keras", MAP, out_channels=5, kernel_size=4, stride=2, padding="same"),
    example("separable_conv", "causal", ROW, out_channels=2, kernel_size=3, padding="causal", dilation=2),
    example("separable_conv", "a block", BLOCK, out_channels=2, kernel_size=2),
    example(
        "separable_conv", "channels that the file states", ("N", 4, "L"), out_channels=5, kernel_size=3, in_channels=4
    ),
]
