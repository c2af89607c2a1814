"""The layer types and fields likely intended by unknown words: by other frameworks' names, else by edit distance."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from shapecalc.diagnostics.suggestions import Near, closest, distance, fold, nearest
from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from shapecalc.layers.foreign_names import foreign_fields, foreign_types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.layers import Layer

_CALL = re.compile(r"(?:\w+\.)*(\w+)(?:\(|\s+[0-9(\[{])")
_SHORTEST_NAME = 4
"""The length from which foreign names are matched with a typo; shorter ones are one edit from too many words."""


def closest_layer(word: str) -> str | None:
    """Return the layer type that was likely intended."""
    near = nearest_layer(word)
    return None if near is None else near.word


def nearest_layer(word: str) -> Near | None:
    """Return the layer type that was likely intended, and whether that is certain."""
    names = foreign_types()
    return nearest(word, tuple(layer_types()), *names) or _misspelt(word, names.meanings)


def nearest_field(cls: type[Layer], field: str) -> Near | None:
    """Return the field of a layer that was likely intended, and whether that is certain."""
    known, names = fields_of(cls), foreign_fields(cls)
    near = nearest(field, known, *names) or _misspelt(field, names.meanings)
    return near if near is not None and near.word in known else None


def _misspelt(word: str, names: Mapping[str, str | None]) -> Near | None:
    """Return the meaning of a misspelt foreign name, such as `kernal` or `Conv2DD`, which is never certain."""
    folded = fold(word)
    if folded in names:
        return None  # it is known to have no counterpart
    near = closest(folded, (name for name in names if len(name) >= _SHORTEST_NAME))
    meant = None if near is None or distance(folded, near, 1) > 1 else names[near]
    return None if meant is None else Near(meant, sure=False)


def called_layer(text: str) -> str | None:
    """Return the layer type of a step that is written like code.

    >>> called_layer("nn.Conv2d(3, 64, 3)"), called_layer("linear 10"), called_layer("hello")
    ('conv', 'linear', None)
    """
    match = _CALL.match(text)
    return closest_layer(match[1]) if match else None


def lookalikes(word: str) -> tuple[str, ...]:
    """Return the names of letters outside ASCII, which may look like ASCII letters.

    >>> lookalikes("c\N{CYRILLIC SMALL LETTER O}nv")
    ('U+043E CYRILLIC SMALL LETTER O',)
    """
    foreign = dict.fromkeys(letter for letter in word if not letter.isascii())
    return tuple(f"U+{ord(letter):04X} {unicodedata.name(letter, 'without a name')}" for letter in foreign)
