"""What nothing reads, though it does not leave: SC403."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import Group
from shapecalc.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.architecture import Architecture
    from shapecalc.checking.lints.blocks import BlockGraph


def unread_inputs(architecture: Architecture) -> Iterator[Diagnostic]:
    """Yield a warning for each input that nothing reads."""
    read = {slot for step in architecture.steps for slot in step.inputs}
    for entry in architecture.inputs:
        if entry.name not in read and entry.name not in architecture.outputs.values() and entry.span is not None:
            yield Diagnostic(
                code="SC403",
                message=f"nothing reads the input `{entry.name}`",
                span=entry.span,
                help=f"read it by `from: {entry.name}`, or take it out",
            )


def unread_steps(graph: BlockGraph) -> Iterator[Diagnostic]:
    """Yield a warning for each step that nothing reads and that does not leave."""
    read = {*graph.leaving, *graph.slots_read}
    for step in graph.steps:
        further = () if isinstance(step, Group) else step.layer.output_names or ()
        slots = {step.path, *(step.slot(name) for name in further if not isinstance(step, Group))}
        if slots.isdisjoint(read) and step.place is not None:
            yield Diagnostic(
                code="SC403",
                message=f"nothing reads `{step.path}`, and it does not leave",
                span=step.place.word,
                help="take it out, read it by `from:`, or name it under `outputs:`",
            )
