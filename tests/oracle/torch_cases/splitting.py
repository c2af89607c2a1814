"""Layers that split an axis, and one that returns what it reads, of flags too."""

from torch_cases import Case, Filled

CASES = (
    Case("split", {"split_size": 2}, ((2, 5, 4),), lambda x: x.split(2, 1)),
    Case("split", {"split_size": [1, 4], "dim": -2}, ((2, 5, 4),), lambda x: x.split([1, 4], -2)),
    Case("chunk", {"chunks": 2, "dim": 0}, ((5, 3),), lambda x: x.chunk(2, 0)),
    Case("identity", {}, (Filled((2, 3), "bool"),), lambda x: x),
    Case("select", {"dim": 1, "index": -1}, (Filled((2, 3), "int64", 9),), lambda x: x.select(1, -1)),
)
