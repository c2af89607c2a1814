"""Texts read by the YAML reader: plain values, findings with the text that each points to, and every scalar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source, Span
from shapecalc.diagnostics.limits import Limits
from shapecalc.parser.positions import LINE_BREAK
from shapecalc.parser.reader import read_text
from shapecalc.parser.tree import Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

both_parsers = pytest.mark.usefixtures("parser")


def read(text: str, **limits: int) -> Node:
    return read_text(Source("net.yaml", text), Limits(**limits))


def refused(text: str, **limits: int) -> tuple[Diagnostic, ...]:
    with pytest.raises(ShapecalcError) as caught:
        read(text, **limits)
    assert caught.value.exit_code == 1
    assert caught.value.source == Source("net.yaml", text)
    return caught.value.diagnostics


def found(text: str, **limits: int) -> list[tuple[str, Any]]:
    """Codes with the text that each points to."""
    return [(d.code, piece(text, d.span) if d.span else None) for d in refused(text, **limits)]


def piece(text: str, span: Span) -> str:
    starts = [0, *(b.end() for b in LINE_BREAK.finditer(text))]
    return text[starts[span.line - 1] + span.column - 1 : starts[span.end_line - 1] + span.end_column - 1]


def plain(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key.value: plain(value) for key, value in node.entries}


def scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)
    else:
        for key, value in node.entries:
            yield key
            yield from scalars(value)
