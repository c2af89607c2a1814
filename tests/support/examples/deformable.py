"""Examples of deformable convolution."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from tests.support.examples.table import MAP, example

if TYPE_CHECKING:
    from shapecalc.layers import Layer


def multiplications(layer: Layer, x: tuple[int, ...], offset: tuple[int, ...], *mask: tuple[int, ...]) -> int:
    """Those of the weights of four elements, a product each, of the elements with these, and of the mask."""
    weight = layer.parameters(x, offset)["weight"]
    return 2 * prod(offset) + (4 + len(mask)) * prod(x[:2]) * prod(weight[2:]) * prod(offset[2:])


OFFSETS, GROUPED = ("N", 18, "H", "W"), ("N", 4, "H", "W")
DEFORMABLE = [
    example(
        "deform_conv", "offsets of each element of the window", MAP, OFFSETS, out_channels=5, kernel_size=3, padding=1
    ),
    example(
        "deform_conv",
        "a mask, and offsets of each group",
        GROUPED,
        ("N", 24, "H", "W"),
        ("N", 12, "H", "W"),
        out_channels=6,
        kernel_size=(3, 2),
        padding="same",
        dilation=(2, 1),
        groups=2,
        bias=False,
    ),
    example(
        "deform_conv",
        "each axis its own stride and padding",
        (1, 3, 5, 4),
        (1, 12, 2, 5),
        out_channels=7,
        kernel_size=(3, 2),
        stride=(2, 1),
        padding=((0, 0), (1, 1)),
        in_channels=3,
    ),
]
