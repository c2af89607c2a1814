"""Leading axes of query, key and value that broadcast, for the scripts that ask PyTorch."""

BROADCAST = (
    ((1, 71), (1, 1), (1, 1)),
    ((2, 3), (1, 3), (1, 3)),
    ((1, 3), (2, 3), (2, 3)),
    ((2, 3), (2, 1), (2, 3)),
    ((2, 1), (2, 3), (2, 1)),
    ((2, 1), (2, 1), (2, 3)),
    ((2, 3), (3,), (3,)),
    ((3,), (1,), (1,)),
    ((1,), (1,), (3,)),
    ((), (3,), (3,)),
    ((), (), (2, 3)),
    ((2, 1, 3), (1, 4, 3), (1, 4, 3)),
)
"""The leading axes of query, key and value where they are not equal."""
BROADCAST_IN_GROUPS = (
    ((2, 6), (1, 3), (1, 3)),
    ((1, 6), (2, 3), (2, 3)),
    ((2, 6), (2, 3), (2, 2)),
    ((2, 6), (2, 1), (2, 6)),
    ((6,), (3,), (3,)),
    ((2, 6), (3,), (1,)),
    ((4, 2, 6), (1, 2, 3), (4, 2, 3)),
)
"""The same with heads of keys and values that serve several heads of the query."""
