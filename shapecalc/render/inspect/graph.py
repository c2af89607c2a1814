"""An inspection as a graph: nodes for layers, clusters for blocks and branches, edges that carry shapes."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import input_slot, joined
from shapecalc.dims import show
from shapecalc.render.families import family_of
from shapecalc.render.inspect.lines import Line, neighbours
from shapecalc.render.settings import called
from shapecalc.render.terminal.numbers import rounded
from shapecalc.shape_inference.rows import LayerReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.dims import Shape
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import GroupReport, Sums


class NodeKind(Enum):
    """The kind of a node, which determines its shape."""

    INPUT = "input"
    OUTPUT = "output"
    LAYER = "layer"
    FOLDED = "folded"
    """Several layers: a repeat, a block that `--depth` folds."""


class Node(NamedTuple):
    """A box; nodes have numbers from 0."""

    number: int
    kind: NodeKind
    label: str
    counts: str = ""
    """Its params and MACs, "" if it has neither."""
    family: str = ""
    """The family of its layers, "" if they are of several."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of its text."""
        return (self.label, self.counts) if self.counts else (self.label,)


class Cluster(NamedTuple):
    """A frame around nodes and other clusters: a block, a run of a repeat, a branch; clusters have numbers from 0."""

    number: int
    label: str
    parts: list[Node | Cluster]


def nodes(parts: Iterable[Node | Cluster]) -> Iterator[Node]:
    """Yield the nodes of parts and of the clusters in them."""
    for part in parts:
        if isinstance(part, Cluster):
            yield from nodes(part.parts)
        else:
            yield part


class Edge(NamedTuple):
    """An arrow between the numbers of two nodes."""

    start: int
    end: int
    label: str


class Graph(NamedTuple):
    """The nodes, clusters and edges to draw."""

    name: str
    parts: tuple[Node | Cluster, ...]
    edges: tuple[Edge, ...]


class _End(NamedTuple):
    """The source of an edge: a node, the shape of its output, and the output's name unless it is the first."""

    node: int
    shape: Shape
    output: str = ""


class _Scope(NamedTuple):
    """The surrounding block while its rows are drawn: its parts so far, its depth, and the sources of its values."""

    parts: list[Node | Cluster]
    level: int
    slots: dict[str, _End]
    shared: bool = False
    """Whether it uses the weights of another block."""


def graph_of(report: Report, depth: int | None = None, *, expand: bool = False) -> Graph:
    """Return the graph of a report, from its tree: a repeat is one node unless `expand` draws each run.

    `depth` folds as in `render.inspect.lines.lines_of`, so that a node is a row of the table.
    """
    drawing = _GraphDrawing(depth, expand=expand)
    scope = _Scope([], 0, {})
    for entry in report.inputs:
        label = entry.name if entry.dtype == "float32" else f"{entry.name}: {entry.dtype}"
        scope.slots[entry.name] = _End(drawing.node(scope.parts, NodeKind.INPUT, label), entry.shape)
    drawing.block(report.tree, scope)
    for name, slot in report.architecture.outputs.items():
        drawing.lead(drawing.node(scope.parts, NodeKind.OUTPUT, name), [scope.slots[slot]])
    return Graph(report.architecture.name, tuple(scope.parts), tuple(drawing.edges))


