"""Inputs and steps that no step reads, and that are not outputs: SC403."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import Step
from shapecalc.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.architecture import Architecture
    from shapecalc.checking.lints.graphs import BlockGraph


def unread(architecture: Architecture, graphs: Iterable[BlockGraph]) -> Iterator[Diagnostic]:
    """Yield a warning for each input and step that no step reads and that is not an output."""
    yield from _unread_inputs(architecture)
    for graph in graphs:
        yield from _unread_steps(graph)


def _unread_inputs(architecture: Architecture) -> Iterator[Diagnostic]:
    read = {slot for step in architecture.steps for slot in step.inputs}
    for entry in architecture.inputs:
        if entry.name not in read and entry.name not in architecture.outputs.values() and entry.span is not None:
            yield Diagnostic(
                code="SC403",
                message=f"nothing reads the input `{entry.name}`",
                span=entry.span,
                help=f"read it by `from: {entry.name}`, or take it out",
            )


def _unread_steps(graph: BlockGraph) -> Iterator[Diagnostic]:
    read = {*graph.outputs, *graph.slots_read, *graph.tensors_shared}
    for step in graph.steps:
        extra = map(step.slot, step.layer.output_names or ()) if isinstance(step, Step) else step.slots
        slots = {step.path, *extra}
        if slots.isdisjoint(read) and step.spans is not None:
            yield Diagnostic(
                code="SC403",
                message=f"nothing reads `{step.path}`, and it does not leave",
                span=step.spans.type,
                help="take it out, read it by `from:`, or name it under `outputs:`",
            )
