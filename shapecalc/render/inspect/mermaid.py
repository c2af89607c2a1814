"""An inspection as a Mermaid flowchart, which GitHub draws in a fenced block of Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.render.families import COLORS, TEXT
from shapecalc.render.inspect.graph import Cluster, NodeKind, graph_of, nodes
from shapecalc.render.terminal.escaping import terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.render.inspect.graph import Node
    from shapecalc.shape_inference.report import Report

MOST_EDGES = 500
MOST_CHARACTERS = 50_000
"""Mermaid's default limits (`maxTextSize`, `maxEdges`), which a file on GitHub cannot change."""

_SHAPES = {
    NodeKind.INPUT: ("([", "])"),
    NodeKind.OUTPUT: ("([", "])"),
    NodeKind.LAYER: ("[", "]"),
    NodeKind.FOLDED: ("[[", "]]"),
}
_ARROW = " -->|"

# Mermaid reads entities even in quotes, `%%`, `style …:…#…;` and `:::` anywhere, HTML, icons (`fa:fa-x`) and formulas
# (`$$`); then Markdown reads the label: emphasis, links, and lists, which it refuses. `ﬂ` and `¶` are its own marks of
# entities.
_READ = re.compile(
    r"""["#$%&'*;<>?@\\^`{|}~!ﬂ¶]"""
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
    r"|:(?! |$)"
    r"|(?<=\])[(:]"
    r"|(?<=[Ww]{3})\."
    r"|^[-+= ]|^\d+[.)]"
)
_NOT_ASCII = re.compile("[^\x00-\x7f]")


def inspection(report: Report, depth: int | None = None, *, expand: bool = False, unicode: bool = True) -> str:
    """Return the flowchart, from top to bottom; without `unicode`, in ASCII that shows the same."""
    graph = graph_of(report, depth, expand=expand)
    edges = (f"  n{edge.start}{_ARROW}{quoted(edge.label, unicode=unicode)}| n{edge.end}" for edge in graph.edges)
    parts = _parts(graph.parts, "  ", unicode=unicode)
    return "\n".join(["flowchart TB", *parts, *edges, *_classes(graph.parts)])


def excess(chart: str) -> str | None:
    """Return why Mermaid refuses to draw a chart, or None if it draws it."""
    edges = chart.count(_ARROW)
    if edges > MOST_EDGES:
        return f"{edges} edges, Mermaid draws {MOST_EDGES} unless it is set up for more"
    if len(chart) > MOST_CHARACTERS:
        return f"{len(chart)} characters, Mermaid reads {MOST_CHARACTERS} unless it is set up for more"
    return None


def _parts(parts: Iterable[Node | Cluster], indent: str, *, unicode: bool) -> Iterator[str]:
    for part in parts:
        if not isinstance(part, Cluster):
            opening, closing = _SHAPES[part.kind]
            # A raw line break: with `<br/>` Mermaid would read icons, formulas and Markdown in the escaped text.
            label = "\n".join(quoted(line, unicode=unicode)[1:-1] for line in part.lines)
            yield f'{indent}n{part.number}{opening}"{label}"{closing}'
            continue
        yield f"{indent}subgraph c{part.number}[{quoted(part.label, unicode=unicode)}]"
        yield from _parts(part.parts, f"{indent}  ", unicode=unicode)
        yield f"{indent}end"


def _classes(parts: Iterable[Node | Cluster]) -> Iterator[str]:
    """Yield a class for each family of layers, and its nodes; nodes of no family have the colours of the theme."""
    families: dict[str, list[str]] = {}
    for node in nodes(parts):
        if node.family:
            families.setdefault(node.family, []).append(f"n{node.number}")
    for name, members in families.items():
        colors = COLORS[name]
        yield f"  classDef {name} fill:{colors.fill},stroke:{colors.stroke},color:{TEXT}"
        yield f"  class {','.join(members)} {name}"


def quoted(text: str, *, unicode: bool = True) -> str:
    """Return a label that Mermaid shows as exactly this text.

    >>> quoted('conv_0 <b>"1"</b>')
    '"conv_0 #60;b#62;#34;1#34;#60;/b#62;"'
    """
    shown = _READ.sub(_entity, terminal(text))
    return f'"{shown if unicode else _NOT_ASCII.sub(_entity, shown)}"'


def _entity(match: re.Match[str]) -> str:
    return f"{match[0][:-1]}#{ord(match[0][-1])};"
