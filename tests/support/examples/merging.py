"""Examples of the layers where paths meet and part."""

from __future__ import annotations

from tests.support.examples.table import MAP, ROW, TABLE, TOKENS, VECTOR, Example, example

JOINING = [
    example("concat", "channels unless stated", ("N", 4, "H", "W"), ("N", 6, "H", "W"), ("N", "C", "H", "W")),
    example("concat", "one input alone", MAP),
    Example("concat", "whole numbers", (TABLE, ("N", 4)), {"dim": 1}, ("int64", "int64"), below=9),
    example("concat", "along the last axis", TOKENS, ("N", "L", 4), dim=-1),
    example("concat", "along the batch", TABLE, TABLE, dim=0),
    example("concat", "of vectors", VECTOR, (4,), dim=0),
    example("concat", "as many as a step takes", *[("N", 1)] * 4096),
]

MATMUL = [
    example("matmul", "two matrices", ("L", "F"), ("F", "C")),
    example("matmul", "a matrix per sample", ("N", "L", "F"), ("N", "F", 4)),
    example("matmul", "one matrix for all samples", ("N", "C", "L", "F"), ("F", 4)),
    example("matmul", "axes of 1 stretch on both sides", (1, "C", "L", "F"), ("N", 1, "F", 4)),
    example("matmul", "scores of attention", ("N", "H", "L", "F"), ("N", "H", "W", "F"), transpose_b=True),
    example("matmul", "the first stretches, the second turned", ("L", "F"), ("N", 4, "F"), transpose_b=True),
]

CUTTING = [
    example("split", "pieces of one size, the last with what is left", ("N", 10, "L"), split_size=4),
    example("split", "pieces of one size that leave nothing over", ("N", 12, "L"), split_size=3),
    example("split", "a piece as long as the axis", ("N", 4), split_size=9),
    example("split", "a size for each piece", ("N", 10, "H", "W"), split_size=(1, 6, 3)),
    example("split", "the last axis", ("N", "L", 9), split_size=(5, 4), dim=-1),
    example("split", "every cell of a vector", (7,), split_size=1, dim=0),
    example("chunk", "pieces of one size", ("N", 12, "L"), chunks=3),
    example("chunk", "the last smaller", ("N", 10, "H", "W"), chunks=4),
    example("chunk", "one piece, whatever the axis", MAP, chunks=1),
    example("chunk", "the last axis: gates of a cell", ("N", "L", 20), chunks=4, dim=-1),
    example("chunk", "the first axis", (9, "F"), chunks=2, dim=0),
    example("select_channels", "in the order of the list", ("N", 6, "H", "W"), channels=(4, 0, 5)),
    example("select_channels", "one taken twice", ("N", 3), channels=(2, 2, 1, 0)),
    example("select_channels", "the first, which every input has", ROW, channels=(0,)),
]

MERGING = [*JOINING, *MATMUL, *CUTTING]
