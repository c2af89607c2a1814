"""How much a file may ask for; only who calls raises these, by `--limit` on the command line, never a file."""

from __future__ import annotations

from typing import NamedTuple

from shapecalc.diagnostics.numbers import option_size

_OF_BYTES = frozenset({"file_size", "include_size"})
_MIB = 1 << 20


class Limits(NamedTuple):
    """Budgets of one reading, each with its own diagnostic.

    `file_size` in bytes SC010; `depth` of nested collections, aliases expanded, and of steps in blocks and branches,
    SC011; `nodes` after alias expansion and `aliases` SC012; `scalar_length` in characters SC013; `integer_digits`
    SC014; `layers` after blocks and repeats are written out, worked out before they are, and `block_steps` of blocks
    called with arguments that no other call has, SC016; files of `includes` SC017, `include_size` in bytes of all of
    them SC018, `include_depth` of files that include files SC019; `rank`, the axes of a shape, SC321.

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
        """Return the help that names the flag for a limit which is passed: to `least`, else to ten times as much.

        >>> Limits().raising("layers", 160_000), Limits().raising("file_size")
        ('`--limit layers=160000` allows it', '`--limit file-size=10MiB` allows more')
        """
        value = min(least or 10 * int(getattr(self, name)), MOST.get(name, LARGEST))
        written = option_size(value) if name in _OF_BYTES and value >= _MIB else str(value)
        return f"`--limit {flag(name)}={written}` allows {'it' if least else 'more'}"


LIMITS = Limits()
"""What holds unless the command line says otherwise."""

LARGEST = 2**40
"""The most that a limit can be raised to, beyond what any memory holds."""

MOST = {"depth": 128, "integer_digits": 4_000, "rank": 64}
"""How far some of them can be raised: Python's recursion, its longest integer, and NumPy's axes end there."""


def flag(name: str) -> str:
    """Return how the command line calls a limit.

    >>> flag("file_size")
    'file-size'
    """
    return name.replace("_", "-")


def is_of_bytes(name: str) -> bool:
    """Return whether a limit counts bytes, so that it may be written `4MiB`."""
    return name in _OF_BYTES
