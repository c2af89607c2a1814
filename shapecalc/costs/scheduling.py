"""The order of branches: in which one the least memory is alive at once.

Branches that meet depend on nothing of each other, so that they may run in any order. While one runs, what the ones
before it gave waits; and what all of them read is there until the last has read it. Each order of few branches is
tried. Of many, the one goes first whose peak is furthest above what it leaves (Liu 1987, "An Application of Generalized
Tree Pebbling to Sparse Matrix Factorization").
"""

from __future__ import annotations

from itertools import permutations, product as combinations
from math import factorial, prod
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import written
from shapecalc.dims import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.costs.liveness import LiveMemory
    from shapecalc.shape_inference.report import Report

MOST_ORDERS = 5_000
"""Orders of branches in branches that are tried; where there are more, the rule decides."""


class Turn(NamedTuple):
    """The order in which the branches of one step are to run, by what it calls them."""

    merge: str
    branches: tuple[str, ...]


class Reordered(NamedTuple):
    """An order of branches with less alive at once: the peaks in bytes as the file has it and so, and what turns."""

    before: int
    after: int
    turns: tuple[Turn, ...]


class _Merge(NamedTuple):
    """A step whose branches may turn: its place, and the places of each branch's steps, by the input that it gives."""

    place: int
    branches: tuple[tuple[int, frozenset[int]], ...]

    @property
    def region(self) -> frozenset[int]:
        """The steps of all branches."""
        return frozenset().union(*(steps for _, steps in self.branches))


def reordered(found: LiveMemory) -> Reordered | None:
    """Return the order of branches that lowers the peak; None where none does, or sizes are symbols."""
    report, run = found.report, _Run.of(found)
    if run is None:
        return None
    file_order = tuple(range(len(report.layers)))
    merges = _merges(report)
    chosen: dict[int, tuple[int, ...]] = {}
    for group in _groups(merges):
        chosen |= _best(run, group, file_order)
    before, after = run.peak(file_order), run.peak(_arranged(file_order, merges, chosen))
    if after >= before:
        return None
    # A turn that the peak does not need is not asked for.
    for merge in merges:
        if merge.place in chosen:
            fewer = {place: order for place, order in chosen.items() if place != merge.place}
            if run.peak(_arranged(file_order, merges, fewer)) == after:
                chosen = fewer
    turns = [_turn(report, merge, chosen[merge.place]) for merge in merges if merge.place in chosen]
    return Reordered(before, after, tuple(turns))


class _Run:
    """What each step begins and reads, as numbers: to ask what is alive in another order."""

    __slots__ = ("_kept", "_readers", "_size")

    def __init__(self, found: LiveMemory, sizes: Mapping[str, int]) -> None:
        report, places = found.report, found.places
        self._size = sizes
        self._kept = {places[slot].owner for slot in report.architecture.leaving.values()}
        self._readers: dict[str, set[int]] = {places[entry.name].owner: {-1} for entry in report.inputs}
        for place, row in enumerate(report.layers):
            for slot in (*row.step.inputs, *written(row)):
                self._readers.setdefault(places[slot].owner, set()).add(place)

    @classmethod
    def of(cls, found: LiveMemory) -> _Run | None:
        """Return the run of a report; None where its sizes are no numbers."""
        sizes = {}
        for owner in found.lives:
            size = evaluate(found.places[owner].size, found.report.costs_at)
            if not isinstance(size, int):
                return None
            sizes[owner] = size
        return cls(found, sizes)

    def alive(self, order: Sequence[int]) -> list[int]:
        """Return the bytes that are alive at each step of an order."""
        return self._alive(order)[0]

    def left(self, order: Sequence[int]) -> list[int]:
        """Return the bytes that are alive after each step of an order."""
        return self._alive(order)[1]

    def _alive(self, order: Sequence[int]) -> tuple[list[int], list[int]]:
        at = {step: position for position, step in enumerate(order)}
        begins, ends = [0] * len(order), [0] * len(order)
        for owner, readers in self._readers.items():
            used = [at[step] for step in readers if step >= 0]
            begins[0 if -1 in readers else min(used)] += self._size[owner]
            ends[len(order) - 1 if owner in self._kept else max(used, default=0)] += self._size[owner]
        live, during, after = 0, [], []
        for begun, ended in zip(begins, ends, strict=True):
            live += begun
            during.append(live)
            live -= ended
            after.append(live)
        return during, after

    def peak(self, order: Sequence[int]) -> int:
        """Return the most that is alive at a step of an order."""
        return max(self.alive(order))


