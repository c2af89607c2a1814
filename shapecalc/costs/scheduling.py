"""The order of branches with the least peak memory.

Branches of a merge do not depend on each other, so that they may run in any order. While one runs, the outputs of the
earlier ones are live, and so are the inputs that a later one reads. With few branches, every order is tried. With many,
they run by how far the peak of each is above the memory that it leaves live, largest difference first (Liu 1987, "An
Application of Generalized Tree Pebbling to Sparse Matrix Factorization").
"""

from __future__ import annotations

from itertools import permutations, product as combinations
from math import factorial, prod
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import output_slots
from shapecalc.dims import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.costs.liveness import LiveMemory
    from shapecalc.shape_inference.report import Report

MOST_ORDERS = 5_000
"""Orders of nested branches that are tried; if there are more, the rule decides."""


class BranchOrder(NamedTuple):
    """The order in which the branches of one merging step run, by their names."""

    merge: str
    branches: tuple[str, ...]


class Reordering(NamedTuple):
    """An order of branches with a lower peak: the peak in bytes in the file's order and in this one, and the order."""

    before: int
    after: int
    orders: tuple[BranchOrder, ...]


class _Merge(NamedTuple):
    """A step whose branches can be reordered: its index `step`, and each branch as its input's index and its steps'."""

    step: int
    branches: tuple[tuple[int, frozenset[int]], ...]

    @property
    def region(self) -> frozenset[int]:
        """The steps of all branches."""
        return frozenset().union(*(steps for _, steps in self.branches))


def reordering(memory: LiveMemory) -> Reordering | None:
    """Return the order of branches with the lowest peak; None if it is the file's, or if sizes are symbols."""
    report, run = memory.report, _Run.of(memory)
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
    # A merge whose order does not change the peak keeps its order.
    for merge in merges:
        if merge.step in chosen:
            fewer = {index: order for index, order in chosen.items() if index != merge.step}
            if run.peak(_arranged(file_order, merges, fewer)) == after:
                chosen = fewer
    orders = [_branch_order(report, merge, chosen[merge.step]) for merge in merges if merge.step in chosen]
    return Reordering(before, after, tuple(orders))


class _Run:
    """The size of each allocation and the steps that use it: computes live memory for any order of steps."""

    __slots__ = ("_outputs", "_sizes", "_users")

    def __init__(self, memory: LiveMemory, sizes: Mapping[str, int]) -> None:
        report, allocations = memory.report, memory.allocations
        self._sizes = sizes
        self._outputs = {allocations[slot].owner for slot in report.architecture.output_slots.values()}
        self._users: dict[str, set[int]] = {allocations[entry.name].owner: {-1} for entry in report.inputs}
        for index, row in enumerate(report.layers):
            for slot in (*row.step.inputs, *output_slots(row)):
                self._users.setdefault(allocations[slot].owner, set()).add(index)

    @classmethod
    def of(cls, memory: LiveMemory) -> _Run | None:
        """Return the run of a report; None if a size depends on an unbound symbol."""
        sizes = {}
        for owner in memory.ranges:
            size = evaluate(memory.allocations[owner].size, memory.report.costs_at)
            if not isinstance(size, int):
                return None
            sizes[owner] = size
        return cls(memory, sizes)

    def live(self, order: Sequence[int]) -> tuple[list[int], list[int]]:
        """Return the bytes that are live during each step of an order, and after it."""
        at = {step: position for position, step in enumerate(order)}
        begins, ends = [0] * len(order), [0] * len(order)
        for owner, users in self._users.items():
            used = [at[step] for step in users if step >= 0]
            begins[0 if -1 in users else min(used)] += self._sizes[owner]
            ends[len(order) - 1 if owner in self._outputs else max(used, default=0)] += self._sizes[owner]
        live, during, after = 0, [], []
        for begun, ended in zip(begins, ends, strict=True):
            live += begun
            during.append(live)
            live -= ended
            after.append(live)
        return during, after

    def peak(self, order: Sequence[int]) -> int:
        """Return the most bytes that are live during a step of an order."""
        return max(self.live(order)[0])


