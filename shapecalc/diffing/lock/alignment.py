"""Which layer of one network is which layer of another, where layers have come, gone, changed or got other names."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.diffing.lock.entries import LockedLayer

MOST_COMPARED = 1_000_000
"""Pairs of layers; where it takes more to be sure of the fewest edits, layers are paired within their bodies."""

_EDIT = 1 << 64
"""One edit weighs more than any number of what follows here, and each of that more than any number of the next."""
_FEWER = 1 << 40
"""Of a layer that came or went: where the edits are equal, as few as possible do so."""
_MOVED = 1 << 20
"""Of a layer that is what it was and comes to something else: it has followed another, or is another of its kind."""
_GAP = 5 * _EDIT + _FEWER
_NEVER = 1 << 99
_COUNTED = re.compile(r"(\w*_)?\d+")
"""What a step without a name, or a run of a repeated one, is called: it moves with every step put before it."""


_Turns = list[tuple[int, bytearray]]
"""For each old layer, the first new one that it was compared with; for each: 0 a pair, 1 if it went, 2 if that came."""


class Pair(NamedTuple):
    """The places of one layer in the old network and in the new one; None where one has no such layer."""

    old: int | None
    new: int | None

    def after(self, old: int, new: int) -> Pair:
        """Return the pair as it is where so many layers stand before it."""
        return Pair(None if self.old is None else self.old + old, None if self.new is None else self.new + new)


class _Key(NamedTuple):
    """What a layer is paired by, or a body of layers, which has no type."""

    path: str
    pattern: str
    """Its path without the numbers that only count steps."""
    type: str
    digest: object
    figures: object
    """What it comes to: shapes, params and costs."""
    stays: bool
    """Whether both networks have its path, so that another path is hardly a new name for it."""


def renumbered(old: str, new: str) -> bool:
    """Return whether names are the same but for the numbers of unnamed steps.

    >>> renumbered("deep.relu_3", "deep.relu_4"), renumbered("c1", "c2")
    (True, False)
    """
    return _pattern(old) == _pattern(new)


def _pattern(path: str) -> str:
    return ".".join((found[1] or "") + "#" if (found := _COUNTED.fullmatch(part)) else part for part in path.split("."))


def aligned(old: Sequence[LockedLayer], new: Sequence[LockedLayer]) -> tuple[Pair, ...]:
    """Pair the layers with the fewest edits, in the order of the new network.

    A name that only counts steps (`relu_3` is now `relu_4`) is no edit, one that was chosen is; a layer that came or
    went is half an edit more than one that got other fields. So where layers are only put in, nothing is gone. What has
    gone in one place and come in another under the same name is one layer; so are as many layers in the same place,
    whatever they are.
    """
    paths = {layer.path for layer in old} & {layer.path for layer in new}
    before, after = (
        [
            _Key(layer.path, _pattern(layer.path), layer.type, layer.digest, _figures(layer), layer.path in paths)
            for layer in layers
        ]
        for layers in (old, new)
    )
    return tuple(_met(list(_in_place(_paired(before, after, 1))), old, new))


def _figures(layer: LockedLayer) -> object:
    return layer.outputs, layer.params, layer.macs, layer.flops


def _paired(old: Sequence[_Key], new: Sequence[_Key], depth: int) -> list[Pair]:
    """Pair layers whose bodies are told apart by that many parts of their paths."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    old, new = old[start:], new[start:]
    found = _cheapest(old, new)
    if found is None:
        stop = 0
        while stop < min(len(old), len(new)) and _cost(old[-1 - stop], new[-1 - stop]) < _MOVED:
            stop += 1
        found = [*_by_bodies(old[: len(old) - stop], new[: len(new) - stop], depth)]
        found += [Pair(len(old) - back, len(new) - back) for back in range(stop, 0, -1)]
    return [*(Pair(place, place) for place in range(start)), *(pair.after(start, start) for pair in found)]


def _cost(old: _Key, new: _Key) -> int:
    """Return what it costs to say that a layer is another one: less than `2 * _GAP` where that is likelier than not."""
    if old.type != new.type:
        return 6 * _EDIT if old.path == new.path else _NEVER
    if old.digest == new.digest:
        if old.pattern == new.pattern:
            return (old.path != new.path) + (0 if old.figures == new.figures else _MOVED)
        return 6 * _EDIT if old.stays and new.stays else 3 * _EDIT
    if old.path == new.path:
        return 4 * _EDIT
    return 5 * _EDIT if old.pattern == new.pattern else 8 * _EDIT


