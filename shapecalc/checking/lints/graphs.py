"""The graphs of a report: the whole network, and each body once however often it is called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import Step
from shapecalc.shape_inference.rows import GroupReport, LayerReport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.architecture import Group, Subgraph
    from shapecalc.diagnostics.step_spans import StepSpans
    from shapecalc.shape_inference.report import Report

    Rows = tuple[LayerReport | GroupReport, ...]


@dataclass(frozen=True)
class BlockGraph:
    """Steps that can read each other's slots, with their rows, and the slots that are outputs."""

    rows: Rows
    outputs: frozenset[str]

    @cached_property
    def layers(self) -> Mapping[str, LayerReport]:
        """The rows of layers by path."""
        return {row.path: row for row in self.rows if isinstance(row, LayerReport)}

    @cached_property
    def makers(self) -> Mapping[str, LayerReport | GroupReport]:
        """The rows by path, and those of blocks by the slots of their further outputs."""
        return {
            slot: row for row in self.rows for slot in (row.outputs if isinstance(row, GroupReport) else (row.path,))
        }

    @cached_property
    def steps(self) -> tuple[Step | Group, ...]:
        """The steps in the order of computation."""
        return tuple(row.group if isinstance(row, GroupReport) else row.step for row in self.rows)

    @property
    def slots_read(self) -> tuple[str, ...]:
        """The slots that steps read, each as often as it is read."""
        return tuple(slot for step in self.steps for slot in step.inputs)

    @property
    def tensors_shared(self) -> frozenset[str]:
        """The tensors of other steps that steps use by name: those of a tensor step are its slot."""
        steps = (step for step in self.steps if isinstance(step, Step))
        return frozenset(tensor.path_of_tensor for step in steps for tensor in step.apart.values())


class LayerPair(NamedTuple):
    """A layer and a layer that reads it, with their positions."""

    layer: LayerReport
    spans: StepSpans
    reader: LayerReport
    reader_spans: StepSpans


def pair_of(layer: LayerReport | None, reader: LayerReport) -> LayerPair | None:
    """Return the pair of two layers; None if one has no position."""
    if layer is None or layer.step.spans is None or reader.step.spans is None:
        return None
    return LayerPair(layer, layer.step.spans, reader, reader.step.spans)


def block_graphs(report: Report) -> Iterator[BlockGraph]:
    """Yield the graph of the whole network, then those of the bodies in it."""
    yield BlockGraph(report.tree, frozenset(report.architecture.outputs.values()))
    yield from _graphs_inside(report.tree, set())


def _graphs_inside(rows: Rows, seen: set[Subgraph]) -> Iterator[BlockGraph]:
    for row in rows:
        if not isinstance(row, GroupReport):
            continue
        for body, walk in zip(row.group.bodies, row.runs, strict=True):
            if body not in seen:
                seen.add(body)
                yield BlockGraph(walk.rows, frozenset(walk.outputs))
                yield from _graphs_inside(walk.rows, seen)
