"""The layers: what each one is. Its fields, shape rule, parameters and costs; `reference` holds what each one does.

A family is a file. Families are imported one after another until a word is found, so that a file which holds only
common layers never pays for the rest.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

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
    "resampling",
    "shuffling",
    "reducing",
    "recurrent",
    "embedding",
    "attention",
    "positional",
)

__all__ = ["FAMILIES", "Layer", "layer_type", "layer_types"]


def layer_type(word: str) -> type[Layer] | None:
    """Return the class that a layer word stands for, or None where there is none.

    >>> layer_type("max_pool").main
    'kernel_size'
    """
    if word in REGISTRY:
        return REGISTRY[word]
    for family in FAMILIES:
        import_module(f"{__name__}.{family}")
        if word in REGISTRY:
            return REGISTRY[word]
    return None


def layer_types() -> Mapping[str, type[Layer]]:
    """Return every layer class by its word, family by family."""
    for family in FAMILIES:
        import_module(f"{__name__}.{family}")
    families = [f"{__name__}.{family}" for family in FAMILIES]
    ordered = sorted(REGISTRY.items(), key=lambda item: families.index(item[1].__module__))
    return MappingProxyType(dict(ordered))
