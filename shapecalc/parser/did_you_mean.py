"""Which word of the format was likely meant: by other frameworks' names, else by its letters."""

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
"""Letters of a foreign name that may be misspelt; in a shorter one every word is one edit from another."""


def closest_layer(word: str) -> str | None:
    """Return the layer word that was likely meant."""
    near = nearest_layer(word)
    return None if near is None else near.word


def nearest_layer(word: str) -> Near | None:
    """Return the layer word that was likely meant, and whether it can be no other."""
    names = foreign_types()
    return nearest(word, tuple(layer_types()), *names) or _misspelt(word, names.meanings)


def nearest_field(cls: type[Layer], field: str) -> Near | None:
    """Return the field of a layer that was likely meant, and whether it can be no other."""
    known, names = fields_of(cls), foreign_fields(cls)
    near = nearest(field, known, *names) or _misspelt(field, names.meanings)
    return near if near is not None and near.word in known else None


def _misspelt(word: str, names: Mapping[str, str | None]) -> Near | None:
    """Return what a foreign name means that is itself misspelt: `kernal`, `Conv2DD`. That is a guess, never sure."""
    folded = fold(word)
    if folded in names:
        return None  # it is known to mean none of ours
    near = closest(folded, (name for name in names if len(name) >= _SHORTEST_NAME))
    meant = None if near is None or distance(folded, near, 1) > 1 else names[near]
    return None if meant is None else Near(meant, sure=False)


def called_layer(text: str) -> str | None:
    """Return the layer of a step that is written like code.

    >>> called_layer("nn.Conv2d(3, 64, 3)"), called_layer("linear 10"), called_layer("hello")
    ('conv', 'linear', None)
    """
    found = _CALL.match(text)
    return closest_layer(found[1]) if found else None


def lookalikes(word: str) -> tuple[str, ...]:
    """Name the letters that no word of the format holds, which may look like some that do.

    >>> lookalikes("c\N{CYRILLIC SMALL LETTER O}nv")
    ('U+043E CYRILLIC SMALL LETTER O',)
    """
    foreign = dict.fromkeys(letter for letter in word if not letter.isascii())
    return tuple(f"U+{ord(letter):04X} {unicodedata.name(letter, 'without a name')}" for letter in foreign)
