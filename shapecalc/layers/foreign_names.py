"""Names that Keras, PyTorch, ONNX, Caffe and others give to layer types and fields.

A layer class states its own: `foreign_names`, `foreign_notes`, `foreign_caveats` and `foreign_fields`. Names are folded
(`suggestions.fold`).
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from shapecalc.diagnostics.foreign_names import WITHOUT_COUNTERPART, WITHOUT_MEANING
from shapecalc.diagnostics.suggestions import fold
from shapecalc.layers import Layer, layer_types

RANKS = ("", "1d", "2d", "3d")


class Meaning(NamedTuple):
    """What a foreign name means here.

    `word` is a layer type or field, None if there is none. `exact` if it means just the same, so that a fix may insert
    it; otherwise it is suggested. `note` says what differs, or what to write instead.
    """

    word: str | None
    exact: bool = True
    note: str = ""


Meanings = Mapping[str, Meaning]


@cache
def foreign_types() -> Meanings:
    """Return the foreign names of all layer types.

    >>> foreign_types()["conv2d"].word, foreign_types()["maxout"].word
    ('conv', None)
    """
    return names_of(layer_types())


def names_of(types: Mapping[str, type[Layer]]) -> Meanings:
    """Return the foreign names of these types, and the names without a counterpart that none of them has."""
    meanings: dict[str, Meaning] = {}
    for word, cls in types.items():
        notes = _notes(cls.foreign_notes)
        for name, exact in _names(cls.foreign_names):
            meanings.setdefault(name, Meaning(word, exact, notes.get(name, "")))
    own = frozenset(map(fold, types))
    for name, note in _notes(_lines(WITHOUT_COUNTERPART)).items():
        if name not in own:
            meanings.setdefault(name, Meaning(None, exact=False, note=note))
    return meanings


def foreign_fields(cls: type[Layer]) -> Meanings:
    """Return the foreign names of a layer's fields."""
    meanings: dict[str, Meaning] = {}
    for line in cls.foreign_fields:
        rest, _, note = line.partition(" | ")
        field, _, names = rest.partition(": ")
        for name, exact in _names(names):
            word = None if field == "nothing" else field
            meanings.setdefault(name, Meaning(word, exact and word is not None, note))
    return meanings


def caveat(cls: type[Layer], name: str, given: Iterable[str]) -> str:
    """Return what differs between a layer under its foreign name and here, given these fields; "" if nothing does."""
    fields = frozenset(map(fold, given))
    for line in cls.foreign_caveats:
        rest, _, note = line.partition(" | ")
        names, _, condition = rest.partition(": ")
        without, named = condition.startswith("no "), frozenset(condition.removeprefix("no ").split())
        if name in dict(_names(names)) and without == named.isdisjoint(fields):
            return note
    return ""


@cache
def meaningless_fields() -> Mapping[str, str]:
    """Return the foreign names of fields that change neither shapes nor costs of any layer, with what to write."""
    return _notes(_lines(WITHOUT_MEANING))


@cache
def known_fields() -> frozenset[str]:
    """Return the names of the fields of all layers, their own and foreign ones, folded."""
    from shapecalc.layers.base import fields_of  # noqa: PLC0415 - `base` imports nothing from here, for speed

    own = {fold(field) for cls in layer_types().values() for field in fields_of(cls)}
    return frozenset(own.union(*map(foreign_fields, layer_types().values())))


def _lines(text: str) -> Iterable[str]:
    """Return each paragraph of a text as a line."""
    return (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _notes(lines: Iterable[str]) -> dict[str, str]:
    """Return the note of each name in lines of `names | note`."""
    notes: dict[str, str] = {}
    for line in lines:
        names, _, note = line.partition(" | ")
        for name, _ in _names(names):
            notes.setdefault(name, note)
    return notes


def _names(text: str) -> Iterable[tuple[str, bool]]:
    """Return every name of a text, and whether it is exact: no `~` precedes it."""
    for written in text.split():
        name = written.removeprefix("~")
        for each in dict.fromkeys(name.replace("#", rank) for rank in RANKS):
            yield each, name == written
