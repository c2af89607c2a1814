"""Charts in Mermaid and DOT, read back."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

RESIDUAL = """\
name: residual
input: [N, 3, 8, 8]
blocks:
  basic:
    parameters: [channels]
    layers:
      - add:
          main: [{conv: {out_channels: $channels, kernel_size: 3, padding: 1}}, relu]
          shortcut: []
      - relu
layers:
  - conv: {out_channels: 5, kernel_size: 1}
  - basic: 5
  - basic: 5
    repeat: 3
    name: rest
"""


class Read(NamedTuple):
    """A graph as a reader of its language sees it; `within` has the labels of the clusters around each node.

    `nodes` has the first line of each, `counts` the second one; `fills` has its class and its background.
    """

    nodes: dict[str, str]
    counts: dict[str, str]
    within: dict[str, tuple[str, ...]]
    edges: list[tuple[str, str, str]]
    fills: dict[str, tuple[str, str]]


def _named_once(read: Read, name: str, lines: list[str], around: list[str]) -> None:
    assert name not in read.nodes, name
    assert len(lines) <= 2
    read.nodes[name] = lines[0]
    if lines[1:]:
        read.counts[name] = lines[1].replace("\xa0", " ")
    read.within[name] = tuple(around)


def read_mermaid(chart: str) -> Read:
    quoted = r'"([^"]*)"'
    node = re.compile(rf"(n\d+)(?:\[\[{quoted}\]\]|\[{quoted}\]|\(\[{quoted}\]\))")
    read, around = Read({}, {}, {}, [], {}), list[str]()
    fills: dict[str, str] = {}
    first, *lines = re.findall(r'(?:[^"\n]|"[^"]*")+', chart)
    assert first == "flowchart TB"
    frames = set()
    for line in map(str.strip, lines):
        if line == "end":
            around.pop()
        elif found := re.fullmatch(rf"subgraph (c\d+)\[{quoted}\]", line):
            assert found[1] not in frames
            frames.add(found[1])
            around.append(mermaid_text(found[2]))
        elif found := re.fullmatch(rf"(n\d+) -->\|{quoted}\| (n\d+)", line):
            read.edges.append((found[1], found[3], mermaid_text(found[2])))
        elif found := re.fullmatch(r"classDef (\w+) fill:(#\w{6}),stroke:#\w{6},color:#000000", line):
            assert found[1] not in fills
            fills[found[1]] = found[2]
        elif found := re.fullmatch(r"class ([n\d,]+) (\w+)", line):
            assert read.fills.keys().isdisjoint(found[1].split(","))
            read.fills.update(dict.fromkeys(found[1].split(","), (found[2], fills[found[2]])))
        else:
            found = node.fullmatch(line)
            assert found, line
            text = found[2] or found[3] or found[4] or ""
            _named_once(read, found[1], [mermaid_text(part) for part in text.split("\n")], around)
    assert not around
    return read


def mermaid_text(label: str | None) -> str:
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label or "")


def read_dot(text: str) -> Read:
    quoted = r'"((?:[^"\\]|\\.)*)"'
    read, around = Read({}, {}, {}, [], {}), list[str]()
    first, title, boxes, arrows, *lines, last = text.split("\n")
    assert (first, last) == ("digraph {", "}")
    assert (boxes.startswith("  node [shape=box "), arrows.startswith("  edge [")) == (True, True)
    assert re.match(rf"  graph \[label={quoted} labelloc=t ", title)
    frames, waits = set(), False
    for line in map(str.strip, lines):
        if waits:
            found = re.fullmatch(f"label={quoted}", line)
            assert found, line
            around.append(dot_text(found[1]))
            waits = False
        elif line == "}":
            around.pop()
        elif found := re.fullmatch(r"subgraph (cluster_\d+) \{", line):
            assert found[1] not in frames
            frames.add(found[1])
            waits = True
        elif found := re.fullmatch(rf"(n\d+) -> (n\d+) \[label={quoted}\]", line):
            read.edges.append((found[1], found[2], dot_text(found[3])))
        else:
            color = r'(?: class=(\w+) fillcolor="(#\w{6})" color="#\w{6}")?'
            found = re.fullmatch(rf"(n\d+) \[label={quoted}(?: shape=ellipse| peripheries=2)?{color}\]", line)
            assert found, line
            _named_once(read, found[1], dot_text(found[2]).split("\n"), around)
            if found[3]:
                read.fills[found[1]] = (found[3], found[4])
    assert not around
    return read


def dot_text(label: str) -> str:
    return html.unescape(re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], label))
