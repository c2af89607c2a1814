"""Errors whose cause is the order of axes: the help names the order, not a size that hides the mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import Input, input_slot, joined
from shapecalc.diagnostics import Label
from shapecalc.dims import grouped, pretty, product, show, symbol
from shapecalc.layers.layouts import (
    COLOURS,
    as_pictures,
    channels_last_order,
    missing_axis,
    moved,
    reordering,
    window_of,
)
from shapecalc.shape_inference.provenance import in_later_run
from shapecalc.shape_inference.rows import GroupReport, LayerReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.architecture import Group, Step
    from shapecalc.diagnostics import Diagnostic, LayerError
    from shapecalc.dims import Shape
    from shapecalc.layers import Layer
    from shapecalc.shape_inference.provenance import Frame, Maker

CODES = {"SC204", "SC301", "SC302", "SC304", "SC305"}
"""Codes of shapes that do not fit, which another order of axes is probably the cause of."""

OTHER_CODES = {"SC307", "SC314", "SC315"}
"""Codes of shapes that do not fit together, which another order of axes may be the cause of."""

RANK = 3
"""Axes of the smallest map: batch, channels and one spatial axis."""

MOST_HOPS = 1000
"""The most layers between a layer and the input whose order of axes is looked at."""


def with_layout(diagnostic: Diagnostic, error: LayerError, step: Step, x: Shape, frame: Frame) -> Diagnostic:
    """Return the diagnostic of a mistake with the order of axes as its help, if that is probably the cause.

    What a later run of a body receives is not in another order: the first run has no mistake.
    """
    if in_later_run(frame):
        return diagnostic
    if error.code in OTHER_CODES:
        help_text, entry = _of_network(step, frame)
        note = f"another cause may be the order of axes: {help_text}"
        return (
            diagnostic if entry is None or help_text is None else diagnostic._replace(notes=(*diagnostic.notes, note))
        )
    if error.code not in CODES:
        return diagnostic
    stated = getattr(step.layer, error.field) if error.code == "SC301" and error.field is not None else None
    listed = error.field if error.code == "SC204" else None
    help_text = _of_layer(step, x, stated, listed, frame)
    labels = diagnostic.labels
    if help_text is None:
        help_text, entry = _of_network(step, frame)
        if entry is not None and entry.span is not None:
            labels = tuple(dict.fromkeys((*labels, Label(entry.span, "enters here"))))
    if help_text is None:
        return diagnostic
    # It would name the size that the axis of this order has.
    label = "" if stated is not None else diagnostic.label
    return diagnostic._replace(help=help_text, label=label, labels=labels, fix=None)


def _of_layer(step: Step, x: Shape, stated: int | None, field: str | None, frame: Frame) -> str | None:
    """Return the help for an input of a layer in another order; None if it is not.

    `field` has a list with another number of entries than the input has spatial axes.
    """
    layer = step.layer
    path = _path(step.inputs[0], frame, keeps_axes=True)
    source = path[-1] if path else None
    if layer.reads_map or layer.reads_channels:
        if field is not None and len(getattr(layer, field)) == len(x) - 1:
            return _of_one_more(x, source)
        if isinstance(source, Input):
            return _of_input(source.shape, x, layer, stated)
        return _of_channels(x, stated, source)
    if not layer.reads_features or layer.keeps_axes or stated is None or len(x) < RANK:
        return None
    return _of_features(x, stated, source) if layer.batch_is_first is None else _of_sequence(x, stated, layer, source)


def _of_network(step: Step, frame: Frame) -> tuple[str | None, Input | None]:
    """Return the help for an input of the network that its first layer reads in another order, and the input."""
    path = _path(step.inputs[0], frame)
    entry = path[-1] if path else None
    if not isinstance(entry, Input):
        return None, None
    rows = (row for row in reversed(path) if isinstance(row, LayerReport) and not row.step.layer.keeps_axes)
    first = next(rows, None)
    # Somebody who states the number of channels, which fits, means those that the layer reads.
    if first is None or not first.step.layer.reads_map or getattr(first.step.layer, "in_channels", None) is not None:
        return None, None
    return _of_input(entry.shape, first.inputs[0], first.step.layer, None), entry


def _of_input(shape: Shape, x: Shape, layer: Layer, stated: int | None) -> str | None:
    """Return the help for an input of the network in another order, or without its batch."""
    channels = getattr(layer, "in_channels", None)
    if channels is not None and channels == x[0] and (len(x) < RANK or channels != x[1]):
        written = show((symbol("N"), *shape))
        if len(x) < RANK or len(set(x[1:])) == 1 or as_pictures(shape) is not None:
            return f"the batch axis is missing: write the input as {written}"
        if stated is not None and len(x) == RANK:
            return f"write the input as {written} if its batch axis is missing, else `in_channels: {pretty(x[1])}`"
    picture = as_pictures(shape)
    if picture is not None and stated in (None, picture[1]):
        return f"the {missing_axis(shape, picture)} is missing: write the input as {show(picture)}"
    if stated == 1 and len(x) == RANK and 1 not in x:
        written = show((shape[0], 1, *shape[1:]))
        return f"write the input as {written}, or put `unsqueeze: 1` before the first step"
    order = channels_last_order(shape, window_of(layer, x))
    axis = _axis_of(x, stated)
    if order is None and axis is not None:
        order = moved(len(x), axis, 1)
    return None if order is None else reordering(shape, order)


def _of_one_more(x: Shape, source: LayerReport | Input | None) -> str | None:
    """Return the help for a layer with fields for one more spatial axis than its input has."""
    if not isinstance(source, Input):
        is_map = source is not None and source.step.layer.reads_map
        return None if is_map else f"put `unsqueeze: 1` before it: {show(x)} has no channel axis"
    pictures = as_pictures(source.shape)
    if pictures is None and source.shape[0] in COLOURS and source.shape[1] not in COLOURS:
        pictures = (symbol("N"), *source.shape)
    if pictures is not None:
        return f"the {missing_axis(source.shape, pictures)} is missing: write the input as {show(pictures)}"
    if len(x) > RANK:
        return None  # an entry too many is as likely
    written = show((source.shape[0], 1, *source.shape[1:]))
    return f"write the input as {written}, or put `unsqueeze: 1` before the first step"


def _of_channels(x: Shape, stated: int | None, source: LayerReport | Input | None) -> str | None:
    """Return the help for channels that are the last axis of an input from another layer.

    The last axis of a map is space: there, the same size is a coincidence.
    """
    if isinstance(source, Input) or (source is not None and source.step.layer.reads_map):
        return None
    if stated == 1 and len(x) == RANK and 1 not in x:
        return f"put `unsqueeze: 1` before it: {show(x)} has no channel axis of 1"
    axis = _axis_of(x, stated)
    if axis is None:
        return None
    order = list(moved(len(x), axis, 1))
    return f"put `permute: {order}` before it: channels are axis 1, and {stated} is the size of axis {axis}"


def _axis_of(x: Shape, stated: int | None) -> int | None:
    """Return the last axis, if it alone has a stated number of channels."""
    return len(x) - 1 if stated is not None and x[-1] == stated and stated not in x[:-1] else None


def _of_features(x: Shape, stated: int, source: LayerReport | Input | None) -> str | None:
    """Return the help for a map that should be flat before a layer of features."""
    is_map = len(x) > RANK if isinstance(source, Input) else source is not None and source.step.layer.reads_map
    if not is_map:
        if x[1:].count(stated) != 1:
            return None
        order = list(moved(len(x), x.index(stated, 1), len(x) - 1))
        return f"put `permute: {order}` before it if those are the features, else write `in_features: {pretty(x[-1])}`"
    if x[1] == stated:
        order = list(moved(len(x), 1, len(x) - 1))
        return f"put `global_avg_pool` and `flatten` before it, or `permute: {order}`: the {stated} channels are axis 1"
    features = product(x[1:])
    if not isinstance(features, int):
        return f"put `flatten` before it: the last axis, which has {pretty(x[-1])}, is a part of a map"
    factors = " x ".join(map(pretty, x[1:]))
    return (
        f"put `flatten` before it and write `in_features: {features}` ({factors} = {grouped(features)}): "
        f"the last axis has {pretty(x[-1])}"
    )


def _of_sequence(x: Shape, stated: int, layer: Layer, source: LayerReport | Input | None) -> str | None:
    """Return the help for a sequence whose features are axis 1, as those of a convolution are."""
    if x[1] != stated or stated == x[2]:
        return None
    order = (0, 2, 1) if layer.batch_is_first else (2, 0, 1)
    if isinstance(source, Input):
        return reordering(source.shape, order)
    return f"put `permute: {list(order)}` before it: the {stated} features are axis 1"


def _path(slot: str, frame: Frame, *, keeps_axes: bool = False) -> list[LayerReport | Input]:
    """Return the layers before a slot, nearest first, and the input of the network if they lead there.

    With `keeps_axes` only until the first layer that changes the axes. Of a layer with several inputs the first one is
    followed; the path ends where it is not known.
    """
    makers: Mapping[str, Maker] = frame.makers
    at = frame
    entered: list[tuple[Mapping[str, Maker], Group]] = []
    path: list[LayerReport | Input] = []
    for _ in range(MOST_HOPS):
        maker = makers.get(slot)
        if isinstance(maker, GroupReport):
            entered.append((makers, maker.group))
            slot, rows = _inner_slot(slot, maker)
            makers = {row.path: row for row in rows}
        elif maker is not None:
            path.append(maker)
            if keeps_axes and not maker.step.layer.keeps_axes:
                break
            if not maker.step.inputs:
                break
            slot = maker.step.inputs[0]
        elif entered:
            makers, group = entered.pop()
            slot = _outer_slot(slot, group)
        elif at.group is not None and at.outer is not None:
            slot = _outer_slot(slot, at.group)
            at = at.outer
            makers = at.makers
        elif slot in at.inputs:
            return [*path, at.inputs[slot]]
        else:
            break
    return path


def _inner_slot(slot: str, row: GroupReport) -> tuple[str, tuple[LayerReport | GroupReport, ...]]:
    """Return the slot within a run of a group that one of its outputs is, and the rows of that run."""
    for run, body, walk in zip(row.group.runs, row.group.bodies, row.runs, strict=True):
        for name, inner in body.extra_outputs.items():
            if joined(run, name) == slot:
                return inner, walk.rows
    return row.group.bodies[-1].output, row.runs[-1].rows


def _outer_slot(slot: str, group: Group) -> str:
    """Return the slot around a group that one of its inputs is; empty for any other slot."""
    return next((outer for position, outer in enumerate(group.inputs) if input_slot(position) == slot), "")
