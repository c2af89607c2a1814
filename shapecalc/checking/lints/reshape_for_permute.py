"""A reshape that exchanges sizes, which does not move elements from one axis to another: SC411."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic
from shapecalc.diagnostics.step_spans import with_origins
from shapecalc.dims import pretty, product, show
from shapecalc.layers.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.checking.lints.axes import LayerAxes, Tensor
    from shapecalc.dims import Shape

RANK = 3
"""Axes of a sequence: batch, time and features."""

_LAST = (Role.FEATURES, Role.CHANNELS)
"""What the last axis of a sequence is, or that of a map with its channels last."""


def reshape_for_permute(axes: Iterable[LayerAxes]) -> Iterator[Diagnostic]:
    """Yield a warning for each reshape of a map, a sequence or an input to the sizes of another order of axes."""
    from shapecalc.layers.reshaping import Reshape  # noqa: PLC0415 - a family is imported when a file has one

    for row, (tensor, *_) in axes:
        spans = row.step.spans
        x, y = row.inputs[0], row.output
        if spans is None or not isinstance(row.step.layer, Reshape) or len(x) < RANK or not _is_known(tensor):
            continue
        instead = _instead(x, y) if x[0] == y[0] else None
        if instead is None:
            continue
        warning = Diagnostic(
            code="SC411",
            message=f"`{row.type}` of {show(x)} to {show(y)} does not move elements from one axis to another",
            span=spans.fields.get(("shape",), spans.type),
            labels=(tensor.origin,) if tensor.origin is not None else (),
            help=instead,
        )
        yield with_origins(warning, spans.origins)


def _is_known(tensor: Tensor) -> bool:
    """Return whether the axes of a tensor have a meaning that another order of them loses."""
    return tensor.map or tensor.entry is not None or tensor.roles[-1] in _LAST


def _instead(x: Shape, y: Shape) -> str | None:
    """Return the help for sizes that are those of `x` in another order, with or without joining positions."""
    before, after = ([size for size in shape[1:] if size != 1] for shape in (x, y))
    if not before or not after or before[0] == after[0]:
        return None
    if len(before) != len(after):
        if after == [product(before[1:]), before[0]]:
            return f"put `flatten: {len(x) - len(before) + 1}` and `permute: [0, 2, 1]` in its place"
        is_opened = before[-1] == after[0] and product(before[:-1]) == product(after[1:])
        return "put `permute` before it, so that the last axis is the second" if is_opened and before[1:] else None
    # Transformer-XL shifts rows by a reshape that exchanges T and T + 1.
    neighbours = any(one - other in (1, -1) for one, other in zip(before, after, strict=True))
    if neighbours or sorted(map(pretty, before)) != sorted(map(pretty, after)):
        return None
    return f"put `permute: {_order(x, y)}` in its place" if len(x) == len(y) else "put `permute` in its place"


def _order(x: Shape, y: Shape) -> list[int]:
    """Return the axes of `x` that have the sizes of `y`, the first of equal ones first."""
    left = list(range(len(x)))
    order = []
    for size in y:
        axis = next(axis for axis in left if x[axis] == size)
        left.remove(axis)
        order.append(axis)
    return order
