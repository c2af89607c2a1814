"""Names that Keras, PyTorch, ONNX and Caffe give to layer types and fields.

A layer class states its own: `foreign_names` and `foreign_fields`. Names are folded (`suggestions.fold`).
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from shapecalc.diagnostics.foreign_names import WITHOUT_COUNTERPART
from shapecalc.diagnostics.suggestions import fold
from shapecalc.layers import Layer, layer_types

RANKS = ("", "1d", "2d", "3d")


class ForeignNames(NamedTuple):
    """Foreign names with what each means here; None for another meaning than any layer type or field has."""

    meanings: Mapping[str, str | None]
    inexact: frozenset[str]
    """Names that mean roughly the same: they are suggested, and never a safe fix."""


@cache
def foreign_types() -> ForeignNames:
    """Return the foreign names of all layer types.

    >>> foreign_types().meanings["conv2d"], foreign_types().meanings["prelu"]
    ('conv', None)
    """
    return names_of(layer_types())


def names_of(types: Mapping[str, type[Layer]]) -> ForeignNames:
    """Return the foreign names of these types, and the names without a counterpart that none of them has."""
    own = frozenset(map(fold, types))
    rest = " ".join(name for name in WITHOUT_COUNTERPART.split() if name not in own)
    return _read([*((word, cls.foreign_names) for word, cls in types.items()), (None, rest)])


def foreign_fields(cls: type[Layer]) -> ForeignNames:
    """Return the foreign names of a layer's fields."""
    pairs = (line.split(": ") for line in cls.foreign_fields)
    return _read((None if field == "nothing" else field, names) for field, names in pairs)


def _read(rows: Iterable[tuple[str | None, str]]) -> ForeignNames:
    meanings: dict[str, str | None] = {}
    inexact: set[str] = set()
    for meaning, names in rows:
        for written in names.split():
            name = written.removeprefix("~")
            for each in dict.fromkeys(name.replace("#", rank) for rank in RANKS):
                if each not in meanings:
                    meanings[each] = meaning
                    inexact |= {each} if name != written else set()
    return ForeignNames(meanings, frozenset(inexact))
