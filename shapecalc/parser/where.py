"""`where:` → conditions on the symbols of the inputs, such as `H % 16 == 0`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.architecture import StatedCondition
from shapecalc.dims import Condition, DimLimitError, DimSyntaxError, Relation, condition, free_symbols, parse
from shapecalc.parser.scalars import shorten
from shapecalc.parser.tree import Node, Scalar, Sequence, head

if TYPE_CHECKING:
    from collections.abc import Container

    from shapecalc.parser.diagnostics import Diagnostics

_COMPARISON = re.compile(r"(?P<left>[^<>=!]+)(?P<sign>==|>=|<=|>|<)(?P<right>[^<>=!]+)")
_LONGEST = 500
_EXAMPLE = 'write it like "H % 16 == 0" or "H >= 32"'


def read_conditions(node: Node, symbols: Container[str], diagnostics: Diagnostics) -> tuple[StatedCondition, ...]:
    """Return the conditions on symbols, without those that are refused."""
    stated = []
    for item in node.items if isinstance(node, Sequence) else (node,):
        read = _condition(item, symbols, diagnostics)
        if read is not None:
            stated.append(read)
    return tuple(stated)


def _condition(node: Node, symbols: Container[str], diagnostics: Diagnostics) -> StatedCondition | None:
    text = node.value if isinstance(node, Scalar) else None
    written = _COMPARISON.fullmatch(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    if written is None or not isinstance(text, str):
        diagnostics.refuse_value("SC105", "`where` expects comparisons of symbols", node, help=_EXAMPLE)
        return None
    try:
        left, right, sign = parse(written["left"].strip()), parse(written["right"].strip()), written["sign"]
        if sign in ("<", "<="):
            left, right = right, left
        strict = sign in ("<", ">")
        read = condition(left - (right + strict), Relation.ZERO if sign == "==" else Relation.NONNEGATIVE)
    except (DimSyntaxError, DimLimitError) as error:
        diagnostics.refuse("SC105", f"`where` cannot read `{shorten(text)}`: {error}", head(node), help=_EXAMPLE)
        return None
    if not isinstance(read, Condition):
        always = "always" if read else "never"
        diagnostics.refuse("SC105", f"`where` states `{shorten(text)}`, which {always} holds", head(node))
        return None
    for name in free_symbols(read.expr):
        if name not in symbols:
            message = f"`where` names `{name}`, which is no symbol of what enters"
            diagnostics.refuse("SC105", message, head(node))
            return None
    return StatedCondition(read, text, node.span)
