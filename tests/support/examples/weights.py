"""Examples of layers whose weight is computed from other tensors."""

from __future__ import annotations

from tests.support.examples.table import MAP, ROW, TABLE, TOKENS, example

WEIGHTS = [
    example("conv", "a length per filter", MAP, out_channels=5, kernel_size=(2, 3), weight_norm=True),
    example(
        "conv",
        "a length per element of the window, as in wav2vec 2.0",
        ("N", 6, "L"),
        out_channels=4,
        kernel_size=3,
        padding="same",
        groups=2,
        weight_norm=True,
        weight_norm_dim=2,
        bias=False,
    ),
    example("conv", "a length per channel", MAP, out_channels=2, kernel_size=3, weight_norm=True, weight_norm_dim=1),
    example("conv", "standardized filters", MAP, out_channels=2, kernel_size=3, standardize=True, eps=0.25),
    example(
        "conv",
        "standardized and scaled by gains, in groups",
        ("N", 6, "L"),
        out_channels=4,
        kernel_size=3,
        groups=2,
        standardize=True,
        gain=True,
        gamma=1.75,
    ),
    example("conv_transpose", "a length per input channel", ROW, out_channels=5, kernel_size=3, weight_norm=True),
    example(
        "conv_transpose",
        "a length per output channel",
        ("N", 4, "H", "W"),
        out_channels=6,
        kernel_size=(3, 2),
        stride=2,
        groups=2,
        weight_norm=True,
        weight_norm_dim=1,
    ),
    example("linear", "a length per row of the weight", TOKENS, out_features=5, weight_norm=True),
    example("linear", "a length per feature", TABLE, out_features=5, weight_norm=True, weight_norm_dim=1, bias=False),
    example("linear", "standardized rows", TABLE, out_features=5, standardize=True, eps=0.5),
    example("linear", "scaled rows", TOKENS, out_features=7, standardize=True, gain=True, gamma=0.5),
]
