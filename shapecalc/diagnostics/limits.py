"""Limits on what a file may contain; only the caller can raise them (`--limit`), never a file."""

from __future__ import annotations

from typing import NamedTuple

from shapecalc.diagnostics.numbers import option_size

_OF_BYTES = frozenset({"file_size", "include_size"})
_MIB = 1 << 20


class Limits(NamedTuple):
    """Limits on one file, each with its own diagnostic.

    `file_size` in bytes SC010; `depth` of nested collections, aliases expanded, and of steps in blocks and branches,
    SC011; `nodes` after alias expansion and `aliases` SC012; `scalar_length` in characters SC013; `integer_digits`
    SC014; `layers` with blocks and repeats expanded, computed before the expansion, and `block_steps` of blocks called
    with arguments that no other call has, SC016; files of `includes` SC017, `include_size` in bytes of all of them
    SC018, `include_depth` of nested includes SC019; `rank`, the axes of a shape, SC321.

    >>> Limits(nodes=10).depth
    64
    """

    file_size: int = _MIB
    depth: int = 64
    nodes: int = 100_000
    aliases: int = 1_000
    scalar_length: int = 1 << 16
    integer_digits: int = 20
    layers: int = 100_000
    block_steps: int = 10_000
    includes: int = 64
    include_size: int = 4 * _MIB
    include_depth: int = 8
    rank: int = 32

    def raising(self, name: str, least: int | None = None) -> str:
        """Return the help with the option that raises a limit to `least`, by default to ten times its value.

        >>> Limits().raising("layers", 160_000), Limits().raising("file_size")
        ('`--limit layers=160000` allows it', '`--limit file-size=10MiB` allows more')
        """
        value = min(least or 10 * int(getattr(self, name)), MOST.get(name, LARGEST))
        written = option_size(value) if name in _OF_BYTES and value >= _MIB else str(value)
        return f"`--limit {flag(name)}={written}` allows {'it' if least else 'more'}"


LIMITS = Limits()
"""The default limits."""

LARGEST = 2**40
"""The highest value of a limit, more than any memory can contain."""

MOST = {"depth": 128, "integer_digits": 4_000, "rank": 64}
"""Lower highest values, due to Python's recursion limit, its longest integer, and NumPy's number of axes."""


def flag(name: str) -> str:
    """Return the name of a limit on the command line.

    >>> flag("file_size")
    'file-size'
    """
    return name.replace("_", "-")


def is_of_bytes(name: str) -> bool:
    """Return whether a limit is in bytes, so that values such as `4MiB` are allowed."""
    return name in _OF_BYTES
