"""An inspection as a graph in DOT, the language of Graphviz."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.render.inspect.graph import Cluster, NodeKind, graph_of
from shapecalc.render.terminal.escaping import terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.render.inspect.graph import Node
    from shapecalc.shape_inference.report import Report

_SHAPES = {
    NodeKind.INPUT: " shape=ellipse",
    NodeKind.OUTPUT: " shape=ellipse",
    NodeKind.LAYER: "",
    NodeKind.FOLDED: " peripheries=2",
}
_READ = re.compile(r'["\\&]')
_WRITTEN = {'"': r"\"", "\\": r"\\", "&": "&amp;"}
LARGEST_ENTITY = 0xFFFF
_NOT_ASCII = re.compile("[^\x00-\x7f]")


def inspection(report: Report, depth: int | None = None, *, expand: bool = False, unicode: bool = True) -> str:
    """Return the graph, from top to bottom; without `unicode`, in ASCII that shows the same."""
    graph = graph_of(report, depth, expand=expand)
    title = f"  graph [label={quoted(graph.name, unicode=unicode)} labelloc=t]"
    edges = (f"  n{edge.start} -> n{edge.end} [label={quoted(edge.label, unicode=unicode)}]" for edge in graph.edges)
    parts = _parts(graph.parts, "  ", unicode=unicode)
    return "\n".join(["digraph {", title, "  node [shape=box]", *parts, *edges, "}"])


def _parts(parts: Iterable[Node | Cluster], indent: str, *, unicode: bool) -> Iterator[str]:
    for part in parts:
        label = quoted(part.label, unicode=unicode)
        if not isinstance(part, Cluster):
            yield f"{indent}n{part.number} [label={label}{_SHAPES[part.kind]}]"
            continue
        yield f"{indent}subgraph cluster_{part.number} {{"
        yield f"{indent}  label={label}"
        yield from _parts(part.parts, f"{indent}  ", unicode=unicode)
        yield f"{indent}}}"


def quoted(text: str, *, unicode: bool = True) -> str:
    r"""Return a label that Graphviz shows as exactly this text: it reads backslashes and HTML entities.

    >>> print(quoted('a "b" \\n &amp;'))
    "a \"b\" \\n &amp;amp;"
    """
    shown = _READ.sub(lambda match: _WRITTEN[match[0]], terminal(text))
    return f'"{shown if unicode else _NOT_ASCII.sub(_entity, shown)}"'


def _entity(match: re.Match[str]) -> str:
    # Graphviz reads entities of two bytes only: an emoji would become three broken characters.
    code = ord(match[0])
    return f"&#{code};" if code <= LARGEST_ENTITY else rf"\\u{{{code:x}}}"
