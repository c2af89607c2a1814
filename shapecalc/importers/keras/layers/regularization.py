"""Layers that act in training alone, and the identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.keras.calls import LayerCall, layer

if TYPE_CHECKING:
    from shapecalc.importers.keras.values import KerasValue


@layer("Dropout", "AlphaDropout", "GaussianDropout")
def _dropout(call: LayerCall, *, rate: float, noise_shape: Any = None) -> KerasValue:
    del noise_shape
    return call.x._replace(value=call.step("dropout", call.x.value, p=rate))


@layer("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
def _spatial(call: LayerCall, *, rate: float, data_format: str | None = None, noise_shape: Any = None) -> KerasValue:
    del data_format, noise_shape
    return call.x._replace(value=call.step("dropout", call.x.value, p=rate))


@layer("StochasticDepth")
def _depth(call: LayerCall, *, drop_path_rate: float) -> KerasValue:
    return call.x._replace(value=call.step("stochastic_depth", call.x.value, p=drop_path_rate))


@layer("GaussianNoise")
def _noise(call: LayerCall, *, stddev: float) -> KerasValue:
    del stddev
    return identity(call)


@layer("ActivityRegularization")
def _regularization(call: LayerCall, *, l1: float = 0.0, l2: float = 0.0) -> KerasValue:
    del l1, l2
    return identity(call)


@layer("Identity")
def _identity(call: LayerCall) -> KerasValue:
    return identity(call)


def identity(call: LayerCall) -> KerasValue:
    """Return the input by a step of its own."""
    return call.x._replace(value=call.step("identity", call.x.value))
