"""A layer that reads steps or positions as channels, with the features on the last axis: SC411."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Diagnostic
from shapecalc.diagnostics.step_spans import with_origins
from shapecalc.dims import Expr, pretty, show
from shapecalc.layers.layouts import channels_last_order, moved, reordering, window_of
from shapecalc.layers.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.architecture import Input
    from shapecalc.checking.lints.axes import LayerAxes, Tensor
    from shapecalc.diagnostics import Span
    from shapecalc.layers.layouts import Order
    from shapecalc.shape_inference.rows import LayerReport

RANK = 3
"""Axes of a sequence: batch, time and features."""

_CHANNELS = ("num_features", "in_channels", "num_channels")
_FEATURES = ("in_features", "input_size", "embed_dim")
"""The fields that state a number of channels or features."""


class _Elsewhere(NamedTuple):
    """A field whose size is that of another axis than the one that the layer reads, which depends on a symbol."""

    field: str
    size: int
    what: str
    read: int
    axis: int


def channels_axis(axes: Iterable[LayerAxes]) -> Iterator[Diagnostic]:
    """Yield a warning for each layer that reads [N, C, *] and receives [N, T, features], or the reverse."""
    for row, (tensor, *_) in axes:
        spans, x = row.step.spans, row.inputs[0]
        if spans is None or len(x) < RANK:
            continue
        elsewhere = _elsewhere(row, tensor)
        if elsewhere is None and not _reads_steps(row, tensor):
            continue
        entry = tensor.entry
        # An input that is warned of as a whole is not warned of here.
        if entry is not None and channels_last_order(entry.shape, window_of(row.step.layer, x)) is not None:
            continue
        if elsewhere is None:
            message = f"`{row.type}` reads axis 1 of {show(x)} as channels, and the last axis has the features"
            help_text = _help(moved(len(x), len(x) - 1, 1), moved(len(x), 1, len(x) - 1), entry)
            yield with_origins(_warning(spans.type, message, help_text, tensor), spans.origins)
            continue
        field, size, what, read, axis = elsewhere
        message = f"`{row.type}` expects {size} {what} on axis {read}, which are on axis {axis} of {show(x)}"
        order = (2, 0, 1) if row.step.layer.batch_is_first is False else moved(len(x), axis, read)
        help_text = _help(order, moved(len(x), read, axis) if what == "channels" else None, entry)
        warning = _warning(spans.fields.get((field,), spans.type), message, help_text, tensor)
        warning = warning._replace(notes=(f"as it is, {pretty(x[read])} must be {size}",))
        yield with_origins(warning, spans.origins)


def _warning(span: Span, message: str, help_text: str, tensor: Tensor) -> Diagnostic:
    labels = (tensor.origin,) if tensor.origin is not None else ()
    return Diagnostic(code="SC411", message=message, span=span, labels=labels, help=help_text)


def _help(before: Order, after: Order | None, entry: Input | None) -> str:
    """Return the help to bring axes in the order that a layer reads, and back again."""
    if entry is not None:
        return reordering(entry.shape, before)
    put = f"put `permute: {list(before)}` before it"
    if after is None:
        return put
    return f"{put}, and {'' if after == before else f'`permute: {list(after)}` '}after it to restore the order"


def _elsewhere(row: LayerReport, tensor: Tensor) -> _Elsewhere | None:
    """Return the field of a number of channels or features that another axis has, if a symbol would have to be it."""
    layer, x = row.step.layer, row.inputs[0]
    last = len(x) - 1
    others: tuple[int, ...] = (last,)
    names, what, read = _CHANNELS, "channels", 1
    if not (layer.reads_map or layer.reads_channels):
        names, what, read, others = _FEATURES, "features", last, tuple(range(1, last))
        if not layer.reads_features or tensor.map:
            return None
    if not isinstance(x[read], Expr):
        return None
    sizes = {name: size for name in names if (size := getattr(layer, name, None)) is not None}
    pairs = ((name, size, axis) for name, size in sizes.items() for axis in others if x[axis] == size)
    return next((_Elsewhere(name, size, what, read, axis) for name, size, axis in pairs), None)


def _reads_steps(row: LayerReport, tensor: Tensor) -> bool:
    """Return whether a layer takes steps for channels, and features for steps.

    A convolution of one position combines steps on purpose, as MLP-Mixer does; a pool with a window behind `linear` may
    be a maxout; with several spatial axes, one may hold features.
    """
    layer, x = row.step.layer, row.inputs[0]
    _, steps, *_, last = tensor.roles
    if not (layer.reads_map or layer.reads_channels) or x[1] == 1:
        return False
    if any(getattr(layer, name, None) is not None for name in _CHANNELS):
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
