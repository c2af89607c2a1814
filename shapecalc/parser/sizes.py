"""Symbols of the inputs in fields that hold sizes: the words and `${…}` there → expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Fix
from shapecalc.dims import symbol
from shapecalc.parser.shapes import SYMBOL
from shapecalc.parser.substitution import evaluated
from shapecalc.parser.tree import Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Collection

    from shapecalc.parser.diagnostics import Diagnostics


def read_sizes(field: str, node: Node, parameters: Collection[str], diagnostics: Diagnostics) -> Node | None:
    """Return the value of a field with expressions in place of symbols; None if one of them is refused or not known.

    `parameters` are the names of those that `$` may name there.
    """
    if isinstance(node, Scalar):
        return _read_size(field, node, parameters, diagnostics)
    if not isinstance(node, Sequence):
        return node
    items = [
        _read_size(field, item, parameters, diagnostics) if isinstance(item, Scalar) else item for item in node.items
    ]
    known = tuple(item for item in items if item is not None)
    return node._replace(items=known) if len(known) == len(items) else None


def _read_size(field: str, node: Scalar, parameters: Collection[str], diagnostics: Diagnostics) -> Node | None:
    text = node.value
    if isinstance(text, str) and text.startswith("${"):  # of symbols alone: parameters are substituted
        return evaluated(node, {}, diagnostics, "the file")
    if not isinstance(text, str) or not SYMBOL.fullmatch(text):
        return node
    symbols = diagnostics.symbols
    if symbols is not None and text not in symbols:
        return _refuse_name(field, node, symbols, parameters, diagnostics)
    if text in parameters and node.span not in diagnostics.origins:
        message = f"`{text}` is a symbol of the input and a parameter here"
        help_text = f"write `${text}` for the parameter, or give it another name"
        diagnostics.refuse("SC105", message, node.span, help=help_text)
        return None
    return Scalar(symbol(text), node.span, text)


def _refuse_name(
    field: str, node: Scalar, symbols: tuple[str, ...], parameters: Collection[str], diagnostics: Diagnostics
) -> Node | None:
    """Refuse an unknown name; return a word for no value in other notations, which the field refuses."""
    from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it
    from shapecalc.parser.foreign_values import is_nothing  # noqa: PLC0415 - only a mistake needs it

    name = str(node.value)
    if is_nothing(name):
        return node
    message = f"`{field}` names `{name}`, no symbol of the input"
    near = f"${name}" if name in parameters else closest(name, symbols)
    if near is None:
        parameter = closest(name, tuple(parameters))
        near = parameter and f"${parameter}"
    if near is not None:
        help_text = f"write `{near}`"
    elif symbols:
        help_text = f"its symbols: {', '.join(f'`{other}`' for other in symbols)}"
    else:
        help_text = f"write a number, or `{name}` in `input:` in place of one"
    diagnostics.refuse("SC105", message, node.span, help=help_text, fix=Fix(node.span, near) if near else None)
    return None
