"""Examples of layers that select a range, move, join, separate and repeat along an axis."""

from __future__ import annotations

from tests.support.examples.table import BLOCK, MAP, ROW, TABLE, TOKENS, example

SLICING = [
    example("slice", "without the last ones, as after a causal convolution", ROW, dim=-1, end=-5),
    example("slice", "from an index to an index", ("N", "C", 9), dim=2, start=2, end=7),
    example("slice", "every third, from the end", ROW, dim=2, start=-7, step=3),
    example("slice", "an axis that the step does not divide", MAP, dim=2, step=4),
    example("slice", "the first sample", ("N", "F"), dim=0, end=1),
    example("slice", "one channel of any number", MAP, dim=1, start=1, end=2),
    example("roll", "windows shifted against the map", TOKENS, shifts=-3, dims=1),
    example("roll", "rows and columns, further than they are long", ("N", 4, 6, "C"), shifts=(-3, 9), dims=(1, -2)),
    example("flip", "one axis", ROW, dims=-1),
    example("flip", "two of five axes", BLOCK, dims=(2, 4)),
    example("stack", "a new first axis", TABLE, TABLE, dim=0),
    example("stack", "three along a new last axis", TOKENS, TOKENS, TOKENS, dim=-1),
    example("stack", "one input alone", TABLE, dim=1),
    example("stack", "as many as a step takes", *[("N", 1)] * 4096, dim=1),
    example("unbind", "query, key and value", ("N", "L", 3, "F"), dim=2),
    example("unbind", "the last axis, from the end", ("C", 2), dim=-1),
    example("expand", "one row for each sample", (1, "F"), size=(4, -1)),
    example("expand", "further axes before the others, and one that is 1", ("N", 1, "F"), size=(2, 3, -1, 5, -1)),
    example("tile", "copies of the whole, and a further axis", ROW, dims=(2, 1, 3, 2)),
    example("tile", "of the last axis alone", MAP, dims=(3,)),
    example("repeat_interleave", "keys for all heads", ("N", 6, "L", "F"), repeats=4, dim=1),
    example("repeat_interleave", "of the last axis", ROW, repeats=2, dim=-1),
]
