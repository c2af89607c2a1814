"""Layers that repeat elements, of integers too."""

from torch_cases import Case, Filled

X, ONES, IDS = (2, 3, 4), (2, 1, 4), Filled((2, 1), "int64", 9)

CASES = (
    Case("expand", {"size": [2, 5, -1]}, (ONES,), lambda x: x.expand(2, 5, -1)),
    Case("expand", {"size": [3, 1, 2, 6, 4]}, (ONES,), lambda x: x.expand(3, 1, 2, 6, 4)),
    Case("expand", {"size": [-1, 1, 4]}, (ONES,), lambda x: x.expand(-1, 1, 4)),
    Case("expand", {"size": [2, 3]}, (IDS,), lambda x: x.expand(2, 3), saves=False),
    Case("tile", {"dims": [2, 1, 3]}, (X,), lambda x: x.tile(2, 1, 3)),
    Case("tile", {"dims": [2]}, (X,), lambda x: x.tile(2)),
    Case("tile", {"dims": [2, 3, 1, 1, 2]}, (X,), lambda x: x.tile(2, 3, 1, 1, 2)),
    Case("tile", {"dims": [1, 2]}, (IDS,), lambda x: x.tile(1, 2), saves=False),
    Case("repeat_interleave", {"repeats": 3, "dim": 1}, (X,), lambda x: x.repeat_interleave(3, 1)),
    Case("repeat_interleave", {"repeats": 2, "dim": -1}, (X,), lambda x: x.repeat_interleave(2, -1)),
    Case("repeat_interleave", {"repeats": 2, "dim": 0}, (IDS,), lambda x: x.repeat_interleave(2, 0), saves=False),
)
