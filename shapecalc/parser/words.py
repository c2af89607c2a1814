"""Which word of the format was likely meant: by other frameworks' names, else by its letters."""

from __future__ import annotations

import re
import unicodedata

from shapecalc.diagnostics.foreign_names import FIELDS, LAYERS
from shapecalc.diagnostics.suggestions import closest
from shapecalc.layers import layer_types

# Folded names of other formats (`suggestions.fold`): Keras, YOLO, darknet, model zoos.
FILE_KEYS = {
    "inputshape": "input",
    "inputsize": "input",
    "shape": "input",
    "model": "layers",
    "modules": "layers",
    "network": "layers",
    "backbone": "layers",
    "steps": "layers",
    "title": "name",
    "reference": "source",
    "paper": "source",
    "expected": "expect",
    "symbols": "sizes",
}
EXPECT_KEYS = {"parameters": "params", "numparams": "params", "multadds": "macs", "outputshape": "output"}
_CALL = re.compile(r"(?:\w+\.)*(\w+)\W")


def closest_layer(word: str) -> str | None:
    """Return the layer word that was likely meant."""
    return closest(word, tuple(layer_types()), LAYERS)


def closest_field(word: str, field: str, known: tuple[str, ...]) -> str | None:
    """Return the field of layer `word` that was likely meant."""
    return closest(field, known, FIELDS.get(word, {}))


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
