"""A softmax of probabilities: SC406."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.checking.lints.graphs import pair_of
from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.diagnostics.step_spans import with_origins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.checking.lints.graphs import BlockGraph


def repeated_softmax(graphs: Iterable[BlockGraph]) -> Iterator[Diagnostic]:
    """Yield a warning for each softmax of the probabilities of a softmax along the same axis."""
    for graph in graphs:
        for row in graph.layers.values():
            if not row.step.layer.probabilities:
                continue
            pair = pair_of(graph.layers.get(row.step.inputs[0]), row)
            if pair is None or pair.layer.step.layer.probabilities != "plain":
                continue
            rank = len(row.inputs[0])
            axes = {getattr(entry.step.layer, "dim", -1) % rank for entry in (row, pair.layer)}
            if len(axes) > 1:
                continue
            warning = Diagnostic(
                code="SC406",
                message=f"`{row.type}` expects scores, receives the probabilities of a `softmax` along the same axis",
                span=pair.reader_spans.type,
                labels=(Label(pair.spans.type, "gives probabilities"),),
                help=f"take out {'one of them' if row.type == pair.layer.type else f'the `{pair.layer.type}`'}",
            )
            yield with_origins(warning, pair.reader_spans.origins)
