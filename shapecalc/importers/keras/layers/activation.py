"""Activation functions: by name in a setting `activation`, and as layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.keras.calls import LayerCall, layer
from shapecalc.importers.keras.configuration import nested_config
from shapecalc.importers.keras.settings import Ints, shown
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.importers.keras.values import KerasValue

FUNCTIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    **{
        name: (name, {}) for name in ("relu", "relu6", "elu", "selu", "celu", "gelu", "silu", "sigmoid", "tanh", "mish")
    },
    **{name: (name, {}) for name in ("softplus", "softsign", "softmax", "log_softmax", "hard_shrink", "soft_shrink")},
    "swish": ("silu", {}),
    "leaky_relu": ("leaky_relu", {"negative_slope": 0.2}),
    "exponential": ("exp", {}),
    "hard_sigmoid": ("hardsigmoid", {}),
    "hard_silu": ("hardswish", {}),
    "hard_swish": ("hardswish", {}),
    "hard_tanh": ("hardtanh", {}),
    "log_sigmoid": ("logsigmoid", {}),
    "tanh_shrink": ("tanhshrink", {}),
    "sparse_sigmoid": ("hardsigmoid", {"alpha": 0.5}),
    "glu": ("glu", {}),
}
"""Our layer of each function of `keras.activations`, with its fields."""
HARD_SIGMOID_OF_KERAS_2 = {"alpha": 0.2}
_DIMS = ("softmax", "log_softmax", "glu")
"""Layers along the last axis of Keras."""


def function_name(activation: Any) -> str | None:
    """Return the name of an activation that the file has by name or as a function; None for another object."""
    if isinstance(activation, dict) and activation.get("class_name") == "function":
        activation = activation.get("config")
    return activation if isinstance(activation, str) else None


def activated(call: LayerCall, x: KerasValue, activation: Any) -> KerasValue:
    """Return a tensor after the function of a setting `activation`, which may be None, a name, or a layer."""
    if activation is None:
        return x
    name = function_name(activation)
    if name == "linear":
        return x
    if name is None and isinstance(activation, dict):
        from shapecalc.importers.keras.calls import LAYERS, read_layer  # noqa: PLC0415 - a layer in a layer

        config = nested_config(activation, call.name)
        if config.kind in LAYERS:
            result: KerasValue = read_layer(call.below(config, "activation", x))
            return result
    if name == "squareplus":
        return squareplus(call, x)
    if name is None or name not in FUNCTIONS:
        raise Unreadable(f"`{call.name}` has the activation {shown(activation)}, which is not known")
    type_, fields = FUNCTIONS[name]
    if name == "hard_sigmoid" and call.session.keras2:
        fields = HARD_SIGMOID_OF_KERAS_2
    dims = {"dim": last(x)} if type_ in _DIMS else {}
    return call.each(type_, x, **fields, **dims)


def last(x: KerasValue, axis: int = -1) -> int:
    """Return our axis of an axis of Keras, −1 for the last one."""
    at = x.at(axis)
    return -1 if at == x.rank - 1 else at


def squareplus(call: LayerCall, x: KerasValue, b: float = 4) -> KerasValue:
    """Return (x + √(x² + b))/2."""
    root = call.each("sqrt", call.each("add", call.each("square", x), other=b))
    return call.each("multiply", x._replace(value=call.step("add", x.value, root.value)), other=0.5)


@layer("Activation")
def _activation(call: LayerCall, *, activation: Any) -> KerasValue:
    x = call.x
    if function_name(activation) == "linear" or activation is None:
        return call.each("identity", x)
    return activated(call, x, activation)


@layer("ReLU")
def _relu(
    call: LayerCall,
    *,
    max_value: float | None = None,
    negative_slope: float | None = 0.0,
    threshold: float | None = 0.0,
) -> KerasValue:
    return rectified(call, call.x, max_value, negative_slope or 0, threshold or 0)


def rectified(call: LayerCall, x: KerasValue, most: float | None, slope: float, threshold: float) -> KerasValue:
    """Return the general rectified linear unit: slope · (x − threshold) below the threshold, at most `most`."""
    if threshold and (slope or most is not None):
        raise Unreadable(f"`{call.name}` has a threshold with a slope or a bound")
    if threshold:
        return call.each("threshold", x, threshold=threshold, value=0.0)
    if slope and most is not None:
        return call.each("clamp", call.each("leaky_relu", x, negative_slope=slope), max=most)
    if slope:
        return call.each("leaky_relu", x, negative_slope=slope)
    if most is None:
        return call.each("relu", x)
    return call.each("relu6", x) if most == 6 else call.each("clamp", x, min=0, max=most)  # noqa: PLR2004


@layer("LeakyReLU")
def _leaky_relu(call: LayerCall, *, negative_slope: float | None = None, alpha: float | None = None) -> KerasValue:
    slope = negative_slope if negative_slope is not None else alpha
    return call.each("leaky_relu", call.x, negative_slope=0.3 if slope is None else slope)


@layer("ELU")
def _elu(call: LayerCall, *, alpha: float = 1.0) -> KerasValue:
    return call.each("elu", call.x, alpha=alpha)


@layer("ThresholdedReLU")
def _thresholded(call: LayerCall, *, theta: float = 1.0) -> KerasValue:
    return call.each("threshold", call.x, threshold=theta, value=0.0)


@layer("Softmax")
def _softmax(call: LayerCall, *, axis: Ints = -1) -> KerasValue:
    return softmax(call, call.x, axis)


def softmax(call: LayerCall, x: KerasValue, axis: Any, type_: str = "softmax") -> KerasValue:
    """Return the softmax along one axis of Keras."""
    axes = call.axes(x, axis)
    if len(axes) != 1:
        raise Unreadable(f"`{call.name}` has {len(axes)} axes, expects one")
    return call.each(type_, x, dim=last(x, axes[0]))


@layer("PReLU")
def _prelu(call: LayerCall, *, shared_axes: Ints | None = None) -> KerasValue:
    """Return the layer; slopes that are not one for each channel are a tensor, max(x, 0) + slopes · min(x, 0)."""
    x = call.floats(call.x)
    shared = set(call.axes(x, shared_axes if shared_axes is not None else []))
    sizes = [1 if axis in shared else x.size(axis) for axis in range(1, x.rank)]
    shape = tuple(call.known(size, "slopes") for size in sizes)
    varying = [axis for axis, size in enumerate(shape, start=1) if size != 1]
    if not varying or (varying == [x.rank - 1] and x.rank > 1):
        one = not varying
        x = x if one else call.with_channels_first(x)
        count = 1 if one else shape[-1]
        alpha = call.stored("weight", (count,), ("vars/0", shape), make=lambda array: array.reshape(-1))
        return call.each("prelu", x, num_parameters=count, tensors={"weight": alpha})
    order = tuple(axis - 1 for axis in x.order if axis)
    ours = tuple(shape[axis] for axis in order)
    stored = call.stored("alpha", ours, ("vars/0", shape), make=lambda array: array.transpose(order))
    slopes = call.session.graph.tensor(stored)
    below = call.step("multiply", call.each("clamp", x, max=0.0).value, slopes)
    return x._replace(value=call.step("add", call.each("relu", x).value, below))
