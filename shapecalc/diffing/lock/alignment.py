"""Alignment of the layers of two networks by edit distance: layers added, removed, changed or renamed."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.diffing.lock.entries import LockedLayer

MOST_COMPARED = 1_000_000
"""Pairs of layers that are compared at most; beyond, layers are paired within groups of one path prefix."""

# Costs are lexicographic: one integer packs four criteria, each of which outweighs any sum of the next.
_EDIT = 1 << 64
"""One edit."""
_FEWER = 1 << 40
"""One layer added or removed: of alignments with equal edits, the one with fewest is chosen."""
_FIGURES = 1 << 20
"""Of a layer with equal fields and other shapes or costs: it follows another change, or is another layer."""
_GAP = 5 * _EDIT + _FEWER
_NEVER = 1 << 99
_COUNTED = re.compile(r"(\w*_)?\d+")
"""The default name of a step, or of a run of a repeated one: its number changes with every step inserted before it."""


_Choices = list[tuple[int, bytearray]]
"""For each old layer, the first new one that it was compared with, and for each: 0 a pair, 1 removed, 2 added."""


class Pair(NamedTuple):
    """The index of one layer in the old network and in the new one; None if it has no such layer."""

    old: int | None
    new: int | None

    def shifted(self, old: int, new: int) -> Pair:
        """Return the pair with `old` and `new` more layers before it."""
        return Pair(None if self.old is None else self.old + old, None if self.new is None else self.new + new)


class _Key(NamedTuple):
    """What a layer is paired by, or a group of layers, which has no type."""

    path: str
    pattern: str
    """The path without the numbers of unnamed steps."""
    type: str
    digest: object
    figures: object
    """Its shapes, params and costs."""
    in_both: bool
    """Whether both networks have the path: another path is then unlikely to be its new name."""


def renumbered(old: str, new: str) -> bool:
    """Return whether names differ at most in the numbers of unnamed steps.

    >>> renumbered("deep.relu_3", "deep.relu_4"), renumbered("c1", "c2")
    (True, False)
    """
    return _pattern(old) == _pattern(new)


def _pattern(path: str) -> str:
    return ".".join((match[1] or "") + "#" if (match := _COUNTED.fullmatch(part)) else part for part in path.split("."))


def aligned(old: Sequence[LockedLayer], new: Sequence[LockedLayer]) -> tuple[Pair, ...]:
    """Return pairs of layers with the fewest edits, in the order of the new network.

    A new number of an unnamed step (`relu_3`, `relu_4`) is not an edit, a new name is; adding or removing a layer costs
    more than changing its fields. If layers were only inserted, none is removed. A layer removed at one position and
    added at another with the same name is one layer; so are equally many layers removed and added at one position.
    """
    paths = {layer.path for layer in old} & {layer.path for layer in new}
    before, after = (
        [
            _Key(layer.path, _pattern(layer.path), layer.type, layer.digest, _figures(layer), layer.path in paths)
            for layer in layers
        ]
        for layers in (old, new)
    )
    return tuple(_joined_by_name(list(_joined_in_place(_paired(before, after, 1))), old, new))


def _figures(layer: LockedLayer) -> object:
    return layer.outputs, layer.params, layer.macs, layer.flops


def _paired(old: Sequence[_Key], new: Sequence[_Key], depth: int) -> list[Pair]:
    """Return pairs of layers; those that are too many are grouped by the first `depth` parts of their paths."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    old, new = old[start:], new[start:]
    pairs = _cheapest(old, new)
    if pairs is None:
        stop = 0
        while stop < min(len(old), len(new)) and _cost(old[-1 - stop], new[-1 - stop]) < _FIGURES:
            stop += 1
        pairs = [*_by_groups(old[: len(old) - stop], new[: len(new) - stop], depth)]
        pairs += [Pair(len(old) - back, len(new) - back) for back in range(stop, 0, -1)]
    return [*(Pair(index, index) for index in range(start)), *(pair.shifted(start, start) for pair in pairs)]


def _cost(old: _Key, new: _Key) -> int:
    """Return the cost of pairing two layers: less than `2 * _GAP` if they are likely to be the same one."""
    if old.type != new.type:
        return 6 * _EDIT if old.path == new.path else _NEVER
    if old.digest == new.digest:
        if old.pattern == new.pattern:
            return (old.path != new.path) + (0 if old.figures == new.figures else _FIGURES)
        return 6 * _EDIT if old.in_both and new.in_both else 3 * _EDIT
    if old.path == new.path:
        return 4 * _EDIT
    return 5 * _EDIT if old.pattern == new.pattern else 8 * _EDIT


def _cheapest(old: Sequence[_Key], new: Sequence[_Key]) -> list[Pair] | None:
    """Return the pairs with the least cost, None if that takes more than `MOST_COMPARED` comparisons.

    The dynamic programming is banded: at first, no prefixes are compared that differ more in length than the networks;
    the band is widened until no path outside of it can be cheaper.
    """
    more, shortest = abs(len(new) - len(old)), min(len(old), len(new))
    if not shortest:
        return [*(Pair(index, None) for index in range(len(old))), *(Pair(None, index) for index in range(len(new)))]
    margin = 0
    while len(old) * (more + 2 * margin + 1) <= MOST_COMPARED:
        choices, cost = _banded(old, new, margin)
        # A path that leaves the band adds and removes that many layers.
        if margin == shortest or cost <= (more + 2 * (margin + 1)) * _GAP:
            return _traced_back(choices, len(new))
        margin = min(max(4 * margin, 1), shortest)
    return None


