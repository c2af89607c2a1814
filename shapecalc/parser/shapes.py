"""Shapes such as `[N, 3, H, W]`: lists of integers and names of symbols."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Fix
from shapecalc.dims import Dim, symbol
from shapecalc.layers.fields import LARGEST_DIM, said
from shapecalc.parser.tree import Node, Scalar, Sequence, head, plain

if TYPE_CHECKING:
    from shapecalc.dims import Shape
    from shapecalc.parser.diagnostics import Diagnostics

SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")
_PRODUCT = re.compile(r"[0-9]+(?:[x×][0-9]+)+")
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_ENTRY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}|[0-9]{1,10}")


def read_shape(node: Node, key: str, diagnostics: Diagnostics) -> Shape | None:
    """Return the shape below a key; None if it is refused (SC109, SC201)."""
    if isinstance(node, Sequence) and node.items:
        dims = [read_dim(item, key, diagnostics) for item in node.items]
        return None if None in dims else tuple(dim for dim in dims if dim is not None)
    message = f"`{key}` expects a shape such as [N, 3, 224, 224], receives {said(plain(node))}"
    listed = _listed(node.text) if isinstance(node, Scalar) else None
    help_text = f"write `{key}: {listed}`" if listed else None
    fix = Fix(node.span, listed) if listed else None
    diagnostics.refuse("SC109", message, head(node), help=help_text, fix=fix)
    return None


def _listed(text: str) -> str | None:
    """Return `N, 3, 32, 32`, `(3, 32, 32)` or `3x32x32` written as a list; None for other texts."""
    inner = text.strip("()[] ")
    parts = re.split("[x×]", inner) if _PRODUCT.fullmatch(inner) else [part.strip() for part in inner.split(",")]
    return f"[{', '.join(parts)}]" if len(parts) > 1 and all(map(_ENTRY.fullmatch, parts)) else None


def read_dim(node: Node, key: str, diagnostics: Diagnostics) -> Dim | None:
    """Return a size or a symbol; None if it is refused."""
    value = node.value if isinstance(node, Scalar) else None
    if type(value) is int:
        if 1 <= value <= LARGEST_DIM:
            return value
        message = f"`{key}` expects sizes from 1 to {LARGEST_DIM} (2^31 - 1), receives {value}"
        diagnostics.refuse("SC201", message, node.span)
    elif isinstance(value, str) and SYMBOL.fullmatch(value):
        return symbol(value)
    else:
        message = f"`{key}` expects a size or the name of a symbol for each axis, receives {said(plain(node))}"
        quoted = isinstance(value, str) and _NUMBER.fullmatch(value) is not None
        quoted = quoted and int(str(value)) <= LARGEST_DIM
        help_text = f"write `{value}` without quotes" if quoted else None
        fix = Fix(node.span, str(value), safe=True) if quoted else None
        diagnostics.refuse("SC109", message, head(node), help=help_text, fix=fix)
        if quoted:
            return int(str(value))  # later checks use the value likely intended
    return None
