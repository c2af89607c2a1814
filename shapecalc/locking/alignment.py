"""Which layer of a lock is which layer of a network, where layers have come, gone, or got other names."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shapecalc.locking.entries import LockedLayer

    Key = Callable[[LockedLayer], object]

MOST_COMPARED = 250_000
"""Pairs of layers that are compared by what they are; among more, names alone decide."""

MOST_BY_TYPE = 40_000
"""Pairs of layers among which words alone are compared: there are so few words that all match, which takes longer."""

_BY_PLACE = re.compile(r"(\w*_)?\d+")
"""What a step without a name, or a run of a repeated one, is called: it moves with every step put before it."""


class Pair(NamedTuple):
    """The places of one layer in the lock and in the network; None where one has no such layer."""

    old: int | None
    new: int | None


def _name(layer: LockedLayer) -> object:
    return layer.path


def _kind(layer: LockedLayer) -> object:
    return layer.type, layer.digest


def _counted(name: str) -> str | None:
    """Return what a name says besides a step's number, None where it says all by itself."""
    found = _BY_PLACE.fullmatch(name)
    return None if found is None else found[1] or ""


def _type(layer: LockedLayer) -> object:
    return layer.type


def renumbered(old: str, new: str) -> bool:
    """Return whether names are the same but for the numbers of unnamed steps.

    >>> renumbered("deep.relu_3", "deep.relu_4"), renumbered("c1", "c2")
    (True, False)
    """
    before, after = old.split("."), new.split(".")
    return len(before) == len(after) and all(
        one == other or _counted(one) == _counted(other) is not None for one, other in zip(before, after, strict=True)
    )


def alignments(old: Sequence[LockedLayer], new: Sequence[LockedLayer]) -> Iterator[tuple[Pair, ...]]:
    """Yield the ways to pair the layers, in the order of the network: by name first, then by what they are first.

    A layer that is put in gives all unnamed layers after it other names (`relu_3` becomes `relu_4`), so that by name
    each of them is another; a layer with another size is no more what it was, and has its name still. Both are tried,
    because none is right for every edit. What neither pairs is paired by its word alone.
    """
    for keys, same in (((_name, _kind, _type), _same), ((_kind, _name, _type), _alike)):
        start, stop = 0, 0
        shortest = min(len(old), len(new))
        while start < shortest and same(old[start], new[start]):
            start += 1
        while stop < shortest - start and same(old[-1 - stop], new[-1 - stop]):
            stop += 1
        middle = _Stretch(start, len(old) - stop, start, len(new) - stop)
        small = (middle.old_end - start) * (middle.new_end - start) <= MOST_COMPARED
        pairs = [Pair(place, place) for place in range(start)]
        found = _paired(old, new, middle, keys) if small else _named(old, new, middle)
        pairs += _met(list(found), old, new)
        pairs += [Pair(len(old) - back, len(new) - back) for back in range(stop, 0, -1)]
        yield tuple(pairs)


class _Stretch(NamedTuple):
    """A part of both sequences that is still to be paired."""

    old: int
    old_end: int
    new: int
    new_end: int


def _same(layer: LockedLayer, other: LockedLayer) -> bool:
    return layer.path == other.path and _alike(layer, other)


def _alike(layer: LockedLayer, other: LockedLayer) -> bool:
    return _kind(layer) == _kind(other)


def _paired(
    old: Sequence[LockedLayer], new: Sequence[LockedLayer], at: _Stretch, keys: tuple[Key, ...]
) -> Iterator[Pair]:
    """Yield pairs by the first key, and within the stretches where it finds none by the next one."""
    pairs = (at.old_end - at.old) * (at.new_end - at.new)
    if not keys or not pairs or (keys[0] is _type and pairs > MOST_BY_TYPE):
        yield from _left(at)
        return
    before = [keys[0](layer) for layer in old[at.old : at.old_end]]
    after = [keys[0](layer) for layer in new[at.new : at.new_end]]
    last_old, last_new = at.old, at.new
    for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        start_old, start_new = at.old + block.a, at.new + block.b
        yield from _paired(old, new, _Stretch(last_old, start_old, last_new, start_new), keys[1:])
        last_old, last_new = start_old + block.size, start_new + block.size
        yield from map(Pair, range(start_old, last_old), range(start_new, last_new))


def _left(at: _Stretch) -> Iterator[Pair]:
    """Yield what no key pairs: as many layers in the same place stand for each other, whatever they are."""
    before, after = range(at.old, at.old_end), range(at.new, at.new_end)
    if len(before) == len(after):
        yield from map(Pair, before, after)
        return
    yield from (Pair(place, None) for place in before)
    yield from (Pair(None, place) for place in after)


def _named(old: Sequence[LockedLayer], new: Sequence[LockedLayer], at: _Stretch) -> Iterator[Pair]:
    """Yield pairs by name in one walk, for stretches in which comparing each layer with each would take minutes."""
    places = {old[place].path: place for place in range(at.old, at.old_end)}
    last_old, last_new = at.old, at.new
    for here in range(at.new, at.new_end):
        there = places.get(new[here].path, -1)
        if there >= last_old:
            yield from _left(_Stretch(last_old, there, last_new, here))
            yield Pair(there, here)
            last_old, last_new = there + 1, here + 1
    yield from _left(_Stretch(last_old, at.old_end, last_new, at.new_end))


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