class _GraphDrawing:
    """The state of a graph while it is drawn."""

    __slots__ = ("_clusters", "_depth", "_expand", "_nodes", "edges")

    def __init__(self, depth: int | None, *, expand: bool) -> None:
        self.edges: list[Edge] = []
        self._depth = depth
        self._expand = expand
        self._nodes = 0
        self._clusters = 0

    def node(self, parts: list[Node | Cluster], kind: NodeKind, label: str, counts: str = "", family: str = "") -> int:
        """Add a node and return its number."""
        parts.append(Node(self._nodes, kind, label, counts, family))
        self._nodes += 1
        return self._nodes - 1

    def lead(self, node: int, ends: Iterable[_End]) -> None:
        """Add an edge to a node from each end."""
        for end in ends:
            shape = show(end.shape)
            self.edges.append(Edge(end.node, node, f"{end.output} {shape}" if end.output else shape))

    def block(self, rows: tuple[LayerReport | GroupReport, ...], scope: _Scope) -> None:
        """Draw the rows of a block, and record the sources of their values."""
        branches = {
            joined(row.path, branch): branch
            for row in rows
            if isinstance(row, LayerReport)
            for branch in row.step.branches
        }
        owners = {row.step.weights if isinstance(row, LayerReport) else row.group.weights for row in rows} - {""}
        frames: dict[str, Cluster] = {}
        for shown, folded in neighbours(rows, None if self._depth is None else self._depth - scope.level):
            within = scope
            prefix = ""
            for prefix in _outer(shown, branches):
                if prefix not in frames:
                    frames[prefix] = self._cluster(within.parts, branches[prefix])
                within = scope._replace(parts=frames[prefix].parts)
            name = shown if shown in owners else shown.removeprefix(f"{prefix}.")
            row = folded[0]
            if len(folded) > 1 or isinstance(row, LayerReport) or self._is_folded(row, scope.level):
                what = Line("", folded, shown=shown).layer()
                chosen = len(folded) > 1 or shown in owners or not _is_automatic(name, _type(row))
                self._closed(folded, f"{name}: {what}" if chosen else what, within)
            else:
                self._opened(row, name, within, owns=shown in owners)

    def _is_folded(self, row: GroupReport, level: int) -> bool:
        deep = self._depth is not None and level + 1 >= self._depth
        return deep or (row.group.times is not None and not self._expand)

    def _cluster(self, parts: list[Node | Cluster], label: str) -> Cluster:
        cluster = Cluster(self._clusters, label, [])
        self._clusters += 1
        parts.append(cluster)
        return cluster

    def _closed(self, rows: tuple[LayerReport | GroupReport, ...], label: str, scope: _Scope) -> None:
        """Draw rows as one node."""
        single = isinstance(rows[0], LayerReport) and len(rows) == 1
        counts = _counts(Line("", rows, shared=scope.shared).sums)
        kind = NodeKind.LAYER if single else NodeKind.FOLDED
        number = self.node(scope.parts, kind, label, counts, _family(rows))
        ends: list[_End] = []
        for row in rows:
            inputs = row.step.inputs if isinstance(row, LayerReport) else row.group.inputs
            ends.extend(end for end in (scope.slots[slot] for slot in inputs) if end.node != number)
            scope.slots.update(_given(row, number))
        # A value that several of the folded layers read has one edge; a single layer may read one value twice.
        self.lead(number, ends if len(rows) == 1 else dict.fromkeys(ends))

    def _opened(self, row: GroupReport, name: str, scope: _Scope, *, owns: bool) -> None:
        """Draw the content of a group, run by run."""
        group = row.group
        ends = [scope.slots[slot] for slot in group.inputs]
        for path, body, run in zip(group.runs, group.bodies, row.runs, strict=True):
            run_number = path.removeprefix(group.path)
            title = body.title or Line("", run.rows).layer()
            what = f"{title}, weights of {group.weights}" if group.weights else title
            chosen = owns or bool(run_number) or not _is_automatic(name, _type(row))
            label = f"{name}{run_number}: {what}" if chosen else what
            slots = {input_slot(position): end for position, end in enumerate(ends)}
            within = scope._replace(slots=slots, shared=scope.shared or bool(group.weights))
            if body.title:
                parts = self._cluster(scope.parts, label).parts
                self.block(run.rows, within._replace(parts=parts, level=scope.level + 1))
            else:
                self._closed(run.rows, label, within)
            scope.slots[row.path] = slots[body.output]
            scope.slots.update({joined(path, name): slots[slot] for name, slot in body.extra_outputs.items()})
            for position, slot in body.feedback:
                ends[position] = slots[slot]


def _counts(sums: Sums) -> str:
    r"""Return the params and MACs of a node that has them.

    >>> from shapecalc.shape_inference.rows import Sums
    >>> _counts(Sums(params=9_408, macs=118_013_952)), _counts(Sums(macs=512)), _counts(Sums())
    ('9,408\xa0params · 118\xa0M\xa0MACs', '512\xa0MACs', '')
    """
    texts = []
    for count, name in ((sums.params, "params"), (sums.macs, "MACs")):
        if count != 0:
            # Mermaid wraps a label; a number, its unit and its name stay on one line.
            number = rounded(count).replace(" ", "\xa0") if isinstance(count, int) else rounded(count)
            texts.append(f"{number}\xa0{name}")
    return " · ".join(texts)


def _family(rows: Iterable[LayerReport | GroupReport]) -> str:
    families = {family_of(row.step.layer) for row in _of_one_run(rows)}
    return families.pop() if len(families) == 1 else ""


def _of_one_run(rows: Iterable[LayerReport | GroupReport]) -> Iterator[LayerReport]:
    """Yield the layers of rows, of a repeat those of its first run."""
    for row in rows:
        if isinstance(row, LayerReport):
            yield row
        else:
            yield from _of_one_run(row.runs[0].rows)


def _outer(path: str, branches: Mapping[str, str]) -> Iterator[str]:
    """Yield the branches that contain a path, the outermost first."""
    parts = path.split(".")
    for count in range(1, len(parts)):
        prefix = ".".join(parts[:count])
        if prefix in branches:
            yield prefix


def _given(row: LayerReport | GroupReport, number: int) -> dict[str, _End]:
    """Return the sources of the values of a row, by slot."""
    first = {row.path: _End(number, row.output)}
    if not isinstance(row, LayerReport):
        return {
            slot: _End(number, shape, slot.removeprefix(row.path).removeprefix("."))
            for slot, shape in row.outputs.items()
        }
    extra = list(row.outputs.items())[1:]
    return first | {row.step.slot(name): _End(number, shape, name) for name, shape in extra}


def _type(row: LayerReport | GroupReport) -> str:
    """Return the type from which the name of an unnamed row is made."""
    if isinstance(row, LayerReport):
        return row.type
    return (row.group.subgraph.title or called(row.runs[0].rows[0])).partition(" ")[0]


def _is_automatic(name: str, word: str) -> bool:
    """Return whether a name is automatic, so that it adds nothing to the label.

    >>> _is_automatic("conv_0", "conv"), _is_automatic("stem", "conv"), _is_automatic("", "add")
    (True, False, True)
    """
    return re.fullmatch(rf"({re.escape(word)}_[0-9]+)?", name) is not None
