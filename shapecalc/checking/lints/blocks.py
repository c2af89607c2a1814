"""The graphs that a report is made of: the whole, and each body once however often it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.shape_inference.report import GroupReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.architecture import Body, Group, Step
    from shapecalc.shape_inference.report import LayerReport, Report

    Rows = tuple[LayerReport | GroupReport, ...]


class BlockGraph(NamedTuple):
    """Steps that see each other's slots, with what was found of them, and the slots that leave."""

    rows: Rows
    leaving: frozenset[str]

    @property
    def steps(self) -> tuple[Step | Group, ...]:
        """The steps in the order of computation."""
        return tuple(row.group if isinstance(row, GroupReport) else row.step for row in self.rows)

    @property
    def slots_read(self) -> tuple[str, ...]:
        """The slots that steps read, each as often as it is read."""
        return tuple(slot for step in self.steps for slot in step.inputs)


def bodies(report: Report) -> Iterator[BlockGraph]:
    """Yield the graph of the whole, then those of the bodies in it."""
    yield BlockGraph(report.tree, frozenset(report.architecture.outputs.values()))
    yield from _inside(report.tree, set())


def _inside(rows: Rows, seen: set[Body]) -> Iterator[BlockGraph]:
    for row in rows:
        if isinstance(row, GroupReport) and row.group.body not in seen:
            seen.add(row.group.body)
            inside = row.runs[0].rows
            yield BlockGraph(inside, frozenset({row.group.body.output}))
            yield from _inside(inside, seen)
