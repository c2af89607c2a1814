"""How much a file may ask for; only the command line raises these, never a file."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """Budgets of one reading, each with its own diagnostic.

    `file_bytes` SC010; `depth` of nested collections, aliases expanded, SC011; `nodes` after alias expansion and
    `aliases` SC012; `scalar_length` in characters SC013; `integer_digits` SC014; `layers` after blocks and repeats are
    written out SC016; `includes` SC017.

    >>> Limits(nodes=10).depth
    64
    """

    file_bytes: int = 1 << 20
    depth: int = 64
    nodes: int = 100_000
    scalar_length: int = 1 << 16
    integer_digits: int = 20
    aliases: int = 1_000
    layers: int = 100_000
    includes: int = 32