def _cheapest(old: Sequence[_Key], new: Sequence[_Key]) -> list[Pair] | None:
    """Return the pairing with the least cost, None where it would take more than `MOST_COMPARED` to be sure of it.

    To begin with, no prefixes are compared that differ more in length than the whole; then farther ones.
    """
    more, shortest = abs(len(new) - len(old)), min(len(old), len(new))
    if not shortest:
        return [*(Pair(place, None) for place in range(len(old))), *(Pair(None, place) for place in range(len(new)))]
    spare = 0
    while len(old) * (more + 2 * spare + 1) <= MOST_COMPARED:
        turns, cost = _within(old, new, spare)
        # To get farther apart and back takes layers that come and go.
        if spare == shortest or cost <= (more + 2 * (spare + 1)) * _GAP:
            return _walked_back(turns, len(new))
        spare = min(max(4 * spare, 1), shortest)
    return None


def _within(old: Sequence[_Key], new: Sequence[_Key], spare: int) -> tuple[_Turns, int]:
    """Compare prefixes of about the same length by dynamic programming; return the turns taken, and what they cost."""
    more = len(new) - len(old)
    low, high = min(more, 0) - spare, max(more, 0) + spare
    costs = {place: place * _GAP for place in range(min(high, len(new)) + 1)}
    turns = []
    for count, one in enumerate(old, 1):
        start, stop = max(count + low, 0), min(count + high, len(new))
        row = {}
        turn = bytearray(stop - start + 1)
        left = _NEVER
        for place in range(start, stop + 1):
            gone, came = costs.get(place, _NEVER) + _GAP, left + _GAP
            both = costs[place - 1] + _cost(one, new[place - 1]) if place else _NEVER
            # Of alike layers in a row the last is the one that came or went.
            if came <= gone and came <= both:
                left, turn[place - start] = came, 2
            elif gone <= both:
                left, turn[place - start] = gone, 1
            else:
                left = both
            row[place] = left
        costs = row
        turns.append((start, turn))
    return turns, costs[len(new)]


def _walked_back(turns: _Turns, other: int) -> list[Pair]:
    found: list[Pair] = []
    one = len(turns)
    while one:
        start, turn = turns[one - 1]
        match turn[other - start]:
            case 0:
                one, other = one - 1, other - 1
                found.append(Pair(one, other))
            case 1:
                one -= 1
                found.append(Pair(one, None))
            case _:
                other -= 1
                found.append(Pair(None, other))
    found += [Pair(None, place) for place in range(other - 1, -1, -1)]
    return found[::-1]


class _Body(NamedTuple):
    """Neighbours below one path, or a layer by itself."""

    key: _Key
    start: int
    stop: int


_NOTHING = _Body(_Key("", "", "", (), (), stays=False), 0, 0)


def _by_bodies(old: Sequence[_Key], new: Sequence[_Key], depth: int) -> Iterator[Pair]:
    """Yield pairs of layers within pairs of bodies, where to compare each layer with each would take too long."""
    before, after = _bodies(old, depth), _bodies(new, depth)
    sides = [[body.key for body in bodies] for bodies in (before, after)]
    found = _cheapest(*sides)
    for pair in _named(*sides) if found is None else found:
        one = _NOTHING if pair.old is None else before[pair.old]
        other = _NOTHING if pair.new is None else after[pair.new]
        if one.key.type and other.key.type:
            yield Pair(one.start, other.start)
        else:
            inner = _paired(old[one.start : one.stop], new[other.start : other.stop], depth + 1)
            yield from (found.after(one.start, other.start) for found in inner)


def _bodies(layers: Sequence[_Key], depth: int) -> list[_Body]:
    """Return layers grouped by the first parts of their paths."""
    bodies = []
    place = 0
    for path, run in groupby(layers, lambda key: ".".join(key.path.split(".")[:depth])):
        inside = list(run)
        key = inside[0]
        if key.path != path:
            digests = tuple([(inner.pattern, inner.digest) for inner in inside])
            key = _Key(
                path,
                _pattern(path),
                "",
                digests,
                [inner.figures for inner in inside],
                any(inner.stays for inner in inside),
            )
        bodies.append(_Body(key, place, place + len(inside)))
        place += len(inside)
    return bodies


def _named(old: Sequence[_Key], new: Sequence[_Key]) -> Iterator[Pair]:
    """Yield pairs by the last part of the name, in one walk."""
    places = {key.path.rpartition(".")[2]: place for place, key in enumerate(old)}
    last = 0
    for here, key in enumerate(new):
        there = places.get(key.path.rpartition(".")[2], -1)
        if there < last:
            yield Pair(None, here)
            continue
        yield from (Pair(place, None) for place in range(last, there))
        yield Pair(there, here)
        last = there + 1
    yield from (Pair(place, None) for place in range(last, len(old)))


def _in_place(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Yield pairs, and as one those that stand for each other: as many layers between the same neighbours."""
    for lone, run in groupby(pairs, lambda pair: None in pair):
        stretch = list(run)
        gone = [pair for pair in stretch if pair.new is None]
        came = [pair for pair in stretch if pair.old is None]
        if lone and len(gone) == len(came):
            yield from (Pair(one.old, other.new) for one, other in zip(gone, came, strict=True))
        else:
            yield from [*gone, *came] if lone else stretch


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
