"""Examples of layers that move numbers or take some away, and of what trains beside them: a scale, a dropped branch."""

from __future__ import annotations

from tests.support.examples.table import BLOCK, MAP, ROW, TABLE, TOKENS, VECTOR, example

MOVING = [
    example("squeeze", "an axis of 1 goes", ("N", "C", 1, "W"), dim=2),
    example("squeeze", "the last axis, from the end", ("N", "F", 1), dim=-1),
    example("squeeze", "a list of one", (1, "N", "C"), dim=(0,)),
    example("unsqueeze", "channels for a map that has none", ("N", "H", "W"), dim=1),
    example("unsqueeze", "−1 puts it last", TABLE, dim=-1),
    example("unsqueeze", "first, from the end", ROW, dim=-4),
    example("channel_shuffle", "two groups of three", ("N", 6, "H", "W"), groups=2),
    example("channel_shuffle", "one spatial axis, groups of one channel", ("N", 4, "L"), groups=4),
    example("channel_shuffle", "one group is any number of channels", BLOCK, groups=1),
    example("pixel_shuffle", "twice the size", ("N", 12, "H", "W"), upscale_factor=2),
    example("pixel_shuffle", "three times, one channel, as in ESPCN", ("N", 9, "H", "W"), upscale_factor=3),
    example("pixel_unshuffle", "half the size", ("N", "C", 4, 6), downscale_factor=2),
    example("pixel_unshuffle", "a third, nine channels of one", ("N", 1, 6, 9), downscale_factor=3),
    example("pixel_unshuffle", "by 1 moves nothing", MAP, downscale_factor=1),
    example("center_crop", "one size for every axis", ("N", "C", 8, 9), size=4),
    example("center_crop", "each axis its own, one of them whole", ("N", "C", 8, 9), size=(8, 4)),
    example("center_crop", "one cell of any row", ROW, size=1),
    example("center_crop", "three spatial axes", ("N", "C", 4, 6, 8), size=(3, 1, 6)),
    example("center_crop", "to a second input, other channels", ("N", "C", 8, 9), ("N", "F", 4, 6)),
    example("center_crop", "to one row as wide, for all sizes", MAP, ("N", "F", 1, "W")),
    example("stochastic_depth", "everything passes", MAP, p=0.2),
    example("stochastic_depth", "whatever the probability", VECTOR, p=1.0, mode="batch"),
    example("scale", "a factor for each channel", MAP),
    example("scale", "factor and addend, as in LeNet-5", ROW, bias=True),
    example("scale", "channels last, as in ConvNeXt", TOKENS, dim=-1, bias=True),
    example("scale", "a factor for each sample", TABLE, dim=0),
    example("scale", "channels that the file states", ("N", 4, "L"), num_features=4),
]
