"""Layer types: the fields, shape rule, parameters and costs of each; `reference` computes their outputs.

Each family of layers is a module, which is imported when one of its types is first needed. The text of the modules
says which that is, so that a file does not import families that it does not use.
"""

import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import get_data
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
    "layer_normalization",
    "local_response",
    "scaling",
    "merging",
    "arithmetic",
    "padding",
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
    "opaque",
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
    "separable",
    "conv_lstm",
    "cells",
    "sampling",
    "unpooling",
    "power_pooling",
    "deformable",
    "comparing",
    "cumulative",
    "searching",
    "einsum",
    "unfolding",
    "fourier",
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
    family = _families().get(type_)
    if family is None:
        return None
    import_module(f"{__name__}.{family}")
    return REGISTRY[type_]


@cache
def _families() -> Mapping[str, str]:
    """Return the family of each type, read from the text of the modules; it takes less time than to import them."""
    texts = ((family, get_data(__name__, f"{family}.py") or b"") for family in FAMILIES)
    return {
        registered.partition(b'"')[0].decode(): family
        for family, text in texts
        for registered in text.split(b'\n@layer("')[1:]
    }


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
