"""Norms that are written as their formulas, and the weights that follow a norm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.dims import product as product_of
from shapecalc.importers.rewriting.patterns import (
    X,
    axes,
    difference,
    either,
    over_root,
    plus,
    quotient,
    squared,
    step,
)
from shapecalc.importers.rewriting.rewriter import Rewriter, Rules
from shapecalc.importers.rewriting.weights import along_axes, trained

if TYPE_CHECKING:
    from shapecalc.importers.graph import ImportedStep, Value
    from shapecalc.importers.rewriting.patterns import Match

RULES = Rules()

_DIMS = axes("dims")
_CENTRED = difference(X, step("mean", X, dim=_DIMS, keepdim=True))
_VARIANCE = either(
    step("mean", squared(_CENTRED), dim=_DIMS, keepdim=True),
    step("var", X, dim=_DIMS, keepdim=True, correction=0),
)
LAYER_NORM = either(over_root(_CENTRED, plus(_VARIANCE, "eps")))
RMS_NORM = over_root(X, plus(step("mean", squared(X), dim=_DIMS, keepdim=True), "eps"))


@RULES.on("divide", "multiply")
def norm_of_last_axes(at: Rewriter, node: ImportedStep) -> Value | None:
    """A formula of a layer norm or an RMS norm becomes it; over another axis than the last, between permutations."""
    for type_, what, pattern in (("layer_norm", "layer norm", LAYER_NORM), ("rms_norm", "RMS norm", RMS_NORM)):
        match = at.matched(pattern, node.value())
        if match is not None and match.facts["eps"] >= 0:
            return _norm(at, type_, what, match)
    return None


def _norm(at: Rewriter, type_: str, what: str, match: Match) -> Value | None:
    x, dims = match["x"], match.facts["dims"]
    sizes = [x.shape[dim] for dim in dims]
    if not all(isinstance(size, int) for size in sizes) or len(dims) == x.rank:
        return None
    others = [axis for axis in range(x.rank) if axis not in dims]
    order = [*others, *dims]
    fields = {
        "normalized_shape": sizes if len(sizes) > 1 else None,
        "eps": match.facts["eps"],
        "elementwise_affine": False,
    }
    if order == list(range(x.rank)):
        return at.step(type_, x, replaces=match.nodes, what=what, **fields)
    last = at.step("permute", x, dims=order)
    normal = at.step(type_, last, replaces=match.nodes, what=what, **fields)
    return at.step("permute", normal, dims=sorted(range(x.rank), key=order.__getitem__))


@RULES.on("multiply")
def weight_of_norm(at: Rewriter, node: ImportedStep) -> Value | None:
    """A trained factor after a norm without one is the norm's weight."""
    if len(node.reads) != 2:  # noqa: PLR2004 - two factors
        return None
    for normal, factor in (node.reads, node.reads[::-1]):
        norm = normal.node
        if isinstance(norm, str) or at.only_user(normal) is not node or norm.tensors:
            continue
        fields = _weightless(norm)
        stored = trained(at, factor) if fields else None
        if stored is None:
            continue
        weight = along_axes(stored, factor.shape, normal, _axes_of_weight(norm))
        if weight is not None:
            extra = {"bias": False} if "bias" in fields else {}
            return _joined(at, norm, node, {"weight": weight}, {**fields, **extra})
    return None


@RULES.on("add")
def bias_of_norm(at: Rewriter, node: ImportedStep) -> Value | None:
    """A trained summand after a norm that has a weight alone is the norm's bias."""
    if len(node.reads) != 2:  # noqa: PLR2004 - two summands
        return None
    for normal, summand in (node.reads, node.reads[::-1]):
        norm = normal.node
        if isinstance(norm, str) or at.only_user(normal) is not node or list(norm.tensors) != ["weight"]:
            continue
        affine = norm.type == "layer_norm" or (norm.type in ("group_norm", "instance_norm") and norm.layer.affine)  # type: ignore[attr-defined]
        stored = trained(at, summand) if affine else None
        bias = None if stored is None else along_axes(stored, summand.shape, normal, _axes_of_weight(norm))
        if bias is not None:
            return _joined(at, norm, node, {"bias": bias}, {"bias": True})
    return None


