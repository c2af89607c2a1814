"""Dropout before a batch norm: SC404.

Source: Li, Chen, Hu, Yang 2019, "Understanding the Disharmony between Dropout and Batch Normalization by Variance
Shift".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.checking.lints.graphs import pair_of
from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.diagnostics.step_spans import with_origins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.checking.lints.graphs import BlockGraph, LayerPair
    from shapecalc.shape_inference.rows import LayerReport


def dropout_before_batch_norm(graphs: Iterable[BlockGraph]) -> Iterator[Diagnostic]:
    """Yield a warning for each dropout before a batch norm with no trainable layer between them.

    Dropout scales the elements that it retains by 1/(1 − p), which preserves the mean and not the variance: the running
    variance is that of training, and too large in evaluation. An activation between them passes that on; a layer with
    weights mixes elements and can learn to compensate.
    """
    for graph in graphs:
        for row in graph.layers.values():
            pair = _pair(graph, row) if row.step.layer.normalizes_batch else None
            if pair is None or not pair.layer.step.layer.changes_variance:
                continue
            warning = Diagnostic(
                code="SC404",
                message=f"`{row.type}` learns the variance of what `{pair.layer.type}` gives in training, which is "
                "another in evaluation",
                span=pair.spans.type,
                labels=(Label(pair.reader_spans.type, "whose running variance this is"),),
                help=f"put `{pair.layer.type}` behind the last `{row.type}`, or take it out",
            )
            yield with_origins(warning, pair.spans.origins)


def _pair(graph: BlockGraph, row: LayerReport) -> LayerPair | None:
    """Return a row and the layer that it reads, directly or through activations."""
    from shapecalc.layers.elementwise import Elementwise  # noqa: PLC0415 - a family is imported when a file has one

    source = graph.layers.get(row.step.inputs[0])
    while source is not None and isinstance(source.step.layer, Elementwise):
        source = graph.layers.get(source.step.inputs[0])
    return pair_of(source, row)
