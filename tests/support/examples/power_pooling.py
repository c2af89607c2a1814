"""Examples of pools by norms."""

from __future__ import annotations

from tests.support.examples.table import BLOCK, MAP, ROW, Example, example

POWER_POOLING = [
    example("lp_pool", "the Euclidean norm", ROW, kernel_size=3),
    example("lp_pool", "sums that keep their sign", MAP, kernel_size=(2, 3), norm_type=1, stride=2),
    example("lp_pool", "an even power", BLOCK, kernel_size=2, norm_type=4, stride=(1, 2, 3)),
    example("lp_pool", "sums of absolute values", MAP, kernel_size=2, norm_type=1, absolute=True, padding=1),
    example("lp_pool", "powers of absolute values", ROW, kernel_size=3, norm_type=3, absolute=True, dilation=2),
    example("lp_pool", "more padding than half of a window", MAP, kernel_size=3, padding=((2, 0), (1, 2)), stride=1),
    example("lp_pool", "the overhang scaled", MAP, kernel_size=3, stride=2, ceil_mode=True),
    example("lp_pool", "the overhang as it is", ROW, kernel_size=3, ceil_mode=True, scale_overhang=False),
    example("lp_pool", "`same` with an even window", MAP, kernel_size=2, stride=1, padding="same"),
    example("lp_pool", "a window longer than the map", ("N", "C", 6, 4), kernel_size=17, ceil_mode=True),
    Example("lp_pool", "a fractional power", (MAP,), {"kernel_size": 2, "norm_type": 2.5}, positive=True),
]
