"""`where:` → conditions on the symbols of the inputs, such as `H % 16 == 0`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.architecture import Stated
from shapecalc.dims import Condition, DimLimitError, DimSyntaxError, Relation, condition, free_symbols, parse
from shapecalc.layers.fields import said
from shapecalc.parser.findings import head
from shapecalc.parser.scalars import shorten
from shapecalc.parser.shapes import plain
from shapecalc.parser.tree import Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Container

    from shapecalc.parser.findings import Findings

_COMPARISON = re.compile(r"(?P<left>[^<>=!]+)(?P<sign>==|>=|<=|>|<)(?P<right>[^<>=!]+)")
_LONGEST = 500
_EXAMPLE = 'write it like "H % 16 == 0" or "H >= 32"'


def read_conditions(node: Node, symbols: Container[str], findings: Findings) -> tuple[Stated, ...]:
    """Return the conditions on symbols, without those that are refused."""
    stated = []
    for item in node.items if isinstance(node, Sequence) else (node,):
        found = _condition(item, symbols, findings)
        if found is not None:
            stated.append(found)
    return tuple(stated)


def _condition(node: Node, symbols: Container[str], findings: Findings) -> Stated | None:
    text = node.value if isinstance(node, Scalar) else None
    written = _COMPARISON.fullmatch(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    if written is None or not isinstance(text, str):
        message = f"`where` expects comparisons of symbols, receives {said(plain(node))}"
        findings.refuse("SC105", message, head(node), help=_EXAMPLE)
        return None
    try:
        left, right, sign = parse(written["left"].strip()), parse(written["right"].strip()), written["sign"]
        if sign in ("<", "<="):
            left, right = right, left
        strict = sign in ("<", ">")
        found = condition(left - (right + strict), Relation.ZERO if sign == "==" else Relation.NONNEGATIVE)
    except (DimSyntaxError, DimLimitError) as error:
        findings.refuse("SC105", f"`where` cannot read `{shorten(text)}`: {error}", head(node), help=_EXAMPLE)
        return None
    if not isinstance(found, Condition):
        always = "always" if found else "never"
        findings.refuse("SC105", f"`where` states `{shorten(text)}`, which {always} holds", head(node))
        return None
    for name in free_symbols(found.expr):
        if name not in symbols:
            message = f"`where` names `{name}`, which is no symbol of what enters"
            findings.refuse("SC105", message, head(node))
            return None
    return Stated(found, text, node.span)
