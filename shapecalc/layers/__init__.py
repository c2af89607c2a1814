"""Layer types: the fields, shape rule, parameters and costs of each; `reference` computes their outputs.

Each family of layers is a module. Families are imported in order until a type is found, so that an architecture of
common layers does not import the others.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any

from shapecalc.layers.base import REGISTRY, Layer

FAMILIES = (
    "conv",
    "linear",
    "pooling",
    "reshaping",
    "activation",
    "regularization",
    "normalization",
    "merging",
    "arithmetic",
    "resampling",
    "shuffling",
    "reducing",
    "recurrent",
    "embedding",
    "attention",
    "multihead",
    "positional",
    "rotary",
    "tensors",
    "functions",
    "rectifiers",
    "sigmoids",
    "gates",
    "shrinking",
    "piecewise",
    "slicing",
    "repeating",
    "vector_norms",
    "indexing",
    "comparing",
    "cumulative",
    "searching",
    "einsum",
    "unfolding",
    "fourier",
    "separable",
    "cells",
    "conv_lstm",
    "sampling",
    "relative_position",
    "experts",
    "scan",
)

__all__ = ["FAMILIES", "Layer", "layer_type", "layer_types"]


def layer_type(type_: str) -> type[Layer] | None:
    """Return the class of a layer type, or None for an unknown type.

    >>> layer_type("max_pool").main
    'kernel_size'
    """
    if type_ in REGISTRY:
        return REGISTRY[type_]
    for family in FAMILIES:
        import_module(f"{__name__}.{family}")
        if type_ in REGISTRY:
            return REGISTRY[type_]
    return None


def layer_types() -> Mapping[str, type[Layer]]:
    """Return every layer class by its type, family by family."""
    for family in FAMILIES:
        import_module(f"{__name__}.{family}")
    families = [f"{__name__}.{family}" for family in FAMILIES]
    ordered = sorted(REGISTRY.items(), key=lambda item: families.index(item[1].__module__))
    return MappingProxyType(dict(ordered))


class _PublicFunction(ModuleType):
    """This folder as the public function `shapecalc.layers`, which has its name."""

    def __call__(self, layer_type: str | None = None) -> Any:
        return import_module(f"{__name__}.documentation").layers(layer_type)


sys.modules[__name__].__class__ = _PublicFunction
