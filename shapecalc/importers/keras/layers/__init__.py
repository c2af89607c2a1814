"""The layers of Keras by family: each function reads one class, or several that differ in their number of axes."""

from shapecalc.importers.keras.layers import (
    activation,
    attention,
    axis_operations,
    convolution,
    dense,
    merging,
    normalization,
    operations,
    pooling,
    preprocessing,
    recurrent,
    regularization,
    reshaping,
    wrappers,
)

__all__ = [
    "activation",
    "attention",
    "axis_operations",
    "convolution",
    "dense",
    "merging",
    "normalization",
    "operations",
    "pooling",
    "preprocessing",
    "recurrent",
    "regularization",
    "reshaping",
    "wrappers",
]
