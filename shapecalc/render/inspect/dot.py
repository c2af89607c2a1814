"""An inspection as a graph in DOT, the language of Graphviz."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.render.families import COLORS, NEUTRAL
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
_FONT = 'fontname="Helvetica,Arial,sans-serif"'
_DEFAULTS = (
    f'  node [shape=box style=filled fillcolor="{NEUTRAL.fill}" color="{NEUTRAL.stroke}" {_FONT}]',
    f'  edge [color="{NEUTRAL.stroke}" {_FONT} fontsize=10]',
)
_READ = re.compile(r'["\\&]')
_WRITTEN = {'"': r"\"", "\\": r"\\", "&": "&amp;"}
LARGEST_ENTITY = 0xFFFF
_NOT_ASCII = re.compile("[^\x00-\x7f]")


def inspection(report: Report, depth: int | None = None, *, expand: bool = False, unicode: bool = True) -> str:
    """Return the graph, from top to bottom; without `unicode`, in ASCII that shows the same."""
    graph = graph_of(report, depth, expand=expand)
    name = quoted(graph.name, unicode=unicode)
    title = f'  graph [label={name} labelloc=t style=rounded color="{NEUTRAL.stroke}" {_FONT}]'
    edges = (f"  n{edge.start} -> n{edge.end} [label={quoted(edge.label, unicode=unicode)}]" for edge in graph.edges)
    parts = _parts(graph.parts, "  ", unicode=unicode)
    return "\n".join(["digraph {", title, *_DEFAULTS, *parts, *edges, "}"])


def _parts(parts: Iterable[Node | Cluster], indent: str, *, unicode: bool) -> Iterator[str]:
    for part in parts:
        if not isinstance(part, Cluster):
            label = r"\n".join(quoted(line, unicode=unicode)[1:-1] for line in part.lines)
            yield f'{indent}n{part.number} [label="{label}"{_SHAPES[part.kind]}{_family(part.family)}]'
            continue
        yield f"{indent}subgraph cluster_{part.number} {{"
        yield f"{indent}  label={quoted(part.label, unicode=unicode)}"
        yield from _parts(part.parts, f"{indent}  ", unicode=unicode)
        yield f"{indent}}}"


def _family(name: str) -> str:
    """Return the attributes of a node of a family; Graphviz writes `class` into an SVG."""
    return f' class={name} fillcolor="{COLORS[name].fill}" color="{COLORS[name].stroke}"' if name else ""


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
