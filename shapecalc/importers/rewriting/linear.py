"""Products with stored matrices, summands and factors of channels: the layers that they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.importers.rewriting.rewriter import Rewriter, Rules
from shapecalc.importers.rewriting.weights import along_axes, trained, transposed

if TYPE_CHECKING:
    from shapecalc.importers.graph import ImportedStep, Stored, Value

RULES = Rules()
SCALES = Rules()
"""Rules of factors and summands that belong to no other layer: they are tried last."""

_WITH_BIAS = {"linear": -1, "conv": 1, "conv_transpose": 1}
"""The layers whose `bias` a trained summand can be, and its axis."""


@RULES.on("matmul")
def linear_of_matrix(at: Rewriter, node: ImportedStep) -> Value | None:
    """A product with a trained matrix is a linear layer without bias."""
    x, matrix = node.reads
    turned = node.layer.transpose_b  # type: ignore[attr-defined]
    inner = matrix.node
    if not isinstance(inner, str) and inner.type == "permute" and matrix.rank == 2:  # noqa: PLR2004 - a matrix
        turned ^= tuple(dim % 2 for dim in inner.layer.dims) == (1, 0)  # type: ignore[attr-defined]
        if at.only_user(matrix) is not node:
            return None
        matrix = inner.reads[0]
    if matrix.rank != 2 or x.rank < 2:  # noqa: PLR2004
        return None
    stored = trained(at, matrix)
    if stored is None or stored.shape != matrix.shape:
        return None
    weight = stored if turned else transposed(stored)
    nodes = [node]
    return at.step("linear", x, replaces=nodes, tensors={"weight": weight}, out_features=weight.shape[0], bias=False)


@RULES.on("add")
def bias_of_layer(at: Rewriter, node: ImportedStep) -> Value | None:
    """A trained summand along the features or channels of a layer without a bias is its bias."""
    if len(node.reads) != 2:  # noqa: PLR2004 - two summands
        return None
    for result, summand in (node.reads, node.reads[::-1]):
        layer = result.node
        if isinstance(layer, str) or layer.type not in _WITH_BIAS or at.only_user(result) is not node:
            continue
        if layer.layer.bias or result.shape != node.value().shape:  # type: ignore[attr-defined]
            continue
        stored = trained(at, summand)
        axis = _WITH_BIAS[layer.type] % result.rank
        bias = None if stored is None else along_axes(stored, summand.shape, result, (axis,))
        if bias is not None:
            fields = {**layer.fields, "bias": True}
            tensors = {**layer.tensors, "bias": bias}
            return at.step(layer.type, *layer.reads, replaces=[layer, node], tensors=tensors, **fields)
    return None


@RULES.on("reshape", "unsqueeze", "flatten")
def rows_in_one_axis(at: Rewriter, node: ImportedStep) -> Value | None:
    """A linear layer reads the last axis: the others need not be joined before it and divided after it."""
    linear = node.reads[0].node
    if isinstance(linear, str) or linear.type != "linear" or at.only_user(node.reads[0]) is not node:
        return None
    joining = linear.reads[0].node
    if isinstance(joining, str) or joining.type not in ("reshape", "flatten", "squeeze"):
        return None
    x = joining.reads[0]
    if at.only_user(linear.reads[0]) is not linear or x.shape[-1:] != linear.reads[0].shape[-1:]:
        return None
    if (*x.shape[:-1], node.reads[0].shape[-1]) != node.value().shape:
        return None
    return at.step("linear", x, replaces=[joining, linear, node], tensors=linear.tensors, **linear.fields)


@SCALES.on("multiply")
def scale_of_channels(at: Rewriter, node: ImportedStep) -> Value | None:
    """A trained factor for each index of one axis is a scale."""
    vector_and_axis = _vector_beside(at, node)
    if vector_and_axis is None:
        return None
    x, axis, weight = vector_and_axis
    dim = axis if axis == 1 else axis - x.rank
    return at.step("scale", x, replaces=[node], tensors={"weight": weight}, dim=dim)


@SCALES.on("add")
def bias_of_scale(at: Rewriter, node: ImportedStep) -> Value | None:
    """A trained summand after a scale along the same axis is its bias."""
    if len(node.reads) != 2:  # noqa: PLR2004 - two summands
        return None
    for scaled, summand in (node.reads, node.reads[::-1]):
        scale = scaled.node
        if isinstance(scale, str) or scale.type != "scale" or at.only_user(scaled) is not node or scale.layer.bias:  # type: ignore[attr-defined]
            continue
        stored = trained(at, summand)
        axis = scale.layer.dim % scaled.rank  # type: ignore[attr-defined]
        bias = None if stored is None else along_axes(stored, summand.shape, scaled, (axis,))
        if bias is not None:
            tensors = {**scale.tensors, "bias": bias}
            fields = {**scale.fields, "bias": True}
            return at.step("scale", *scale.reads, replaces=[scale, node], tensors=tensors, **fields)
    return None


def _vector_beside(at: Rewriter, node: ImportedStep) -> tuple[Value, int, Stored] | None:
    """Return the input, the axis and the trained vector that a step reads."""
    if len(node.reads) != 2 or getattr(node.layer, "other", None) is not None:  # noqa: PLR2004 - two operands
        return None
    for x, vector in (node.reads, node.reads[::-1]):
        stored = trained(at, vector)
        if stored is None or x.shape != node.value().shape or isinstance(x.node, str) or x.node.layer.is_tensor:
            continue
        padded = (1,) * (x.rank - vector.rank) + tuple(vector.shape)
        wide = [axis for axis, size in enumerate(padded) if size != 1]
        if len(wide) == 1:
            along = along_axes(stored, vector.shape, x, (wide[0],))
            if along is not None:
                return x, wide[0], along
    return None


@RULES.on("conv", "max_pool")
def padding_before(at: Rewriter, node: ImportedStep) -> Value | None:
    """Zeros that are added before a convolution are its padding; −∞ before a maximum is its too."""
    pad = node.reads[0].node
    if isinstance(pad, str) or pad.type != "pad" or at.only_user(node.reads[0]) is not node:
        return None
    x, spatial = pad.reads[0], pad.reads[0].rank - 2
    content = 0.0 if node.type == "conv" else float("-inf")
    added, own = pad.layer.padding, node.layer.padding  # type: ignore[attr-defined]
    modes = pad.layer.mode == "constant" and getattr(node.layer, "padding_mode", "zeros") == "zeros"  # type: ignore[attr-defined]
    if not modes or pad.layer.value != content or getattr(node.layer, "ceil_mode", False):  # type: ignore[attr-defined]
        return None
    before = _pairs(added, spatial, reverse=True)
    inside = _pairs(0 if own == "valid" else own, spatial)
    if before is None or inside is None:
        return None
    pairs = [(a + c, b + d) for (a, b), (c, d) in zip(before, inside, strict=True)]
    equal = all(first == last for first, last in pairs)
    if node.type == "max_pool" and not equal:
        return None
    padding = [first for first, _ in pairs] if equal else pairs
    fields = {**node.fields, "padding": padding}
    return at.step(node.type, x, replaces=[pad, node], tensors=node.tensors, **fields)


def _pairs(padding: object, spatial: int, *, reverse: bool = False) -> list[tuple[int, int]] | None:
    """Return padding before and after for each spatial axis; `reverse` if it is listed flat from the last axis.

    >>> _pairs((1, 2, 3, 4), 2, reverse=True), _pairs(1, 2), _pairs((1, 2), 2), _pairs("same", 2)
    ([(3, 4), (1, 2)], [(1, 1), (1, 1)], [(1, 1), (2, 2)], None)
    """
    if isinstance(padding, int):
        return [(padding, padding)] * spatial
    if not isinstance(padding, tuple):
        return None
    if reverse:
        pairs = list(zip(padding[::2], padding[1::2], strict=False))[::-1]
        if len(pairs) > spatial or len(padding) % 2:
            return None
        return [(0, 0)] * (spatial - len(pairs)) + pairs
    if len(padding) not in (1, spatial):
        return None
    each = padding * spatial if len(padding) == 1 else padding
    return [entry if isinstance(entry, tuple) else (entry, entry) for entry in each]
