"""The family of a layer and its colours, in a terminal and in a picture.

The fills are the scheme "light" of Paul Tol, "Colour Schemes", SRON technical note 3.2 (2021), which is made for cells
with black text and are distinguishable with any kind of colour vision. It has fewer colours than there are families, so
families of one purpose share a colour.
"""

from __future__ import annotations

import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.layers import Layer

TEXT = "#000000"
"""The colour of the text on every fill."""


class FamilyColors(NamedTuple):
    """The colours of a family of layers."""

    ansi: str
    """An ANSI escape code, "" for plain text: one of the 16 colours that a terminal adapts to its background."""
    fill: str
    """The background of a node in a picture."""
    stroke: str
    """The border of a node in a picture."""


_BLUE, _MAGENTA, _CYAN, _GREEN, _YELLOW, _PLAIN = "94", "35", "36", "32", "33", ""
NEUTRAL = FamilyColors(_PLAIN, "#FFFFFF", "#555555")
"""The colours of what has no family: an input, an output, a folded block."""
_MOVES = FamilyColors(_PLAIN, "#DDDDDD", "#777777")
_WINDOWS = FamilyColors(_CYAN, "#99DDFF", "#3A87AD")
_TABLES = FamilyColors(_BLUE, "#44BB99", "#1F6E58")

COLORS: Mapping[str, FamilyColors] = MappingProxyType(
    {
        "conv": FamilyColors(_BLUE, "#77AADD", "#2F6299"),
        "linear": FamilyColors(_MAGENTA, "#EE8866", "#A3441F"),
        "pooling": _WINDOWS,
        "reshaping": _MOVES,
        "activation": FamilyColors(_GREEN, "#BBCC33", "#6B7600"),
        "regularization": _MOVES,
        "normalization": FamilyColors(_YELLOW, "#EEDD88", "#8F7A1D"),
        "merging": NEUTRAL,
        "resampling": _WINDOWS,
        "shuffling": _MOVES,
        "reducing": _WINDOWS,
        "recurrent": FamilyColors(_CYAN, "#AAAA00", "#5C5C00"),
        "embedding": _TABLES,
        "attention": FamilyColors(_CYAN, "#FFAABB", "#B03A55"),
        "positional": _TABLES,
        "tensors": _TABLES,
    }
)
"""The colours of each family that is shown."""


def family_of(layer: Layer | type[Layer]) -> str:
    """Return the family that a layer is shown as: `FAMILY` of the module in which its type is, by default the module.

    >>> from shapecalc.layers.conv import Conv
    >>> family_of(Conv)
    'conv'
    """
    of = layer if isinstance(layer, type) else type(layer)
    family: str = getattr(sys.modules[of.__module__], "FAMILY", of.__module__.rpartition(".")[2])
    return family


def colors_of(layer: Layer | type[Layer]) -> FamilyColors:
    """Return the colours of a layer's family.

    >>> from shapecalc.layers.conv import Conv
    >>> colors_of(Conv).ansi
    '94'
    """
    return COLORS[family_of(layer)]
