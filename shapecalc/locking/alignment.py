"""Which layer of a lock is which layer of a network, where layers have come, gone, or got other names."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shapecalc.locking.entries import LockedLayer

    Key = Callable[[LockedLayer], object]

MOST_COMPARED = 1_000_000
"""Pairs of layers that are compared by what they are; among more, names alone decide."""


class Pair(NamedTuple):
    """The places of one layer in the lock and in the network; None where one has no such layer."""

    old: int | None
    new: int | None


def _name(layer: LockedLayer) -> object:
    return layer.path


def _kind(layer: LockedLayer) -> object:
    return layer.type, layer.digest


def alignments(old: Sequence[LockedLayer], new: Sequence[LockedLayer]) -> Iterator[tuple[Pair, ...]]:
    """Yield the ways to pair the layers, in the order of the network: by name first, then by what they are first.

    A layer that is put in gives all unnamed layers after it other names (`relu_3` becomes `relu_4`), so that by name
    each of them is another; a layer with another size is no more what it was, and has its name still. Both are tried,
    because none is right for every edit.
    """
    start, stop = 0, 0
    shortest = min(len(old), len(new))
    while start < shortest and _same(old[start], new[start]):
        start += 1
    while stop < shortest - start and _same(old[-1 - stop], new[-1 - stop]):
        stop += 1
    middle = _Stretch(start, len(old) - stop, start, len(new) - stop)
    small = (middle.old_end - start) * (middle.new_end - start) <= MOST_COMPARED
    for keys in ((_name, _kind), (_kind, _name)) if small else ((_name,),):
        pairs = [Pair(place, place) for place in range(start)]
        pairs += _met(list(_paired(old, new, middle, keys)), old, new)
        pairs += [Pair(len(old) - back, len(new) - back) for back in range(stop, 0, -1)]
        yield tuple(pairs)


class _Stretch(NamedTuple):
    """A part of both sequences that is still to be paired."""

    old: int
    old_end: int
    new: int
    new_end: int


def _same(layer: LockedLayer, other: LockedLayer) -> bool:
    return (layer.path, layer.type, layer.digest) == (other.path, other.type, other.digest)


def _paired(
    old: Sequence[LockedLayer], new: Sequence[LockedLayer], at: _Stretch, keys: tuple[Key, ...]
) -> Iterator[Pair]:
    """Yield pairs by the first key, and within the stretches where it finds none by the next one."""
    if not keys or at.old == at.old_end or at.new == at.new_end:
        several = at.old_end - at.old != at.new_end - at.new
        # As many layers in the same place stand for each other, whatever they are.
        if not several:
            yield from map(Pair, range(at.old, at.old_end), range(at.new, at.new_end))
            return
        yield from (Pair(place, None) for place in range(at.old, at.old_end))
        yield from (Pair(None, place) for place in range(at.new, at.new_end))
        return
    before = [keys[0](layer) for layer in old[at.old : at.old_end]]
    after = [keys[0](layer) for layer in new[at.new : at.new_end]]
    last_old, last_new = at.old, at.new
    for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        start_old, start_new = at.old + block.a, at.new + block.b
        yield from _paired(old, new, _Stretch(last_old, start_old, last_new, start_new), keys[1:])
        last_old, last_new = start_old + block.size, start_new + block.size
        yield from map(Pair, range(start_old, last_old), range(start_new, last_new))


def _met(pairs: list[Pair], old: Sequence[LockedLayer], new: Sequence[LockedLayer]) -> list[Pair]:
    """Join what has gone in one place and come in another under the same name."""
    gone = {old[pair.old].path: pair.old for pair in pairs if pair.old is not None and pair.new is None}
    met = []
    for pair in pairs:
        if pair.old is None and pair.new is not None:
            met.append(Pair(gone.pop(new[pair.new].path, None), pair.new))
        else:
            met.append(pair)
    return [pair for pair in met if pair.new is not None or (pair.old is not None and old[pair.old].path in gone)]
