"""An input of pictures without a batch or a channel axis, which layers read as sequences: SC408."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.dims import pretty, show
from shapecalc.layers.layouts import as_pictures, missing_axis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.checking.lints.axes import LayerAxes


def missing_batch(axes: Iterable[LayerAxes]) -> Iterator[Diagnostic]:
    """Yield a warning for each input of pictures with an axis too few, which a convolution or a pool reads."""
    warned: set[str] = set()
    for row, (tensor, *_) in axes:
        entry, layer = tensor.entry, row.step.layer
        if entry is None or entry.span is None or entry.name in warned or not layer.reads_map:
            continue
        if len(row.inputs[0]) != len(entry.shape):
            continue  # another layer added the axis
        wanted = as_pictures(entry.shape)
        # Somebody who states the number of channels means those that the layer reads.
        if wanted is None or getattr(layer, "in_channels", None) is not None:
            continue
        warned.add(entry.name)
        batch, channels, length = map(pretty, row.inputs[0])
        spans = row.step.spans
        missing = f"the {missing_axis(entry.shape, wanted)}"
        read = f"reads {batch} samples with {channels} channels of length {length}"
        yield Diagnostic(
            code="SC408",
            message=f"`{row.type}` reads {show(entry.shape)} as [N, C, length]: {missing} is probably missing",
            span=entry.span,
            labels=(Label(spans.type, read),) if spans is not None else (),
            help=f"write the input as {show(wanted)}",
        )
