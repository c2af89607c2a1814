"""A bias that the mean of a batch norm subtracts: SC405.

Source: Ioffe and Szegedy 2015, section 3.2, which leaves out the bias before a normalisation.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shapecalc.checking.lints.graphs import pair_of
from shapecalc.diagnostics import Diagnostic, Fix, Label
from shapecalc.diagnostics.step_spans import with_origins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.checking.lints.graphs import BlockGraph, LayerPair
    from shapecalc.shape_inference.rows import LayerReport

_MOST_SHOWN = 4


def redundant_bias(graphs: Iterable[BlockGraph]) -> Iterator[Diagnostic]:
    """Yield one warning for all layers with a bias that only a batch norm reads: a network has few of them, or many."""
    pairs = {pair.spans.type: pair for graph in graphs for pair in _redundant(graph)}
    if pairs:
        yield _warning([pairs[span] for span in sorted(pairs)])


def _redundant(graph: BlockGraph) -> Iterator[LayerPair]:
    """Yield each layer with a redundant bias, and the batch norm that reads it."""
    reads = Counter(graph.slots_read)
    # Outputs, and layers whose weights others share, have an effect elsewhere too.
    elsewhere = {*graph.outputs, *(step.weights for step in graph.steps)}
    for row in graph.layers.values():
        if row.step.layer.normalizes_batch:
            pair = pair_of(graph.layers.get(row.step.inputs[0]), row)
            if pair is not None and _has_channel_bias(pair.layer):
                path = pair.layer.path
                if reads[path] == 1 and path not in elsewhere:
                    yield pair


def _has_channel_bias(layer: LayerReport) -> bool:
    """Return whether a layer has a bias of its own along the axis of channels, whose mean a batch norm subtracts."""
    axis = layer.step.layer.bias_axis
    if axis is None or "bias" not in layer.facts.parameters or layer.step.weights:
        return False
    # The features of `linear` are the channels of `batch_norm` only in a table.
    return axis % len(layer.output) == 1


def _warning(pairs: list[LayerPair]) -> Diagnostic:
    first, *others = pairs
    written = first.spans.fields.get(("bias",))
    if not others:
        warning = Diagnostic(
            code="SC405",
            message=f"`batch_norm` makes the bias of `{first.layer.type}` redundant",
            span=written or first.spans.type,
            labels=(Label(first.reader_spans.type, "subtracts the mean of each channel, and the bias with it"),),
            help=f"give `{first.layer.type}` `bias: false`: fewer parameters, the same network",
            fix=Fix(written, "false") if written is not None else None,
        )
        return with_origins(warning, first.spans.origins)
    more = len(others) - _MOST_SHOWN
    return Diagnostic(
        code="SC405",
        message=f"`batch_norm` makes the biases of {len(pairs)} layers redundant",
        span=first.spans.type,
        label="only a `batch_norm` reads it, which subtracts the mean of each channel",
        labels=tuple(Label(pair.spans.type, "this bias too") for pair in others[:_MOST_SHOWN]),
        help="give them `bias: false`: fewer parameters, the same network",
        notes=(f"and {more} more",) if more > 0 else (),
    )
