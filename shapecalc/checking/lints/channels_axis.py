"""A layer that reads steps or positions as channels, with the features on the last axis: SC411."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import with_origins
from shapecalc.diagnostics import Diagnostic
from shapecalc.dims import Expr, pretty, show
from shapecalc.layers.layouts import moved, window_of
from shapecalc.layers.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.checking.lints.axes import LayerAxes, Tensor
    from shapecalc.shape_inference.report import LayerReport

RANK = 3
"""Axes of a sequence: batch, time and features."""

_STATED = ("num_features", "in_channels", "num_channels")
"""The fields that state a number of channels."""


def channels_axis(axes: Iterable[LayerAxes]) -> Iterator[Diagnostic]:
    """Yield a warning for each layer that reads [N, C, *] and receives [N, T, features]."""
    for row, (tensor, *_) in axes:
        spans = row.step.spans
        if spans is None or not _reads_channels(row):
            continue
        stated = _stated_last(row)
        if stated is None and not _slides_over_features(row, tensor):
            continue
        x = row.inputs[0]
        shape = show(x)
        message = f"`{row.type}` reads axis 1 of {shape} as channels, and the last axis has the features"
        if stated is not None:
            size = getattr(row.step.layer, stated)
            message = f"`{row.type}` expects {size} channels on axis 1, which are on the last axis of {shape}"
        warning = Diagnostic(
            code="SC411",
            message=message,
            span=spans.fields.get((stated,), spans.type) if stated is not None else spans.type,
            labels=(tensor.origin,) if tensor.origin is not None else (),
            help=_help(len(x)),
            notes=(f"as it is, {pretty(x[1])} must be {size}",) if stated is not None else (),
        )
        yield with_origins(warning, spans.origins)


def _help(rank: int) -> str:
    before, after = list(moved(rank, rank - 1, 1)), list(moved(rank, 1, rank - 1))
    if before == after:
        return f"put `permute: {before}` before it, and after it to restore the order"
    return f"put `permute: {before}` before it, and `permute: {after}` after it to restore the order"


def _reads_channels(row: LayerReport) -> bool:
    layer = row.step.layer
    return len(row.inputs[0]) >= RANK and (layer.reads_map or layer.reads_channels)


def _stated_last(row: LayerReport) -> str | None:
    """Return the field whose number of channels is the size of the last axis, while axis 1 depends on a symbol."""
    *_, last = x = row.inputs[0]
    return next(
        (name for name in _STATED if getattr(row.step.layer, name, None) == last and isinstance(x[1], Expr)), None
    )


def _slides_over_features(row: LayerReport, tensor: Tensor) -> bool:
    """Return whether a layer takes positions for channels, and features for positions.

    A convolution of one position combines positions on purpose, as MLP-Mixer does; a pool with a window may be a
    maxout; with several spatial axes, one may hold features.
    """
    layer, x = row.step.layer, row.inputs[0]
    positions, features = tensor.roles[1], tensor.roles[-1]
    if any(getattr(layer, name, None) is not None for name in _STATED):
        return False
    if layer.normalizes_batch:
        moved_last = positions in (Role.TIME, Role.SPACE) and features in (Role.FEATURES, Role.CHANNELS)
        return moved_last or (features is Role.FEATURES and (isinstance(x[1], Expr) or _looks_up(tensor)))
    if len(x) != RANK or features is not Role.FEATURES or x[1] == 1:
        return False
    if positions is not Role.TIME and not isinstance(x[1], Expr) and not _looks_up(tensor):
        return False
    window = window_of(layer, x)
    return row.output[2:] in ((), (1,)) if window is None else bool(layer.parameters(x)) and window[0] > 1


def _looks_up(tensor: Tensor) -> bool:
    """Return whether a tensor is that of an embedding, whose indices are a batch of sequences."""
    return tensor.layer is not None and tensor.layer.step.layer.reads == "int64"
