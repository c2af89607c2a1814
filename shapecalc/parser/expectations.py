"""`expect:` → the figures that a file, or one step of it, is held to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import Expectation
from shapecalc.layers.fields import said
from shapecalc.parser.findings import head
from shapecalc.parser.shapes import plain, read_shape
from shapecalc.parser.tree import Mapping, Node, Scalar

if TYPE_CHECKING:
    from shapecalc.layers import Shape
    from shapecalc.parser.findings import Findings

EXPECT_KEYS = ("output", "params", "buffers", "macs", "flops")
_NAMES = {"parameters": "params", "numparams": "params", "multadds": "macs", "outputshape": "output", "shape": "output"}
"""Folded names that other tools give these figures (`suggestions.fold`)."""


def read_expectations(node: Node, findings: Findings) -> tuple[Expectation, ...]:
    """Return each figure with its place."""
    if not isinstance(node, Mapping):
        message = f"`expect` expects figures such as `params: 61706`, receives {said(plain(node))}"
        findings.refuse("SC202", message, head(node))
        return ()
    lines = []
    for key, value in findings.keys(node, EXPECT_KEYS, "`expect`", names=_NAMES).items():
        wanted = read_shape(value, "expect.output", findings) if key == "output" else _figure(key, value, findings)
        if wanted is not None:
            lines.append(Expectation(key, wanted, value.span))
    return tuple(lines)


def _figure(key: str, node: Node, findings: Findings) -> int | Shape | None:
    if isinstance(node, Scalar) and type(node.value) is int:
        return node.value
    findings.refuse("SC202", f"`expect.{key}` expects a whole number, receives {said(plain(node))}", head(node))
    return None