def _weightless(norm: ImportedStep) -> dict[str, bool]:
    """Return the fields that give a norm a weight, none if it has one or is another layer."""
    if norm.type in ("layer_norm", "rms_norm") and not norm.layer.elementwise_affine:  # type: ignore[attr-defined]
        return {"elementwise_affine": True} | ({"bias": False} if norm.type == "layer_norm" else {})
    if norm.type in ("group_norm", "instance_norm") and not norm.layer.affine:  # type: ignore[attr-defined]
        return {"affine": True, "bias": False}
    return {}


def _axes_of_weight(norm: ImportedStep) -> tuple[int, ...]:
    rank = norm.reads[0].rank
    if norm.type in ("group_norm", "instance_norm"):
        return (1,)
    shape = norm.layer.normalized_shape  # type: ignore[attr-defined]
    count = len(shape) if isinstance(shape, tuple) else 1
    return tuple(range(rank - count, rank))


def _joined(at: Rewriter, norm: ImportedStep, node: ImportedStep, tensors: dict, fields: dict) -> Value:  # type: ignore[type-arg]
    what = norm.comment.partition(",")[0]
    all_tensors = {**norm.tensors, **tensors}
    return at.step(
        norm.type, *norm.reads, replaces=[norm, node], what=what, tensors=all_tensors, **{**norm.fields, **fields}
    )


NORMALIZE = either(
    *(
        quotient(X, below)
        for length in (step("norm", X, dim=_DIMS, keepdim=True),)
        for below in (step("clamp", length, min=lambda value, _, match: match.note("eps", value)),
                      step("maximum", length, other=lambda value, _, match: match.note("eps", value)))
    )
)  # fmt: skip


@RULES.on("divide", "multiply")
def normalize(at: Rewriter, node: ImportedStep) -> Value | None:
    """A vector divided by its length, which is at least eps."""
    match = at.matched(NORMALIZE, node.value())
    if match is None or match.facts["eps"] is None:
        return None
    dims = match.facts["dims"]
    dim = dims[0] if len(dims) == 1 else dims
    dim = -1 if dim == match["x"].rank - 1 else dim
    return at.step("normalize", match["x"], replaces=match.nodes, what="L2 norm", dim=dim, eps=match.facts["eps"])


@RULES.on("reshape")
def groups_by_instances(at: Rewriter, node: ImportedStep) -> Value | None:
    """An instance norm of channels that are joined to groups, as ONNX writes a group norm."""
    norm = node.reads[0].node
    if isinstance(norm, str) or norm.type != "instance_norm" or at.only_user(node.reads[0]) is not node:
        return None
    joined = norm.reads[0].node
    if isinstance(joined, str) or joined.type != "reshape" or at.only_user(norm.reads[0]) is not norm:
        return None
    x, groups = joined.reads[0], norm.reads[0]
    unchanged = x.shape == node.value().shape and x.shape[0] == groups.shape[0] and groups.rank == 3  # noqa: PLR2004
    if not unchanged or norm.layer.track_running_stats or not _has_ones(at, norm):  # type: ignore[attr-defined]
        return None
    count, channels = groups.shape[1], x.shape[1]
    if not isinstance(count, int) or not isinstance(channels, int) or channels % count:
        return None
    if groups.shape[2] != product_of(x.shape[1:]) // count:
        return None
    nodes = [joined, norm, node]
    fields = {"num_groups": count, "eps": norm.layer.eps, "affine": False}  # type: ignore[attr-defined]
    return at.step("group_norm", x, replaces=nodes, what="group norm", **fields)


def _has_ones(at: Rewriter, norm: ImportedStep) -> bool:
    """Return whether a norm's factors are all 1 and its summands all 0, or there are none."""
    from shapecalc.importers.rewriting.tables import stored_array  # noqa: PLC0415 - few graphs need it

    for name, wanted in (("weight", 1), ("bias", 0)):
        if name in norm.tensors:
            array = stored_array(at, norm.tensors[name])
            if array is None or not bool((array == wanted).all()):
                return False
    return True
