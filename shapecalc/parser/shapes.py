"""Shapes such as `[N, 3, H, W]`: lists of integers and names of symbols."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Fix
from shapecalc.dims import Dim, show, symbol
from shapecalc.layers.fields import LARGEST_DIM, SYMBOL_PATTERN
from shapecalc.layers.layouts import as_pictures
from shapecalc.layers.refusals import said
from shapecalc.parser.tree import Node, Scalar, Sequence, head, plain

if TYPE_CHECKING:
    from shapecalc.dims import Shape
    from shapecalc.parser.diagnostics import Diagnostics

SYMBOL = re.compile(SYMBOL_PATTERN)
_PRODUCT = re.compile(r"[0-9]+(?: ?[x×] ?[0-9]+)+")
_OPEN = ("None", "null", "~", "?", "-1")
"""Sizes that other tools leave open."""
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_ENTRY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}|[0-9]{1,10}")


def read_shape(node: Node, key: str, diagnostics: Diagnostics) -> Shape | None:
    """Return the shape below a key; None if it is refused (SC109, SC201)."""
    if isinstance(node, Sequence) and node.items:
        names = _names([item.text if isinstance(item, Scalar) else "" for item in node.items])
        dims = [
            _refuse_open(item, name, key, diagnostics) if name else read_dim(item, key, diagnostics)
            for item, name in zip(node.items, names, strict=True)
        ]
        return None if None in dims else tuple(dim for dim in dims if dim is not None)
    message = f"`{key}` expects a shape such as [N, 3, 224, 224], receives {said(plain(node))}"
    listed = _listed(node.text) if isinstance(node, Scalar) else None
    help_text = f"write `{key}: {listed}`" if listed else None
    fix = Fix(node.span, listed) if listed else None
    diagnostics.refuse("SC109", message, head(node), help=help_text, fix=fix)
    return None


def _listed(text: str) -> str | None:
    """Return `N, 3, 32, 32`, `(3, 32, 32)` or `3x32x32` written as a list; None for other texts.

    A picture without a batch axis gets one.
    """
    inner = text.strip("()[] ")
    parts = re.split(" *[x×] *", inner) if _PRODUCT.fullmatch(inner) else [part.strip() for part in inner.split(",")]
    if len(parts) == 1 or not all(part in _OPEN or _ENTRY.fullmatch(part) for part in parts):
        return None
    named = [name or part for name, part in zip(_names(parts), parts, strict=True)]
    shape = tuple(int(part) if part.isdecimal() else symbol(part) for part in named)
    return show(as_pictures(shape) or shape)


def _names(parts: list[str]) -> list[str | None]:
    """Return a name for each size that other tools leave open, the batch first; None for the others.

    >>> _names(["None", "3", "None", "None"]), _names(["-1", "?", "64"])
    (['N', None, 'H', 'W'], ['N', 'T', None])
    """
    spatial = len(parts) - 2
    names = iter(("D", "H", "W")[-spatial:] if spatial > 1 else ("T",))
    return [None if part not in _OPEN else next(names, "T") if axis else "N" for axis, part in enumerate(parts)]


def _refuse_open(node: Node, name: str, key: str, diagnostics: Diagnostics) -> Dim:
    """Refuse a size that is left open without a name (SC109), and return the symbol that it probably is."""
    message = f"`{key}` expects a size or the name of a symbol for each axis, receives {said(plain(node))}"
    help_text = f"write `{name}`" if name == "N" else f"write a name such as `{name}`, another one for each open axis"
    diagnostics.refuse("SC109", message, head(node), help=help_text, fix=Fix(node.span, name, safe=name == "N"))
    return symbol(name)


def read_dim(node: Node, key: str, diagnostics: Diagnostics) -> Dim | None:
    """Return a size or a symbol; None if it is refused."""
    value = node.value if isinstance(node, Scalar) else None
    if type(value) is int:
        if 1 <= value <= LARGEST_DIM:
            return value
        message = f"`{key}` expects sizes from 1 to {LARGEST_DIM} (2^31 - 1), receives {value}"
        help_text = "an axis of size 0 has no elements: leave out what would be computed of it" if value == 0 else None
        diagnostics.refuse("SC201", message, node.span, help=help_text)
    elif isinstance(value, str) and SYMBOL.fullmatch(value):
        return symbol(value)
    else:
        from shapecalc.parser.foreign_values import without_parameters  # noqa: PLC0415 - only a mistake needs it

        message = f"`{key}` expects a size or the name of a symbol for each axis, receives {said(plain(node))}"
        quoted = isinstance(value, str) and _NUMBER.fullmatch(value) is not None
        quoted = quoted and int(str(value)) <= LARGEST_DIM
        help_text = f"write `{value}` without quotes" if quoted else without_parameters(str(value))
        fix = Fix(node.span, str(value), safe=True) if quoted else None
        diagnostics.refuse("SC109", message, head(node), help=help_text, fix=fix)
        if quoted:
            return int(str(value))  # later checks use the value likely intended
    return None
