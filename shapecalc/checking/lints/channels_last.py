"""An input whose channels are the last axis, read by layers that expect them second: SC407."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.dims import pretty, show
from shapecalc.layers.layouts import as_pictures, channels_last_order, reordering, window_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.checking.lints.axes import LayerAxes


def channels_last(axes: Iterable[LayerAxes]) -> Iterator[Diagnostic]:
    """Yield a warning for each input whose shape is that of a picture or a sequence with the channels not second."""
    warned: set[str] = set()
    for row, (tensor, *_) in axes:
        entry, layer = tensor.entry, row.step.layer
        if (
            entry is None
            or entry.span is None
            or entry.name in warned
            or not (layer.reads_map or layer.normalizes_batch)
        ):
            continue
        x = row.inputs[0]
        order = channels_last_order(entry.shape, window_of(layer, x))
        # Pictures with an axis too few are those of `missing_batch`.
        if order is None or as_pictures(entry.shape) is not None:
            continue
        warned.add(entry.name)
        axis = order[1]
        spans = row.step.spans
        yield Diagnostic(
            code="SC407",
            message=f"`{row.type}` reads axis 1 of {show(x)} as channels, which are probably axis {axis}",
            span=entry.span,
            labels=(Label(spans.type, f"reads {pretty(x[1])} channels"),) if spans is not None else (),
            help=reordering(entry.shape, order),
        )
