"""What is alive when a network runs: each value's memory, from the step that writes it to the last that reads it.

Weights are apart, and so is what a kernel takes while it works: both are a matter of who runs it. A view, such as what
`flatten` gives, lies in its input's memory and takes none.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.dims import Dim, evaluate, free_symbols, least, product
from shapecalc.layers.saved import Storage
from shapecalc.shape_inference.report import BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapecalc.dims import Shape
    from shapecalc.shape_inference.report import LayerReport, Report

INT64 = 8
"""Bytes of a whole number."""
PROBE = 1009
"""Where no number is given, a candidate for the largest of several dims is looked for at this size of every symbol."""


class Memory(NamedTuple):
    """Where a value lies: the slot that was first written there, the bytes there, and how.

    `in_order` says whether its axes lie in the order in which they are counted; `whole` whether it is whole numbers.
    """

    owner: str
    size: Dim
    in_order: bool = True
    whole: bool = False


class LiveMoment(NamedTuple):
    """One step of a run: the bytes that are alive while it works, what it reads and what it writes among them."""

    row: LayerReport
    live: Dim


class LiveTensor(NamedTuple):
    """What is alive at a moment: the slot that was first written there, its shape, its bytes."""

    slot: str
    shape: Shape
    size: Dim


@dataclass(frozen=True)
class LiveMemory:
    """The memory of a run without gradients, step by step; bytes are expressions where symbols are free.

    `peak` is the place of the moment at which most is alive, None where that depends on a symbol.
    """

    report: Report
    moments: tuple[LiveMoment, ...]
    peak: int | None
    tensors: tuple[LiveTensor, ...]
    """What is alive at the peak, the largest first."""
    places: Mapping[str, Memory]
    """Where each value lies, by slot."""
    lives: Mapping[str, tuple[int, int]]
    """The first and the last step at which each owner's memory is needed."""


def live_memory(report: Report) -> LiveMemory:
    """Return what is alive at each step of a run.

    >>> import shapecalc
    >>> found = live_memory(shapecalc.inspect(shapecalc.load("lenet5"), N=1))
    >>> found.moments[found.peak].row.path, found.moments[found.peak].live     # 2 · 6 · 28 · 28 numbers
    ('tanh_1', 37632)
    """
    places = memories(report)
    lives = lives_of(report, places)
    sizes = {place.owner: place.size for place in places.values()}
    begins: dict[int, list[str]] = defaultdict(list)
    ends: dict[int, list[str]] = defaultdict(list)
    for owner, (first, last) in lives.items():
        begins[first].append(owner)
        ends[last].append(owner)
    live: Dim = 0
    moments = []
    for place, row in enumerate(report.layers):
        live = live + total(sizes[owner] for owner in begins[place])
        moments.append(LiveMoment(row, live))
        live = live - total(sizes[owner] for owner in ends[place])
    peak = largest([moment.live for moment in moments], report.costs_at)
    shapes = shapes_of(report)
    at_peak = [owner for owner, (first, last) in lives.items() if peak is not None and first <= peak <= last]
    tensors = sorted(
        (LiveTensor(owner, shapes[owner], sizes[owner]) for owner in at_peak), key=lambda t: _size(t, report)
    )
    return LiveMemory(report, tuple(moments), peak, tuple(tensors), places, lives)


def memories(report: Report, itemsize: int = BYTES) -> dict[str, Memory]:
    """Return where each value lies, by slot; `itemsize` is the bytes of one number that is not whole."""
    found: dict[str, Memory] = {}
    for entry in report.inputs:
        whole = entry.dtype == "int64"
        found[entry.name] = Memory(entry.name, (INT64 if whole else itemsize) * product(entry.shape), whole=whole)
    for row in report.layers:
        layer, read = row.step.layer, found[row.step.inputs[0]]
        whole = layer.gives == "same" and read.whole
        storage = layer.storage
        if storage is Storage.JOINED:
            storage = Storage.SAME if read.in_order else Storage.NEW
        for slot, shape in written(row).items():
            if storage in (Storage.SAME, Storage.VIEW):
                found[slot] = read._replace(in_order=read.in_order and storage is Storage.SAME)
                continue
            in_order = storage is Storage.NEW or (storage is Storage.LIKE and read.in_order)
            found[slot] = Memory(slot, (INT64 if whole else itemsize) * product(shape), in_order, whole)
    return found


def lives_of(report: Report, places: Mapping[str, Memory]) -> dict[str, tuple[int, int]]:
    """Return the first and the last step at which each owner's memory is needed; what leaves is needed to the end."""
    steps = report.layers
    lives = {places[entry.name].owner: (0, 0) for entry in report.inputs}
    for place, row in enumerate(steps):
        for slot in (*row.step.inputs, *written(row)):
            owner = places[slot].owner
            lives[owner] = (lives[owner][0] if owner in lives else place, place)
    for slot in report.architecture.leaving.values():
        owner = places[slot].owner
        lives[owner] = (lives[owner][0], len(steps) - 1)
    return lives


def written(row: LayerReport) -> dict[str, Shape]:
    """Return the slots that a step writes, with their shapes."""
    first, *further = row.outputs.items()
    return {row.path: first[1], **{row.step.slot(name): shape for name, shape in further}}


def shapes_of(report: Report) -> dict[str, Shape]:
    """Return the shape of each slot."""
    shapes = {entry.name: entry.shape for entry in report.inputs}
    for row in report.layers:
        shapes |= written(row)
    return shapes


def last_reads(report: Report) -> dict[str, tuple[str, ...]]:
    """Return, for each step, the slots that nothing reads after it."""
    kept = set(report.architecture.leaving.values())
    last: dict[str, str] = {}
    for row in report.layers:
        for slot in (*row.step.inputs, *written(row)):
            last[slot] = row.step.path
    frees: dict[str, list[str]] = {row.step.path: [] for row in report.layers}
    for slot, path in last.items():
        if slot not in kept:
            frees[path].append(slot)
    return {path: tuple(slots) for path, slots in frees.items()}


def total(sizes: Iterable[Dim]) -> Dim:
    """Return the sum of dims."""
    whole: Dim = 0
    for size in sizes:
        whole = whole + size
    return whole


def largest(sizes: Sequence[Dim], at: Mapping[str, int]) -> int | None:
    """Return the place of the largest dim, the first of equal ones; None where symbols without a number leave it open.

    >>> from shapecalc.dims import symbol
    >>> T, H = symbol("T"), symbol("H")
    >>> largest([T, 3 * T + 1, 7], {"T": 5}), largest([T, 3 * T + 1], {}), largest([T, H], {})
    (1, 1, None)
    """
    bound = [evaluate(size, at) for size in sizes]
    names = {name for size in bound for name in free_symbols(size)}
    probed = [_number(evaluate(size, dict.fromkeys(names, PROBE))) for size in bound]
    place = probed.index(max(probed))
    for other in bound:
        ahead = bound[place] - other
        lowest = ahead if isinstance(ahead, int) else least(ahead)
        if lowest is None or lowest < 0:
            return None
    return place


def _size(tensor: LiveTensor, report: Report) -> int:
    """Return a number to sort by, the largest first."""
    bound = evaluate(tensor.size, report.costs_at)
    return -_number(evaluate(bound, dict.fromkeys(free_symbols(bound), PROBE)))


def _number(dim: Dim) -> int:
    assert isinstance(dim, int)  # every symbol has been given a number
    return dim
