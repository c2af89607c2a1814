"""What a layer does that the next one undoes, or does again: SC404 to SC406.

Sources: Li, Chen, Hu, Yang 2019, "Understanding the Disharmony between Dropout and Batch Normalization by Variance
Shift" (SC404); Ioffe and Szegedy 2015, section 3.2, which leaves out the bias before a normalisation (SC405).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import traced
from shapecalc.diagnostics import Diagnostic, Fix, Label
from shapecalc.shape_inference.report import LayerReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Place
    from shapecalc.checking.lints.blocks import BlockGraph

_MOST_SHOWN = 4


class _Pair(NamedTuple):
    """A layer and the one that reads it, with their places."""

    layer: LayerReport
    place: Place
    reader: LayerReport
    reading: Place


def neighbours(graphs: Iterable[BlockGraph]) -> Iterator[Diagnostic]:
    """Yield warnings of layers that stand in an order in which one is in vain; those of one bias each are gathered."""
    biased: list[_Pair] = []
    for graph in graphs:
        makers = {row.path: row for row in graph.rows if isinstance(row, LayerReport)}
        read = Counter(graph.slots_read)
        # What leaves or lends its weights has an effect elsewhere too.
        elsewhere = {*graph.leaving, *(step.weights for step in graph.steps)}
        for row in makers.values():
            if row.step.layer.normalizes_batch:
                yield from _dropped(row, makers)
                pair = _pair(makers.get(row.step.inputs[0]), row)
                path = pair.layer.path if pair is not None else ""
                if pair is not None and _in_vain(pair) and read[path] == 1 and path not in elsewhere:
                    biased.append(pair)
            elif row.step.layer.probabilities:
                yield from _twice(row, makers)
    if biased:
        yield _told(biased)


def _pair(layer: LayerReport | None, reader: LayerReport) -> _Pair | None:
    if layer is None or layer.step.place is None or reader.step.place is None:
        return None
    return _Pair(layer, layer.step.place, reader, reader.step.place)


def _dropped(row: LayerReport, makers: Mapping[str, LayerReport]) -> Iterator[Diagnostic]:
    """Warn of dropout before a batch norm, with nothing between them that learns.

    What dropout keeps it scales by 1/(1 − p), which keeps the mean and not the variance: the running variance is that
    of training, and too large in evaluation. An activation between passes that on; a layer with weights mixes and can
    learn to make up for it.
    """
    from shapecalc.layers.activation import Elementwise  # noqa: PLC0415 - a family is imported when a file has one

    maker = makers.get(row.step.inputs[0])
    while maker is not None and isinstance(maker.step.layer, Elementwise):
        maker = makers.get(maker.step.inputs[0])
    pair = _pair(maker, row)
    if pair is None or not pair.layer.step.layer.changes_variance:
        return
    found = Diagnostic(
        code="SC404",
        message=f"`{row.type}` learns the variance of what `{pair.layer.type}` gives in training, which is another in "
        "evaluation",
        span=pair.place.word,
        labels=(Label(pair.reading.word, "whose running variance this is"),),
        help=f"put `{pair.layer.type}` behind the last `{row.type}`, or take it out",
    )
    yield traced(found, pair.place.given)


def _in_vain(pair: _Pair) -> bool:
    """Return whether a layer has a bias of its own that the batch norm behind takes away with each channel's mean."""
    layer = pair.layer
    axis = layer.step.layer.bias_axis
    if axis is None or "bias" not in layer.facts.parameters or layer.step.weights:
        return False
    # The features of `linear` are what `batch_norm` takes for channels only in a table.
    return axis % len(layer.output) == 1


def _told(pairs: list[_Pair]) -> Diagnostic:
    """Say of all layers at once that their biases do nothing: a network has few of them, or a great many."""
    pairs = list({pair.place.word: pair for pair in sorted(pairs, key=lambda pair: pair.place.word)}.values())
    first, *others = pairs
    written = first.place.fields.get(("bias",))
    if not others:
        found = Diagnostic(
            code="SC405",
            message=f"`batch_norm` takes away the bias of `{first.layer.type}`",
            span=written or first.place.word,
            labels=(Label(first.reading.word, "subtracts the mean of each channel, and the bias with it"),),
            help=f"give `{first.layer.type}` `bias: false`: fewer parameters, the same network",
            fix=Fix(written, "false") if written is not None else None,
        )
        return traced(found, first.place.given)
    more = len(others) - _MOST_SHOWN
    return Diagnostic(
        code="SC405",
        message=f"`batch_norm` takes away the biases of {len(pairs)} layers",
        span=first.place.word,
        label="only a `batch_norm` reads it, which subtracts the mean of each channel",
        labels=tuple(Label(pair.place.word, "this bias too") for pair in others[:_MOST_SHOWN]),
        help="give them `bias: false`: fewer parameters, the same network",
        notes=(f"and {more} more",) if more > 0 else (),
    )


def _twice(row: LayerReport, makers: Mapping[str, LayerReport]) -> Iterator[Diagnostic]:
    """Warn of a softmax of probabilities along their own axis."""
    pair = _pair(makers.get(row.step.inputs[0]), row)
    if pair is None or pair.layer.step.layer.probabilities != "plain":
        return
    rank = len(row.inputs[0])
    axes = {getattr(entry.step.layer, "dim", -1) % rank for entry in (row, pair.layer)}
    if len(axes) > 1:
        return
    found = Diagnostic(
        code="SC406",
        message=f"`{row.type}` expects scores, receives the probabilities of a `softmax` along the same axis",
        span=pair.reading.word,
        labels=(Label(pair.place.word, "gives probabilities"),),
        help=f"take out {'one of them' if row.type == pair.layer.type else f'the `{pair.layer.type}`'}",
    )
    yield traced(found, pair.reading.given)
