"""Sets of sizes of one symbol: some sizes one by one, and from some size on by remainder."""

from __future__ import annotations

from typing import NamedTuple

MOST_NAMED = 10
"""Runs of sizes that a sentence lists."""


class Sizes(NamedTuple):
    """The valid sizes of one symbol: `early`, below `start`, and each s ≥ `start` with s mod `period` in `residues`.

    In lowest terms: no smaller period or start gives the same sizes.
    """

    early: tuple[int, ...]
    start: int
    period: int
    residues: tuple[int, ...]

    def __contains__(self, size: object) -> bool:
        if not isinstance(size, int) or size < 1:
            return False
        return size in self.early if size < self.start else size % self.period in self.residues

    @property
    def smallest(self) -> int | None:
        """The smallest valid size; None if no size is valid."""
        return self.from_(1)

    def from_(self, size: int) -> int | None:
        """Return the smallest valid size of at least `size`; None if there is none."""
        size = max(size, 1)
        later = [early for early in self.early if early >= size]
        if later:
            return later[0]
        if not self.residues:
            return None
        size = max(size, self.start)
        return min(size + (residue - size) % self.period for residue in self.residues)

    def up_to(self, size: int) -> int | None:
        """Return the largest valid size of at most `size`; None if there is none."""
        if size >= self.start and self.residues:
            below = max(size - (size - residue) % self.period for residue in self.residues)
            if below >= self.start:
                return below
        return max((early for early in self.early if early <= size), default=None)

    def first(self, count: int) -> tuple[int, ...]:
        """Return the `count` smallest valid sizes, or all if there are fewer."""
        sizes: list[int] = []
        at = self.from_(1)
        while at is not None and len(sizes) < count:
            sizes.append(at)
            at = self.from_(at + 1)
        return tuple(sizes)

    def sentence(self, name: str) -> str:
        """Return the sizes as a sentence about a symbol.

        >>> Sizes((), 32, 16, (0,)).sentence("H")
        'H must be a multiple of 16, and at least 32'
        """
        if not self.residues:
            if not self.early:
                return f"no size of {name} is valid"
            return f"{name} must be {_one_of(self.early)}"
        parts = []
        if self.residues == (0,) and self.period > 1:
            parts.append(f"a multiple of {self.period}")
        elif self.period > 1:
            rest = _one_of(self.residues)
            parts.append(f"{rest} modulo {self.period}")
        smallest = self.start if not self.early else None
        trivial = smallest is not None and smallest <= min(residue or self.period for residue in self.residues)
        if smallest is not None and not trivial:
            parts.append(f"at least {smallest}")
        if not parts and not self.early:
            return f"any size of {name} is valid"
        sentence = f"{name} must be {', and '.join(parts)}" if parts else f"{name} may be any size"
        if self.early:
            sentence += f"{',' if parts else ''} from {self.start} on; before that {_one_of(self.early)}"
        return sentence


def _one_of(numbers: tuple[int, ...]) -> str:
    """Return numbers in ascending order as text, consecutive ones as `3 to 7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    parts = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    if len(parts) > MOST_NAMED:
        return f"one of {', '.join(parts[:MOST_NAMED])}, … ({len(numbers)} in total)"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"
