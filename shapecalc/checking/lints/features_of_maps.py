"""A layer that reads features along the last axis of a map, which is space or time: SC413."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic
from shapecalc.diagnostics.step_spans import with_origins
from shapecalc.dims import Expr, grouped, pretty, product, show
from shapecalc.layers.layouts import moved
from shapecalc.layers.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.checking.lints.axes import LayerAxes
    from shapecalc.dims import Shape
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

RANK = 3
"""Axes of the smallest map: batch, channels and one spatial axis."""


def features_of_maps(axes: Sequence[LayerAxes], report: Report) -> Iterator[Diagnostic]:
    """Yield a warning for each layer that takes the columns of a map, or the steps of a sequence, for features.

    A layer that gives as many columns as it reads, or another one after it that does, mixes positions on purpose, as in
    sMLP and TFC-TDF. So does a forecast, which has as many channels as the input, or a single one, or later maps.
    """
    # The last layer that gives a shape from features, and the last one that reads a map.
    gives = {row.output: index for index, (row, _) in enumerate(axes) if _combines(row)}
    last_map = max((index for index, (row, _) in enumerate(axes) if row.step.layer.reads_map), default=-1)
    for index, (row, (tensor, *_)) in enumerate(axes):
        spans, layer, x = row.step.spans, row.step.layer, row.inputs[0]
        # A sequence of positions is often a map whose rows and columns are joined.
        in_order = tensor.map if layer.batch_is_first is None else tensor.channels_first
        if spans is None or not layer.reads_features or not in_order or len(x) < RANK:
            continue
        if tensor.roles[1] is not Role.CHANNELS or tensor.roles[-1] not in (Role.SPACE, Role.TIME):
            continue
        # Somebody who states the sizes means the axes that have them.
        if getattr(layer, "normalized_shape", None) or _is_on_purpose(row):
            continue
        if layer.batch_is_first is None and _combines(row) and x[-1] != 1:
            restored = gives.get(x, -1) >= index
            forecast = tensor.roles[-1] is Role.TIME and (last_map > index or _has_channels_of_inputs(x, report))
            if restored or forecast:
                continue
        role = tensor.roles[-1].value
        warning = Diagnostic(
            code="SC413",
            message=f"`{row.type}` reads the last axis of the map {show(x)} as features, which is {role}",
            span=spans.type,
            labels=(tensor.origin,) if tensor.origin is not None else (),
            help=_help(row),
        )
        yield with_origins(warning, spans.origins)


def _combines(row: LayerReport) -> bool:
    return row.step.layer.reads_features and not row.step.layer.keeps_axes


def _is_on_purpose(row: LayerReport) -> bool:
    """Return whether a sequence of one step is read, or parameters of an unbound size, which has a warning itself."""
    layer, x = row.step.layer, row.inputs[0]
    return (layer.batch_is_first is not None and x[1] == 1) or (layer.keeps_axes and isinstance(x[-1], Expr))


def _has_channels_of_inputs(x: Shape, report: Report) -> bool:
    """Return whether a sequence has a single channel, or as many as an input of the network."""
    return x[1] == 1 or any(x[1] in entry.shape[1:] for entry in report.inputs)


def _help(row: LayerReport) -> str:
    _, channels, *spatial = x = row.inputs[0]
    if row.step.layer.batch_is_first is not None:
        return f"put `permute: {[0, 2, 1] if row.step.layer.batch_is_first else [2, 0, 1]}` before it"
    if row.step.layer.keeps_axes:
        before, after = (list(moved(len(x), *axes)) for axes in ((1, len(x) - 1), (len(x) - 1, 1)))
        return f"put `permute: {before}` before it and `permute: {after}` after it, to normalise the channels"
    if all(size == 1 for size in spatial):
        return f"put `flatten` before it: the map has {pretty(channels)} features"
    features = product(x[1:])
    count = (
        pretty(features) if isinstance(features, Expr) else f"{' x '.join(map(pretty, x[1:]))} = {grouped(features)}"
    )
    return f"put `flatten` before it ({count} features), or `global_avg_pool` and `flatten` ({pretty(channels)})"
