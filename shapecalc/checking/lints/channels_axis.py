"""A layer that reads steps or positions as channels, with the features on the last axis: SC411."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import with_origins
from shapecalc.diagnostics import Diagnostic
from shapecalc.dims import Expr, pretty, show
from shapecalc.layers.layouts import channels_last_order, moved, reordering, window_of
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
        spans, x = row.step.spans, row.inputs[0]
        if spans is None or not _reads_channels(row):
            continue
        stated = _stated_last(row)
        if stated is None and not _reads_steps(row, tensor):
            continue
        entry = tensor.entry
        # An input that is warned of as a whole is not warned of here.
        if entry is not None and channels_last_order(entry.shape, window_of(row.step.layer, x)) is not None:
            continue
        message = f"`{row.type}` reads axis 1 of {show(x)} as channels, and the last axis has the features"
        if stated is not None:
            size = getattr(row.step.layer, stated)
            message = f"`{row.type}` expects {size} channels on axis 1, which are on the last axis of {show(x)}"
        warning = Diagnostic(
            code="SC411",
            message=message,
            span=spans.fields.get((stated,), spans.type) if stated is not None else spans.type,
            labels=(tensor.origin,) if tensor.origin is not None else (),
            help=_help(len(x)) if entry is None else reordering(entry.shape, moved(len(x), len(x) - 1, 1)),
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


def _reads_steps(row: LayerReport, tensor: Tensor) -> bool:
    """Return whether a layer takes steps for channels, and features for steps.

    A convolution of one position combines steps on purpose, as MLP-Mixer does; a pool with a window behind `linear` may
    be a maxout; with several spatial axes, one may hold features.
    """
    layer, x = row.step.layer, row.inputs[0]
    _, steps, *_, last = tensor.roles
    if any(getattr(layer, name, None) is not None for name in _STATED) or x[1] == 1:
        return False
    known = steps is Role.TIME or isinstance(x[1], Expr) or _looks_up(tensor)
    if not layer.reads_map:
        positions = steps is Role.SPACE and last in (Role.FEATURES, Role.CHANNELS)
        return (layer.normalizes_batch or bool(layer.parameters(x))) and (
            positions or (known and last is Role.FEATURES) or (steps is Role.TIME and last is Role.CHANNELS)
        )
    if len(x) != RANK or last is not Role.FEATURES or not known:
        return False
    window = window_of(layer, x)
    if window is None:
        return row.output[2:] in ((), (1,))
    maker = tensor.layer.step.layer if tensor.layer is not None else layer
    behind_linear = maker.reads_features and maker.batch_is_first is None
    return window[0] > 1 and (bool(layer.parameters(x)) or not behind_linear)


def _looks_up(tensor: Tensor) -> bool:
    """Return whether a tensor is that of an embedding, whose indices are a batch of sequences."""
    return tensor.layer is not None and tensor.layer.step.layer.reads == "int64"