def _merges(report: Report) -> list[_Merge]:
    """Return the steps with at least two independent branches, all steps from the first branch on being theirs."""
    rows = report.layers
    maker = {slot: index for index, row in enumerate(rows) for slot in output_slots(row)}
    ancestors: list[int] = []  # a bit for each step that a step depends on, itself among them
    for index, row in enumerate(rows):
        bits = 1 << index
        for slot in row.step.inputs:
            bits |= ancestors[maker[slot]] if slot in maker else 0
        ancestors.append(bits)
    merges = []
    for index, row in enumerate(rows):
        reads = [ancestors[maker[slot]] if slot in maker else 0 for slot in row.step.inputs]
        if len(reads) < 2:  # noqa: PLR2004 - branches are two at least
            continue
        branches = []
        for position, own in enumerate(reads):
            others = 0
            for other, bits in enumerate(reads):
                others |= bits if other != position else 0
            steps = frozenset(_set_bits(own & ~others))
            if steps:
                branches.append((position, steps))
        merge = _Merge(index, tuple(branches))
        between = range(min(merge.region), index) if branches else range(0)
        if len(branches) > 1 and all(step in merge.region for step in between):
            merges.append(merge)
    return merges


def _set_bits(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def _groups(merges: Sequence[_Merge]) -> list[list[_Merge]]:
    """Return merges grouped by the outermost merge whose branches contain them, inner ones first."""
    groups: list[list[_Merge]] = []
    for merge in merges:
        inside = [group for group in groups if group[-1].step in merge.region]
        groups = [group for group in groups if group not in inside]
        groups.append([*(inner for group in inside for inner in group), merge])
    return groups


def _best(run: _Run, group: Sequence[_Merge], order: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
    """Return each merge's order of branches with the lowest peak between fork and merge; empty if `order` has it."""
    first, last = min(group[-1].region), group[-1].step
    if prod(factorial(len(merge.branches)) for merge in group) > MOST_ORDERS:
        tried: Iterator[tuple[tuple[int, ...], ...]] = iter([_by_rule(run, group, order)])
    else:
        tried = combinations(*(permutations(range(len(merge.branches))) for merge in group))
    least, best = max(run.live(order)[0][first : last + 1]), {}
    for orders in tried:
        chosen = {merge.step: branches for merge, branches in zip(group, orders, strict=True)}
        peak = max(run.live(_arranged(order, group, chosen))[0][first : last + 1])
        if peak < least:
            least, best = peak, chosen
    return best


def _by_rule(run: _Run, group: Sequence[_Merge], order: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the branches of each merge by peak minus the memory that they leave live, largest first."""
    orders: dict[int, tuple[int, ...]] = {}
    for merge in group:
        margins = []
        for branch in range(len(merge.branches)):
            others = (other for other in range(len(merge.branches)) if other != branch)
            during, after = run.live(_arranged(order, group, {**orders, merge.step: (branch, *others)}))
            start = min(merge.region)
            end = start + len(merge.branches[branch][1])
            margins.append(max(during[start:end]) - after[end - 1])
        orders[merge.step] = tuple(sorted(range(len(margins)), key=lambda branch: -margins[branch]))
    return tuple(orders[merge.step] for merge in group)


def _arranged(order: Sequence[int], merges: Sequence[_Merge], chosen: Mapping[int, tuple[int, ...]]) -> tuple[int, ...]:
    """Return an order with the branches of each chosen merge one after another; inner merges come first."""
    arranged = list(order)
    for merge in merges:
        if merge.step not in chosen:
            continue
        start = min(merge.region)
        inside = [step for step in arranged[start : merge.step] if step in merge.region]
        branches = [[step for step in inside if step in steps] for _, steps in merge.branches]
        arranged[start : merge.step] = [step for branch in chosen[merge.step] for step in branches[branch]]
    return tuple(arranged)


def _branch_order(report: Report, merge: _Merge, order: tuple[int, ...]) -> BranchOrder:
    step = report.layers[merge.step].step
    names = step.branches or step.inputs
    return BranchOrder(step.path, tuple(names[merge.branches[branch][0]] for branch in order))
