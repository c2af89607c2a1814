"""The names of layer types and their fields, with those that other frameworks give them."""

from __future__ import annotations

from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from shapecalc.layers.foreign_names import foreign_fields, foreign_types
from shapecalc.parser.did_you_mean import nearest_field

WORDS = tuple(layer_types())
LAYERS = {name: meaning.word for name, meaning in foreign_types().items()}
FIELDS = {
    word: {name: meaning.word for name, meaning in foreign_fields(cls).items()} for word, cls in layer_types().items()
}


def fields(word: str) -> tuple[str, ...]:
    return tuple(fields_of(layer_types()[word]))


def closest_field(word: str, field: str) -> str | None:
    likely = nearest_field(layer_types()[word], field)
    return None if likely is None else likely.word
