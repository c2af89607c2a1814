"""Layers that contain another layer, and apply it to each step of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.keras.calls import LayerCall, flat, layer, read_layer
from shapecalc.importers.keras.configuration import MODELS, nested_config
from shapecalc.importers.keras.values import KerasValue
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from shapecalc.importers.keras.configuration import LayerConfig

ON_EACH_VECTOR = (
    *("Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Dropout", "Identity", "Rescaling", "Embedding"),
    *("GaussianNoise", "LayerNormalization"),
)
"""Layers that act on each vector of the last axis alone, if their settings name no other axis."""


@layer("TimeDistributed")
def _time_distributed(call: LayerCall, *, layer: dict[str, Any]) -> KerasValue:
    """Return the layer on each step: on all steps of all samples as one batch, unless it takes any rank."""
    inner = nested_config(layer, call.name)
    call.take("mask")
    x = call.x
    if x.rank < 3:  # noqa: PLR2004 - samples, steps and features
        raise Unreadable(f"`{call.name}` reads a tensor of rank {x.rank}")
    axis = inner.settings.get("axis", -1)
    if inner.kind in ON_EACH_VECTOR and axis in (-1, [-1]):
        return _single(call, read_layer(call.below(inner, "layer", x)))
    if x.order[:2] != (0, 1):
        x = call.ordered(x)
    samples, steps = x.value.shape[:2]
    joined = KerasValue(call.step("flatten", x.value, start_dim=0, end_dim=1), _without(x.order))
    y = _single(call, _inside(call, inner, joined))
    value = call.step("reshape", y.value, shape=(samples, steps, *y.value.shape[1:]))
    return KerasValue(value, (0, *(axis + 1 for axis in y.order)))


def _without(order: tuple[int, ...]) -> tuple[int, ...]:
    """Return an order that begins with 0 and 1, without the axis of time."""
    return (0, *(axis - 1 for axis in order[2:]))


def _inside(call: LayerCall, inner: LayerConfig, x: KerasValue) -> Any:
    if inner.kind in MODELS:
        assert call.session.read_model is not None  # it is there while a network is read
        return call.session.read_model(call, inner, x)
    return read_layer(call.below(inner, "layer", x))


def _single(call: LayerCall, result: Any) -> KerasValue:
    results = flat(result)
    if len(results) != 1 or not isinstance(results[0], KerasValue):
        raise Unreadable(f"`{call.name}` has a layer with several outputs, or one that is not read")
    return results[0]
