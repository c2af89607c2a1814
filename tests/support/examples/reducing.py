"""Examples of reductions over axes, and of vectors divided by their norm."""

from __future__ import annotations

from math import inf

from tests.support.examples.table import BLOCK, MAP, TABLE, TOKENS, VECTOR, Example, example

SEQUENCE = ("L", "N", "F")
REDUCTIONS = [
    row
    for word in ("mean", "max", "min", "sum", "prod", "logsumexp", "var", "std", "norm")
    for row in (
        example(word, "over the steps", SEQUENCE, dim=0),
        example(word, "an axis of 1 stays", TOKENS, dim=1, keepdim=True),
        example(word, "over the last axis of a map", MAP, dim=-1),
        example(word, "of a vector", VECTOR, dim=0),
        example(word, "over the map", ("N", "H", 3, 4), dim=(2, -1)),
        example(word, "over axes that are not neighbours", (4, "N", 3), dim=(2, 0), keepdim=True),
        example(word, "over all axes", (4, 3), dim=None),
        example(word, "over all axes, which stay", (2, 3), dim=None, keepdim=True),
    )
]

NORMS = [
    example("var", "of the elements themselves", TABLE, dim=1, correction=0),
    example("std", "with half an element taken off", TABLE, dim=1, correction=0.5),
    *(example("norm", f"of order {p}", TOKENS, dim=(1, 2), p=p) for p in (0, 1, 1.5, 3, inf, -inf)),
    example("normalize", "the channels unless stated", MAP),
    example("normalize", "along the last axis", TABLE, dim=-1, p=1),
    example("normalize", "over several axes", BLOCK, dim=(1, -1), p=3),
    example("normalize", "by the greatest absolute value", TOKENS, p=inf),
    example("normalize", "vectors shorter than eps", TABLE, eps=100.0),
    Example("sum", "how many flags are true", (TABLE,), {"dim": 0}, dtypes=("bool",)),
    Example("max", "of integers", (TABLE,), {"dim": 0}, dtypes=("int64",), below=50),
]

REDUCING = [*REDUCTIONS, *NORMS]