def _merges(report: Report) -> list[_Merge]:
    """Return the steps with two branches or more that depend on nothing of each other, and on nothing in between."""
    rows = report.layers
    maker = {slot: place for place, row in enumerate(rows) for slot in written(row)}
    behind: list[int] = []  # a bit for each step that a step depends on, itself among them
    for place, row in enumerate(rows):
        bits = 1 << place
        for slot in row.step.inputs:
            bits |= behind[maker[slot]] if slot in maker else 0
        behind.append(bits)
    found = []
    for place, row in enumerate(rows):
        reads = [behind[maker[slot]] if slot in maker else 0 for slot in row.step.inputs]
        if len(reads) < 2:  # noqa: PLR2004 - branches are two at least
            continue
        branches = []
        for position, own in enumerate(reads):
            others = 0
            for other, bits in enumerate(reads):
                others |= bits if other != position else 0
            steps = frozenset(_places(own & ~others))
            if steps:
                branches.append((position, steps))
        merge = _Merge(place, tuple(branches))
        between = range(min(merge.region), place) if branches else range(0)
        if len(branches) > 1 and all(step in merge.region for step in between):
            found.append(merge)
    return found


def _places(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def _groups(merges: Sequence[_Merge]) -> list[list[_Merge]]:
    """Return merges that stand in branches of each other together, the inner ones first."""
    groups: list[list[_Merge]] = []
    for merge in merges:
        inside = [group for group in groups if group[-1].place in merge.region]
        groups = [group for group in groups if group not in inside]
        groups.append([*(inner for group in inside for inner in group), merge])
    return groups


def _best(run: _Run, group: Sequence[_Merge], order: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
    """Return the order of the branches of each merge of a group, where that lowers the peak between fork and merge."""
    first, last = min(group[-1].region), group[-1].place
    if prod(factorial(len(merge.branches)) for merge in group) > MOST_ORDERS:
        tried: Iterator[tuple[tuple[int, ...], ...]] = iter([_by_rule(run, group, order)])
    else:
        tried = combinations(*(permutations(range(len(merge.branches))) for merge in group))
    least, best = max(run.alive(order)[first : last + 1]), {}
    for turns in tried:
        chosen = {merge.place: turn for merge, turn in zip(group, turns, strict=True)}
        peak = max(run.alive(_arranged(order, group, chosen))[first : last + 1])
        if peak < least:
            least, best = peak, chosen
    return best


def _by_rule(run: _Run, group: Sequence[_Merge], order: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the branches of each merge by how far their peaks are above what they leave, the furthest first."""
    turns: dict[int, tuple[int, ...]] = {}
    for merge in group:
        above = []
        for branch in range(len(merge.branches)):
            others = (other for other in range(len(merge.branches)) if other != branch)
            arranged = _arranged(order, group, {**turns, merge.place: (branch, *others)})
            start = min(merge.region)
            end = start + len(merge.branches[branch][1])
            above.append(max(run.alive(arranged)[start:end]) - run.left(arranged)[end - 1])
        turns[merge.place] = tuple(sorted(range(len(above)), key=lambda branch: -above[branch]))
    return tuple(turns[merge.place] for merge in group)


def _arranged(order: Sequence[int], merges: Sequence[_Merge], chosen: Mapping[int, tuple[int, ...]]) -> tuple[int, ...]:
    """Return an order with the branches of each chosen merge one after another; inner merges come first."""
    arranged = list(order)
    for merge in merges:
        if merge.place not in chosen:
            continue
        start = min(merge.region)
        inside = [step for step in arranged[start : merge.place] if step in merge.region]
        blocks = [[step for step in inside if step in steps] for _, steps in merge.branches]
        arranged[start : merge.place] = [step for turn in chosen[merge.place] for step in blocks[turn]]
    return tuple(arranged)


def _turn(report: Report, merge: _Merge, order: tuple[int, ...]) -> Turn:
    step = report.layers[merge.place].step
    names = step.branches or step.inputs
    return Turn(step.path, tuple(names[merge.branches[turn][0]] for turn in order))
