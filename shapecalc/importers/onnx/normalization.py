"""Normalization of channels, groups and last axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.onnx.node import operator
from shapecalc.importers.onnx.tensors import Move
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.importers.graph import Value
    from shapecalc.importers.onnx.node import OnnxNode


def _scale_and_shift(node: OnnxNode, *, bias: bool = True) -> dict[str, Any]:
    tensors = {"weight": node.weight(1).stored()}
    return {**tensors, "bias": node.weight(2, "bias").stored()} if bias else tensors


@operator("BatchNormalization")
def batch_norm(
    node: OnnxNode, *, epsilon: float = 1e-5, momentum: float = 0.9, training_mode: int = 0, spatial: int = 1
) -> Sequence[Value]:
    """Return the layer of that name, in training with the batch's own statistics, which enter the running ones."""
    if not spatial:
        raise Unreadable("`BatchNormalization` with `spatial: 0` has statistics of each element")
    tensors = _scale_and_shift(node)
    if not training_mode:
        running = {"running_mean": node.weight(3, "mean").stored(), "running_var": node.weight(4, "variance").stored()}
        return [node.step("batch_norm", eps=epsilon, tensors={**tensors, **running})]
    result = node.step("batch_norm", eps=epsilon, track_running_stats=False, tensors=tensors)
    axes = [axis for axis in range(node.rank()) if axis != 1]
    own = [node.step("mean", dim=axes), node.step("var", dim=axes, correction=0)]
    moved = []
    for place, value in zip((3, 4), own, strict=True):
        old = node.step("multiply", node.read(place), other=momentum)
        moved.append(node.step("add", old, node.step("multiply", value, other=1 - momentum)))
    return result, *moved


@operator("InstanceNormalization")
def instance_norm(node: OnnxNode, *, epsilon: float = 1e-5) -> Value:
    """Return the layer of that name."""
    return node.step("instance_norm", eps=epsilon, affine=True, tensors=_scale_and_shift(node))


@operator("GroupNormalization")
def group_norm(node: OnnxNode, *, num_groups: int, epsilon: float = 1e-5, stash_type: int = 1) -> Value:
    """Return the layer of that name; before version 21 scale and shift are those of groups."""
    del stash_type
    weight, bias = node.weight(1), node.weight(2, "bias")
    channels = node.shape()[1]
    tensors = {"weight": weight.stored(), "bias": bias.stored()}
    if node.version < 21 and isinstance(channels, int) and weight.shape == (num_groups,) != (channels,):  # noqa: PLR2004
        times = channels // num_groups
        repeat = Move(f"repeat{times}", lambda array: array.repeat(times))
        tensors = {name: each.stored((channels,), repeat) for name, each in (("weight", weight), ("bias", bias))}
    return node.step("group_norm", num_groups=num_groups, eps=epsilon, tensors=tensors)


@operator("LayerNormalization")
def layer_norm(node: OnnxNode, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1) -> Sequence[Value | None]:
    """Return the layer of that name, and its mean and inverse deviation by reductions if they are read."""
    del stash_type
    axis = node.axis(axis)
    sizes = node.ints(node.shape()[axis:], "normalized shape")
    tensors = {"weight": node.weight(1).reshaped(tuple(sizes)).stored()} if _fits(node, 1, sizes) else {}
    if node.has(2) and _fits(node, 2, sizes):
        tensors["bias"] = node.weight(2, "bias").reshaped(tuple(sizes)).stored()
    result = node.step("layer_norm", normalized_shape=sizes, eps=epsilon, bias=node.has(2), tensors=tensors)
    axes: dict[str, Any] = {"dim": list(range(axis, node.rank())), "keepdim": True}
    wanted = [place < len(node.outputs) and node.outputs[place] for place in (1, 2)]
    mean = node.step("mean", **axes) if wanted[0] else None
    if not wanted[1]:
        return result, mean, None
    variance = node.step("var", **axes, correction=0)
    return result, mean, node.chain(variance, ("add", {"other": epsilon}), "rsqrt")


def _fits(node: OnnxNode, place: int, sizes: Sequence[int]) -> bool:
    """Refuse a scale that has not one number for each normalised element."""
    shape = [size for size in node.shape(place) if size != 1]
    if shape != [size for size in sizes if size != 1]:
        raise Unreadable(f"`{node.op}` has a scale of shape {list(node.shape(place))} for the last axes {list(sizes)}")
    return True


@operator("RMSNormalization", "SimplifiedLayerNormalization")
def rms_norm(node: OnnxNode, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1) -> Value:
    """Return the layer of that name."""
    del stash_type
    sizes = node.ints(node.shape()[node.axis(axis) :], "normalized shape")
    _fits(node, 1, sizes)
    tensors = {"weight": node.weight(1).reshaped(tuple(sizes)).stored()}
    return node.step("rms_norm", normalized_shape=sizes, eps=epsilon, tensors=tensors)


@operator("LRN")
def local_response_norm(
    node: OnnxNode, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
) -> Value:
    """Return the layer of that name, whose window of an odd size is that of ONNX."""
    if not size % 2:
        raise Unreadable("`LRN` of an even size has its odd element at the other end")
    return node.step("local_response_norm", size=size, alpha=alpha, beta=beta, k=bias)


@operator("MeanVarianceNormalization")
def mean_variance(node: OnnxNode, *, axes: Sequence[int] = (0, 2, 3)) -> Value:
    """Return the difference from the mean divided by the deviation plus 1e-9."""
    fields: dict[str, Any] = {"dim": list(axes), "keepdim": True}
    less = node.step("subtract", node.read(), node.step("mean", **fields))
    return node.step("divide", less, node.chain(node.step("std", **fields, correction=0), ("add", {"other": 1e-9})))


@operator("LpNormalization")
def lp_normalization(node: OnnxNode, *, axis: int = -1, p: int = 2) -> Value:
    """Return `normalize`."""
    return node.step("normalize", dim=node.axis(axis), p=float(p))
