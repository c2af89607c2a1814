"""The tree that the reader builds: scalars, lists and mappings with source spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from shapecalc.diagnostics import Span
    from shapecalc.dims import Expr

Value: TypeAlias = str | int | float | bool | None


class Scalar(NamedTuple):
    """A single value.

    `text` is the source text without quotes, so that messages quote `1e-5` and not 0.00001. An expression over symbols
    of the inputs is the value of a use of parameters (`substitution.evaluated`), never what the reader returns. The key
    of a mapping is always a string: its `text` and `value` are the same.
    """

    value: Value | Expr
    span: Span
    text: str
    quoted: bool = False


class Sequence(NamedTuple):
    """A list, written in brackets or with dashes."""

    items: tuple[Node, ...]
    span: Span


class Mapping(NamedTuple):
    """Keys with values in the order of the file, each key once."""

    entries: tuple[tuple[Scalar, Node], ...]
    span: Span

    def get(self, key: str) -> Node | None:
        """Return the value of a key, None if the key is absent."""
        for scalar, node in self.entries:
            if scalar.text == key:
                return node
        return None


Node: TypeAlias = Scalar | Sequence | Mapping


def plain(node: Node) -> Any:
    """Return a node's value without spans: lists as tuples, mappings as dicts."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return tuple(plain(item) for item in node.items)
    return {key.text: plain(value) for key, value in node.entries}


def head(node: Node) -> Span:
    """Return the span of a value; if it covers several lines, the span of its start."""
    span = node.span
    if span.line == span.end_line:
        return span
    if isinstance(node, Mapping) and node.entries:  # refused entries are not in it
        return node.entries[0][0].span
    return span._replace(end_line=span.line, end_column=span.column + 1)
