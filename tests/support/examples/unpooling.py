"""Examples of places of maxima, and of pools in further forms."""

from __future__ import annotations

from tests.support.examples.table import MAP, ROW, example

UNPOOLING = [
    example("max_pool", "the place of each maximum", MAP, kernel_size=3, stride=2, padding=1, return_indices=True),
    example("avg_pool", "gaps in the window", MAP, kernel_size=(3, 2), dilation=(2, 3), stride=1),
    example("avg_pool", "padding not counted", ROW, kernel_size=3, dilation=2, padding=1, count_include_pad=False),
    example("max_unpool", "as far as the windows reach", ROW, ROW, kernel_size=3, stride=2, padding=1),
    example("max_unpool", "the size stated", (2, 3, 5, 7), (2, 3, 5, 7), kernel_size=2, output_size=(11, 15)),
]
