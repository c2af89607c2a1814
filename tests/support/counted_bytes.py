"""The bytes of live tensors, counted in another way."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shapecalc.costs.liveness import memory_of_slots
from shapecalc.dims import evaluate

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report


def counted(report: Report) -> list[int]:
    """The bytes alive at each step: a memory is let go when nobody who reads it is left."""
    places = memory_of_slots(report)
    readers = Counter(places[slot].owner for row in report.layers for slot in row.step.inputs)
    readers.update(places[slot].owner for slot in report.architecture.output_slots.values())
    alive = {places[entry.name].owner: places[entry.name].size for entry in report.inputs}
    found = []
    for row in report.layers:
        names = [row.path, *(row.step.slot(name) for name in list(row.outputs)[1:])]
        alive |= {places[slot].owner: places[slot].size for slot in names}
        found.append(sum(evaluate(size, report.costs_at) for size in alive.values()))
        readers.subtract(places[slot].owner for slot in row.step.inputs)
        alive = {owner: size for owner, size in alive.items() if readers[owner] > 0}
    return found
