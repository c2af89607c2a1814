"""Normalisations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.keras.calls import LayerCall, layer
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.importers.graph import Array, Stored
    from shapecalc.importers.keras.settings import Ints
    from shapecalc.importers.keras.values import KerasValue


def _affine(call: LayerCall, channels: int, *, scale: bool, center: bool, first: int = 0) -> dict[str, Stored]:
    """Return the weight and the bias that there are."""
    shape, tensors = (channels,), {}
    if scale:
        tensors["weight"] = call.stored("weight", shape, (f"vars/{first}", shape))
    if center:
        tensors["bias"] = call.stored("bias", shape, (f"vars/{first + scale}", shape))
    return tensors


def _shifted(call: LayerCall, x: KerasValue, axis: int, channels: int, variable: int) -> KerasValue:
    """Return a tensor plus a trainable shift of each channel, of a layer that has no scale."""
    shape = (channels, *(1,) * (x.rank - 1 - x.at(axis)))
    stored = call.stored("bias", shape, (f"vars/{variable}", (channels,)), make=lambda array: array.reshape(shape))
    return x._replace(value=call.step("add", x.value, call.session.graph.tensor(stored)))


def _one_axis(call: LayerCall, x: KerasValue, axis: Ints) -> int:
    axes = call.axes(x, axis)
    if len(axes) != 1:
        raise Unreadable(f"`{call.name}` has {len(axes)} axes of channels")
    return axes[0]


@layer("BatchNormalization", "SyncBatchNormalization", "BatchNormalizationV1", "BatchNormalizationV2")
def _batch(
    call: LayerCall,
    *,
    axis: Ints = -1,
    momentum: float = 0.99,
    epsilon: float = 0.001,
    center: bool = True,
    scale: bool = True,
    renorm: bool = False,
) -> KerasValue:
    """Return the layer; Keras's momentum is what stays of the statistics, PyTorch's what is new."""
    del renorm  # it changes training alone, and so does a mask
    call.take("mask")
    x = call.floats(call.x)
    axis = _one_axis(call, x, axis)
    x = call.with_channels_first(x, axis)
    channels = call.known(x.size(axis), "channels")
    first, shape = int(scale) + int(center), (channels,)
    tensors = {
        **(_affine(call, channels, scale=scale, center=center) if scale else {}),
        "running_mean": call.stored("running_mean", shape, (f"vars/{first}", shape), trainable=False),
        "running_var": call.stored("running_var", shape, (f"vars/{first + 1}", shape), trainable=False),
    }
    fields = {"eps": epsilon, "momentum": round(1 - momentum, 12), "affine": scale, "bias": center if scale else True}
    x = x._replace(value=call.step("batch_norm", x.value, tensors=tensors, **fields))
    return x if scale or not center else _shifted(call, x, axis, channels, 0)


@layer("GroupNormalization")
def _group(
    call: LayerCall,
    *,
    groups: int = 32,
    axis: Ints = -1,
    epsilon: float = 0.001,
    center: bool = True,
    scale: bool = True,
) -> KerasValue:
    x = call.floats(call.x)
    axis = _one_axis(call, x, axis)
    x = call.with_channels_first(x, axis)
    channels = call.known(x.size(axis), "channels")
    groups = channels if groups == -1 else groups
    fields = {"num_groups": groups, "eps": epsilon, "affine": scale, "bias": center if scale else True}
    tensors = _affine(call, channels, scale=scale, center=center) if scale else {}
    x = x._replace(value=call.step("group_norm", x.value, tensors=tensors, **fields))
    return x if scale or not center else _shifted(call, x, axis, channels, 0)


@layer("LayerNormalization")
def _layer(
    call: LayerCall,
    *,
    axis: Ints = -1,
    epsilon: float = 0.001,
    center: bool = True,
    scale: bool = True,
    rms_scaling: bool = False,
) -> KerasValue:
    """Return the layer over the last axes; other axes become the last ones for it."""
    x = call.floats(call.x)
    axes = sorted(call.axes(x, axis))
    x = _axes_last(call, x, axes)
    sizes = tuple(call.known(x.size(axis), "features") for axis in axes)
    shape = sizes if len(sizes) > 1 else None
    tensors = {"weight": call.stored("weight", sizes, ("vars/0", sizes))} if scale else {}
    if rms_scaling:
        fields = {"normalized_shape": shape, "eps": epsilon, "elementwise_affine": scale}
        return x._replace(value=call.step("rms_norm", x.value, tensors=tensors, **fields))
    if scale and center:
        tensors["bias"] = call.stored("bias", sizes, ("vars/1", sizes))
    fields = {"normalized_shape": shape, "eps": epsilon, "elementwise_affine": scale, "bias": center and scale}
    fields = {**fields, "bias": None} if not scale else fields
    value = call.step("layer_norm", x.value, tensors=tensors, **fields)
    if center and not scale:
        value = call.step("add", value, call.session.graph.tensor(call.stored("bias", sizes, ("vars/0", sizes))))
    return x._replace(value=value)


def _axes_last(call: LayerCall, x: KerasValue, axes: Iterable[int]) -> KerasValue:
    axes = tuple(axes)
    if x.order[-len(axes) :] == axes:
        return x
    if axes == tuple(range(x.rank - len(axes), x.rank)):
        return call.ordered(x)
    return call.arranged(x, (*(axis for axis in range(x.rank) if axis not in axes), *axes))


@layer("RMSNormalization")
def _rms(call: LayerCall, *, axis: Ints = -1, epsilon: float = 1e-6) -> KerasValue:
    x = call.floats(call.x)
    axes = sorted(call.axes(x, axis))
    x = _axes_last(call, x, axes)
    sizes = tuple(call.known(x.size(axis), "features") for axis in axes)
    stored = call.stored("weight", sizes, ("vars/0", sizes))
    shape = sizes if len(sizes) > 1 else None
    return x._replace(
        value=call.step("rms_norm", x.value, tensors={"weight": stored}, normalized_shape=shape, eps=epsilon)
    )


@layer("UnitNormalization")
def _unit(call: LayerCall, *, axis: Ints = -1) -> KerasValue:
    axes = [call.x.at(axis) for axis in call.axes(call.x, axis)]
    return call.each("normalize", call.x, dim=axes[0] if len(axes) == 1 else sorted(axes))


@layer("LayerScale")
def _scale(call: LayerCall, *, init_values: float = 0.0, projection_dim: int) -> KerasValue:
    """Return the layer of ConvNeXt in `keras.applications`."""
    del init_values
    x = call.floats(call.x)
    stored = call.stored("weight", (projection_dim,), ("vars/0", (projection_dim,)))
    return x._replace(value=call.step("scale", x.value, tensors={"weight": stored}, dim=x.at(-1)))


@layer("Normalization")
def _normalization(
    call: LayerCall, *, axis: Ints | None = -1, mean: Any = None, variance: Any = None, invert: bool = False
) -> KerasValue:
    """Return (x − mean)/√variance with the statistics of the file, numbers or tensors along `axis`."""
    x = call.floats(call.x)
    axes = sorted(call.axes(x, axis)) if axis is not None else []
    sizes = tuple(call.known(x.size(each), "features") for each in axes)
    if mean is not None or variance is not None:
        return _by_numbers(call, x, mean, variance, axes, invert=invert)
    full = tuple(x.size(each) if each in axes else 1 for each in range(x.rank))
    ours = tuple(int(full[each]) for each in x.order)  # type: ignore[arg-type]  # they are known

    def arranged(array: Array) -> Array:
        return array.reshape(full).transpose(x.order)  # type: ignore[arg-type]  # the sizes are known

    def statistic(name: str, number: int) -> Stored:
        return call.stored(name, ours, (f"vars/{number}", sizes), make=arranged, trainable=False)

    means = call.session.graph.tensor(statistic("mean", 0))
    variances = call.session.graph.tensor(statistic("variance", 1))
    deviations = call.step("maximum", call.step("sqrt", variances), other=1e-7)
    if invert:
        return x._replace(value=call.step("add", call.step("multiply", x.value, deviations), means))
    return x._replace(value=call.step("divide", call.step("subtract", x.value, means), deviations))


def _by_numbers(
    call: LayerCall, x: KerasValue, mean: Any, variance: Any, axes: list[int], *, invert: bool
) -> KerasValue:
    """Return the layer with statistics that are settings: numbers, or lists along the last axis."""
    means, variances = _numbers(call, mean), _numbers(call, variance)
    if min(variances) < 0:
        raise Unreadable(f"`{call.name}` has a variance below 0")
    if axes and axes != [x.rank - 1]:
        raise Unreadable(f"`{call.name}` has statistics along other axes than the last")
    x = call.with_last_axis(x)
    means = means * (max(len(means), len(variances)) // len(means))
    variances = variances * (len(means) // len(variances))
    deviations = [max(each**0.5, 1e-7) for each in variances]
    if len(means) == 1:
        if invert:
            return call.each("add", call.each("multiply", x, other=deviations[0]), other=means[0])
        return call.each("divide", call.each("subtract", x, other=means[0]), other=deviations[0])
    shift, factor = call.step("constant", values=means), call.step("constant", values=deviations)
    if invert:
        return x._replace(value=call.step("add", call.step("multiply", x.value, factor), shift))
    return x._replace(value=call.step("divide", call.step("subtract", x.value, shift), factor))


def _numbers(call: LayerCall, value: Any) -> list[float]:
    """Return the numbers of a setting, without the lists of one entry around them."""
    while isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    values = value if isinstance(value, list) else [value]
    if not values or not all(type(each) in (int, float) and 0 <= abs(each) < float("inf") for each in values):
        raise Unreadable(f"`{call.name}` has statistics that are no numbers")
    return [float(each) for each in values]
