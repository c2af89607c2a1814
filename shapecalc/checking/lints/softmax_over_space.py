"""A softmax over the rows or the columns of a map, or over the batch: SC414."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Fix
from shapecalc.diagnostics.step_spans import with_origins
from shapecalc.dims import show
from shapecalc.layers.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.checking.lints.axes import LayerAxes
    from shapecalc.checking.lints.graphs import BlockGraph


def softmax_over_space(axes: Sequence[LayerAxes], graphs: Sequence[BlockGraph]) -> Iterator[Diagnostic]:
    """Yield a warning for each softmax over one of the spatial axes of a map, or over the batch.

    A softmax over all positions flattens them first; weights of attention are inputs of a layer with several. A softmax
    of another one repeats its mistake.
    """
    rows = [(graph, row) for graph in graphs for row in graph.layers.values()]
    left_out = {id(row) for graph, row in rows if row.inputs and _is_softmax(graph, row.step.inputs[0])}
    for graph, row in rows:
        if row.step.layer.takes[1] > 1:
            left_out.update(id(graph.layers[slot]) for slot in row.step.inputs if slot in graph.layers)
    for row, (tensor, *_) in axes:
        spans, x = row.step.spans, row.inputs[0]
        if spans is None or not row.step.layer.probabilities or id(row) in left_out:
            continue
        axis = getattr(row.step.layer, "dim", -1) % len(x)
        over_space = tensor.map and tensor.roles[axis] is Role.SPACE and tensor.roles[1] is Role.CHANNELS
        # Scores of each sample for each other one have two axes of the batch.
        over_batch = tensor.roles[axis] is Role.BATCH and tensor.roles.count(Role.BATCH) == 1
        if not over_space and not over_batch:
            continue
        written = spans.fields.get(("dim",))
        instead = 1 if tensor.map else -1
        classes = "channels" if tensor.map else "features"
        what = "the map " if tensor.map else ""
        warning = Diagnostic(
            code="SC414",
            message=f"`{row.type}` of {what}{show(x)} is over axis {axis}, which is {tensor.roles[axis].value}",
            span=written or spans.type,
            labels=(tensor.origin,) if tensor.origin is not None else (),
            help=f"write `{row.type}: {instead}`: the classes are the {classes}",
            fix=Fix(written, str(instead)) if written is not None else None,
        )
        yield with_origins(warning, spans.origins)


def _is_softmax(graph: BlockGraph, slot: str) -> bool:
    return slot in graph.layers and graph.layers[slot].step.layer.probabilities is not None
