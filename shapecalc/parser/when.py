"""`when:` of a step or a branch → whether it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Fix
from shapecalc.parser.expressions import NAME
from shapecalc.parser.tree import Node, Scalar

if TYPE_CHECKING:
    from shapecalc.parser.diagnostics import Diagnostics


def read_when(node: Node, diagnostics: Diagnostics) -> bool:
    """Return whether a condition is true; so is one that is refused, so that what it is of is checked."""
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    if not diagnostics.is_placeholder(node):
        help_text = fix = None
        if isinstance(node, Scalar) and isinstance(node.value, str) and not set(node.value) & set('"$\\'):
            written = f"${node.value}" if NAME.fullmatch(node.value) else f'"${{{node.value}}}"'
            help_text, fix = f"write `{written}`", Fix(node.span, written)
        expected = '`when` expects a flag such as `$bias`, or a condition such as "${stride != 1}"'
        diagnostics.refuse_value("SC202", expected, node, help=help_text, fix=fix)
    return True
