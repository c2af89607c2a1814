"""The names of layer types and their fields, with those that other frameworks give them."""

from __future__ import annotations

from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from shapecalc.layers.foreign_names import foreign_fields, foreign_types

WORDS = tuple(layer_types())
LAYERS, INEXACT_LAYERS = foreign_types()
FIELDS = {word: foreign_fields(cls).meanings for word, cls in layer_types().items()}


def fields(word: str) -> tuple[str, ...]:
    return tuple(fields_of(layer_types()[word]))
