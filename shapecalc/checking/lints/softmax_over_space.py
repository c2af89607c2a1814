"""A softmax over the rows or the columns of a map: SC414."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import with_origins
from shapecalc.diagnostics import Diagnostic, Fix
from shapecalc.dims import show
from shapecalc.layers.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.checking.lints.axes import LayerAxes
    from shapecalc.checking.lints.graphs import BlockGraph


def softmax_over_space(axes: Sequence[LayerAxes], graphs: Sequence[BlockGraph]) -> Iterator[Diagnostic]:
    """Yield a warning for each softmax over one of the spatial axes of a map.

    A softmax over all positions flattens them first; weights of attention are inputs of a layer with several. A softmax
    of another one repeats its mistake.
    """
    rows = [(graph, row) for graph in graphs for row in graph.layers.values()]
    left_out = {id(row) for graph, row in rows if _is_softmax(graph, row.step.inputs[0])}
    for graph, row in rows:
        if row.step.layer.takes[1] > 1:
            left_out.update(id(graph.layers[slot]) for slot in row.step.inputs if slot in graph.layers)
    for row, (tensor, *_) in axes:
        spans, x = row.step.spans, row.inputs[0]
        if spans is None or not row.step.layer.probabilities or not tensor.map or id(row) in left_out:
            continue
        axis = getattr(row.step.layer, "dim", -1) % len(x)
        if tensor.roles[axis] is not Role.SPACE or tensor.roles[1] is not Role.CHANNELS:
            continue
        written = spans.fields.get(("dim",))
        warning = Diagnostic(
            code="SC414",
            message=f"`{row.type}` of the map {show(x)} is over axis {axis}, which is space",
            span=written or spans.type,
            labels=(tensor.origin,) if tensor.origin is not None else (),
            help=f"write `{row.type}: 1`: the classes of a position are its channels",
            fix=Fix(written, "1") if written is not None else None,
        )
        yield with_origins(warning, spans.origins)


def _is_softmax(graph: BlockGraph, slot: str) -> bool:
    return slot in graph.layers and graph.layers[slot].step.layer.probabilities is not None
