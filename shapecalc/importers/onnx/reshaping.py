"""Operators that change the shape or the order of axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.dims import Expr, product
from shapecalc.importers.onnx.node import operator, refuse_empty
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.dims import Dim
    from shapecalc.importers.graph import Value
    from shapecalc.importers.onnx.node import OnnxNode


@operator("Concat")
def concat(node: OnnxNode, *, axis: int = 1) -> Value:
    """Return the layer of that name; a single input is the output."""
    values = [node.read(place) for place in range(len(node.entries)) if node.has(place) and 0 not in node.shape(place)]
    if len(values) == 1:
        return values[0]
    return node.step("concat", *values, dim=node.axis(axis))


@operator("Flatten")
def flatten(node: OnnxNode, *, axis: int = 1) -> Value:
    """Return a matrix of the axes before `axis` and those from it on."""
    shape = node.shape()
    axis += len(shape) * (axis < 0)
    if axis == 1:
        return node.step("flatten", start_dim=1) if len(shape) > 1 else node.reshaped(node.read(), [shape[0], 1])
    return node.reshaped(node.read(), [product(shape[:axis]), product(shape[axis:])])


@operator("Reshape")
def reshape(node: OnnxNode, *, allowzero: int = 0, shape: Sequence[int] = ()) -> Value:
    """Return the layer of that name; with `allowzero` a 0 is a size."""
    sizes = node.dims(1, "shape") if node.has(1) else list(shape)
    if allowzero:
        refuse_empty("Reshape", sizes)
    given = node.shape()
    if any(isinstance(size, int) and size == 0 and axis >= len(given) for axis, size in enumerate(sizes)):
        raise Unreadable(f"`Reshape` copies an axis that an input with {len(given)} axes does not have")
    copied = [given[axis] if isinstance(size, int) and size == 0 else size for axis, size in enumerate(sizes)]
    missing = [axis for axis, size in enumerate(copied) if isinstance(size, int) and size == -1]
    symbols = sum(isinstance(size, Expr) for size in copied)
    if not missing and symbols == 1 and not _plain(copied):
        copied = [-1 if isinstance(size, Expr) else size for size in copied]
    return node.reshaped(node.read(), copied)


def _plain(sizes: Sequence[Dim]) -> bool:
    """Return whether all sizes of symbols are symbols themselves."""
    return all(isinstance(size, int) or str(size).isidentifier() for size in sizes)


def axes_of(node: OnnxNode, axes: Sequence[int] | None) -> list[int] | None:
    """Return axes, which are an input from version 13 on and an attribute before."""
    return node.integers(1, "axes") if node.has(1) else None if axes is None else list(axes)


@operator("Squeeze")
def squeeze(node: OnnxNode, *, axes: Sequence[int] | None = None) -> Value:
    """Return one `squeeze` after the other, from the last axis."""
    given = axes_of(node, axes)
    if given is None:
        if any(isinstance(size, Expr) for size in node.shape()):
            raise Unreadable("`Squeeze` without axes, of an input whose sizes depend on symbols")
        given = [place for place, size in enumerate(node.shape()) if size == 1]
    places = sorted({node.axis(axis) for axis in given}, reverse=True)
    return node.chain(node.read(), *(("squeeze", {"dim": place}) for place in places))


@operator("Unsqueeze")
def unsqueeze(node: OnnxNode, *, axes: Sequence[int] | None = None) -> Value:
    """Return one `unsqueeze` after the other, from the first axis."""
    given = axes_of(node, axes) or []
    rank = node.rank() + len(given)
    places = sorted(axis % rank for axis in given)
    if len(set(places)) != len(places):
        raise Unreadable(f"`Unsqueeze` has the axes {given}")
    return node.chain(node.read(), *(("unsqueeze", {"dim": place}) for place in places))


@operator("Transpose")
def transpose(node: OnnxNode, *, perm: Sequence[int] | None = None) -> Value:
    """Return `permute`; by default the axes are reversed."""
    return node.permuted(node.read(), list(range(node.rank())[::-1] if perm is None else perm))


@operator("Expand")
def expand(node: OnnxNode) -> Value:
    """Return the layer of that name. Both shapes broadcast: a 1 leaves the axis as it is."""
    given: list[Dim] = list(node.shape())
    asked = node.dims(1, "shape")
    refuse_empty("Expand", asked)
    rank = max(len(given), len(asked))
    given, asked = ([*[1] * (rank - len(each)), *each] for each in (given, asked))
    pairs = zip(given, asked, strict=True)
    size = [ours if isinstance(theirs, int) and theirs == 1 else theirs for ours, theirs in pairs]
    return node.read() if tuple(size) == node.shape() else node.step("expand", size=size)


@operator("Tile")
def tile(node: OnnxNode) -> Value:
    """Return the layer of that name; what repeats an axis of size 1 as often as a symbol says is `expand`."""
    repeats = node.dims(1, "repeats")
    refuse_empty("Tile", repeats)
    if all(isinstance(each, int) and each == 1 for each in repeats):
        return node.read()
    if all(isinstance(each, int) for each in repeats):
        return node.step("tile", dims=repeats)
    if len(repeats) != node.rank():
        raise Unreadable(f"`Tile` has {len(repeats)} repeats for {node.rank()} axes")
    size = [each if isinstance(n, int) and n == 1 else n for n, each in zip(node.shape(), repeats, strict=True)]
    if any(n != 1 and each != 1 for n, each in zip(node.shape(), repeats, strict=True)):
        raise Unreadable("`Tile` repeats an axis as often as a symbol says")
    return node.step("expand", size=size)


@operator("DepthToSpace")
def depth_to_space(node: OnnxNode, *, blocksize: int, mode: str = "DCR") -> Value:
    """Return `pixel_shuffle` for CRD; DCR has the block before the channels."""
    if mode == "CRD":
        return node.step("pixel_shuffle", upscale_factor=blocksize)
    n, c, h, w = node.shape()
    deep = c // blocksize**2
    split = node.reshaped(node.read(), [n, blocksize, blocksize, deep, h, w])
    return node.reshaped(node.permuted(split, [0, 3, 4, 1, 5, 2]), [n, deep, h * blocksize, w * blocksize])


@operator("SpaceToDepth")
def space_to_depth(node: OnnxNode, *, blocksize: int, mode: str = "DCR") -> Value:
    """Return the inverse of DepthToSpace."""
    if mode == "CRD":
        return node.step("pixel_unshuffle", downscale_factor=blocksize)
    n, c, h, w = node.shape()
    high, wide = h // blocksize, w // blocksize
    split = node.reshaped(node.read(), [n, c, high, blocksize, wide, blocksize])
    return node.reshaped(node.permuted(split, [0, 3, 5, 1, 2, 4]), [n, c * blocksize**2, high, wide])