def _banded(old: Sequence[_Key], new: Sequence[_Key], margin: int) -> tuple[_Choices, int]:
    """Return the choices of the dynamic programming in a band around the diagonal, and their cost."""
    more = len(new) - len(old)
    low, high = min(more, 0) - margin, max(more, 0) + margin
    costs = {column: column * _GAP for column in range(min(high, len(new)) + 1)}
    choices = []
    for count, one in enumerate(old, 1):
        start, stop = max(count + low, 0), min(count + high, len(new))
        row = {}
        choice = bytearray(stop - start + 1)
        left = _NEVER
        for column in range(start, stop + 1):
            removed, added = costs.get(column, _NEVER) + _GAP, left + _GAP
            paired = costs[column - 1] + _cost(one, new[column - 1]) if column else _NEVER
            # Of equal layers in a row, the last is the one that was added or removed.
            if added <= removed and added <= paired:
                left, choice[column - start] = added, 2
            elif removed <= paired:
                left, choice[column - start] = removed, 1
            else:
                left = paired
            row[column] = left
        costs = row
        choices.append((start, choice))
    return choices, costs[len(new)]


def _traced_back(choices: _Choices, other: int) -> list[Pair]:
    pairs: list[Pair] = []
    one = len(choices)
    while one:
        start, choice = choices[one - 1]
        match choice[other - start]:
            case 0:
                one, other = one - 1, other - 1
                pairs.append(Pair(one, other))
            case 1:
                one -= 1
                pairs.append(Pair(one, None))
            case _:
                other -= 1
                pairs.append(Pair(None, other))
    pairs += [Pair(None, index) for index in range(other - 1, -1, -1)]
    return pairs[::-1]


class _Group(NamedTuple):
    """Adjacent layers below one path, or a single layer."""

    key: _Key
    start: int
    stop: int


_EMPTY = _Group(_Key("", "", "", (), (), in_both=False), 0, 0)


def _by_groups(old: Sequence[_Key], new: Sequence[_Key], depth: int) -> Iterator[Pair]:
    """Yield pairs of layers within pairs of groups: cheaper than to compare each layer with each."""
    before, after = _groups(old, depth), _groups(new, depth)
    sides = [[group.key for group in groups] for groups in (before, after)]
    pairs = _cheapest(*sides)
    for pair in _named(*sides) if pairs is None else pairs:
        one = _EMPTY if pair.old is None else before[pair.old]
        other = _EMPTY if pair.new is None else after[pair.new]
        if one.key.type and other.key.type:
            yield Pair(one.start, other.start)
        else:
            inner = _paired(old[one.start : one.stop], new[other.start : other.stop], depth + 1)
            yield from (each.shifted(one.start, other.start) for each in inner)


def _groups(layers: Sequence[_Key], depth: int) -> list[_Group]:
    """Return layers grouped by the first parts of their paths."""
    groups = []
    start = 0
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
                any(inner.in_both for inner in inside),
            )
        groups.append(_Group(key, start, start + len(inside)))
        start += len(inside)
    return groups


def _named(old: Sequence[_Key], new: Sequence[_Key]) -> Iterator[Pair]:
    """Yield pairs by the last part of the path, in one pass."""
    indices = {key.path.rpartition(".")[2]: index for index, key in enumerate(old)}
    last = 0
    for here, key in enumerate(new):
        there = indices.get(key.path.rpartition(".")[2], -1)
        if there < last:
            yield Pair(None, here)
            continue
        yield from (Pair(index, None) for index in range(last, there))
        yield Pair(there, here)
        last = there + 1
    yield from (Pair(index, None) for index in range(last, len(old)))


def _joined_in_place(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Yield pairs, with equally many layers removed and added between the same neighbours joined into pairs."""
    for unpaired, run in groupby(pairs, lambda pair: None in pair):
        adjacent = list(run)
        removed = [pair for pair in adjacent if pair.new is None]
        added = [pair for pair in adjacent if pair.old is None]
        if unpaired and len(removed) == len(added):
            yield from (Pair(one.old, other.new) for one, other in zip(removed, added, strict=True))
        else:
            yield from [*removed, *added] if unpaired else adjacent


def _joined_by_name(pairs: list[Pair], old: Sequence[LockedLayer], new: Sequence[LockedLayer]) -> list[Pair]:
    """Return pairs, with a layer removed at one position and added at another with the same name joined into one."""
    removed = {old[pair.old].path: pair.old for pair in pairs if pair.old is not None and pair.new is None}
    joined = []
    for pair in pairs:
        if pair.old is None and pair.new is not None:
            joined.append(Pair(removed.pop(new[pair.new].path, None), pair.new))
        else:
            joined.append(pair)
    return [pair for pair in joined if pair.new is not None or (pair.old is not None and old[pair.old].path in removed)]
