"""Padding of any axis by pairs of before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.importers.onnx.node import operator
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.importers.graph import Value
    from shapecalc.importers.onnx.node import OnnxNode

MODES = {"constant": "constant", "edge": "replicate", "reflect": "reflect", "wrap": "circular"}


@operator("Pad")
def pad(
    node: OnnxNode,
    *,
    mode: str = "constant",
    pads: Sequence[int] = (),
    paddings: Sequence[int] = (),
    value: float = 0.0,
) -> Value:
    """Return `pad`, whose pairs are those of the last axes; before version 11 they are an attribute."""
    rank = node.rank()
    given = node.integers(1, "padding") if node.has(1) else list(pads or paddings)
    axes = [axis % rank for axis in node.integers(3, "axes")] if node.has(3) else list(range(rank))
    if len(given) != 2 * len(axes):
        raise Unreadable(f"`Pad` has {len(given)} numbers for {len(axes)} axes")
    pairs = [[0, 0] for _ in range(rank)]
    for place, axis in enumerate(axes):
        pairs[axis] = [given[place], given[place + len(axes)]]
    if node.has(2):
        value = node.number(2)
    if mode not in MODES:
        raise Unreadable(f"`Pad` has the mode `{mode}`")
    if node.dtype() != "float32":
        first = node.cast(node.read(), "float32")
        return node.cast(pad_by(node, first, pairs, mode, float(value)), node.dtype())
    return pad_by(node, node.read(), pairs, mode, value)


def pad_by(
    node: OnnxNode, first: Value, pairs: Sequence[Sequence[int]], mode: str = "constant", value: float = 0.0
) -> Value:
    """Return a value padded by pairs of before and after, one for each axis."""
    given = [list(pair) for pair in pairs]
    while given and given[0] == [0, 0]:
        given = given[1:]
    if not given:
        return first
    flat = [size for pair in given[::-1] for size in pair]
    return node.step("pad", first, padding=flat, mode=MODES[mode], value=float(value))


@operator("CenterCropPad")
def center_crop_pad(node: OnnxNode, *, axes: Sequence[int] | None = None) -> Value:
    """Return `slice` and `pad` of each axis; the odd element is at the end."""
    along = [axis % node.rank() for axis in (range(node.rank()) if axes is None else axes)]
    first, pairs = node.read(), [[0, 0] for _ in range(node.rank())]
    shape = node.ints(node.shape())
    for axis, size in zip(along, node.integers(1), strict=True):
        less = shape[axis] - size
        if less > 0:
            first = node.step("slice", first, dim=axis, start=less // 2, end=less // 2 + size)
        if less < 0:
            pairs[axis] = [-less // 2, -less - -less // 2]
    return pad_by(node, first, pairs)
