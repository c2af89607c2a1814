"""What an update changes in a lock: each file that was added, removed, moved, or has other figures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diffing.lock.alignment import aligned
from shapecalc.diffing.lock.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.diffing.lock.entries import Entry


class LayerCounts(NamedTuple):
    """The number of layers of each kind of change."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    """Those with another type, field, shape or count, or that read other values."""


class FileChange(NamedTuple):
    """A file of a lock before and after; `before` is None if it is new, `after` if it was removed."""

    key: str
    before: Entry | None
    after: Entry | None
    was: str = ""
    """The former key of a file that was moved."""

    @property
    def kind(self) -> str:
        """`new`, `removed`, `moved` to another name, or `changed`."""
        if self.before is None:
            return "new"
        return "removed" if self.after is None else "moved" if self.was else "changed"

    @property
    def layers(self) -> LayerCounts:
        """The layers that were added, removed and changed, of a file that was and is locked."""
        return LayerCounts() if self.before is None or self.after is None else layer_counts(self.before, self.after)


def layer_counts(old: Entry, new: Entry) -> LayerCounts:
    """Return the number of layers that differ between two entries of a file; a new name alone is not a change."""
    new = new.as_stated_by(old)
    pairs = aligned(old.layers, new.layers)
    wiring = Wiring(old, new, pairs)
    changed = 0
    for pair in pairs:
        if pair.old is not None and pair.new is not None:
            before, after = old.layers[pair.old], new.layers[pair.new]
            own = [layer._replace(path="", reads=(), shares="") for layer in (before, after)]
            rewired = wiring.rewired(before.reads, after.reads) or wiring.rewired(before.sources, after.sources)
            changed += own[0] != own[1] or rewired
    return LayerCounts(sum(pair.old is None for pair in pairs), sum(pair.new is None for pair in pairs), changed)


def moves(matches: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the former key of each new file that was moved, given the keys of equal entries whose files are gone.

    A file was moved if it is equal to one that is gone, and no other file is.

    >>> moves({"b.yaml": ["a.yaml"], "d.yaml": ["c.yaml"], "e.yaml": ["c.yaml"], "f.yaml": []})
    {'b.yaml': 'a.yaml'}
    """
    claims = Counter(old for keys in matches.values() for old in keys)
    return {key: keys[0] for key, keys in matches.items() if len(keys) == 1 and claims[keys[0]] == 1}
