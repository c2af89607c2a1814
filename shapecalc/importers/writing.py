"""A `Graph` → the text of an architecture file, and the paths that its values and tensors have there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shapecalc.architecture import joined
from shapecalc.dims import Expr
from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import Several
from shapecalc.parser.names import is_step_name, likely_step_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.importers.graph import Graph, Node, Stored, Value

_PLAIN = re.compile(r"[A-Za-z_][\w./ -]*\w|[A-Za-z_]")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"}


@dataclass(slots=True)
class Written:
    """The text; the file's tensor of each of our paths; the slot of each value by its key."""

    text: str
    tensors: dict[str, Stored] = field(default_factory=dict)
    slots: dict[tuple[int | str, str], str] = field(default_factory=dict)


def write(graph: Graph) -> Written:
    """Return a graph as an architecture file.

    >>> from shapecalc.importers.graph import Graph, Stored
    >>> graph = Graph("two layers", "an example")
    >>> hidden = graph.step("linear", graph.input("x", (1, 4)), out_features=8, bias=False)
    >>> graph.output("y", graph.step("relu", hidden))
    >>> print(write(graph).text, end="")
    name: two layers
    source: an example
    input: [1, 4]
    layers:
      - linear: {out_features: 8, bias: false}
      - relu
    """
    return _Writer(graph).written()


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.names = _names(graph)
        self.owners: dict[tuple[str, str], tuple[Node, str]] = {}
        self.result = Written("")

    def written(self) -> Written:
        lines = [*self._head(), "layers:"]
        inputs = list(self.graph.inputs.values())
        before: Value | None = inputs[0] if len(inputs) == 1 else None
        for node in self.graph.nodes:
            lines.append(f"  - {self._step(node, before)}" + (f"  # {node.comment}" if node.comment else ""))
            name = self.names[id(node)]
            for output in node.outputs:
                value = node.value(output)
                self.result.slots[value.key] = joined(name, value.output)
            before = before if node.layer.is_tensor else node.value()
        outputs = self.graph.outputs
        if len(outputs) > 1:
            lines += ["outputs:", *(f"  {_key(name)}: {self._slot(value)}" for name, value in outputs.items())]
        elif outputs and before is not None and next(iter(outputs.values())).key != before.key:
            lines.append(f"outputs: {self._slot(next(iter(outputs.values())))}")
        self.result.text = "\n".join(lines) + "\n"
        return self.result

    def _head(self) -> Iterable[str]:
        yield f"name: {scalar(self.graph.name)}"
        yield f"source: {scalar(self.graph.source)}"
        inputs = self.graph.inputs
        if len(inputs) == 1:
            yield f"input: {_input(next(iter(inputs.values())))}"
        else:
            yield "inputs:"
            yield from (f"  {name}: {_input(value)}" for name, value in inputs.items())
        if self.graph.sizes:
            yield f"sizes: {flow(self.graph.sizes)}"
        if self.graph.where:
            yield f"where: {flow(self.graph.where)}"

    def _slot(self, value: Value) -> str:
        if isinstance(value.node, str):
            return "input" if len(self.graph.inputs) == 1 else value.node
        return joined(self.names[id(value.node)], value.output)

    def _step(self, node: Node, before: Value | None) -> str:
        written = _fields(node)
        keys = {node.type: written}
        if self.names[id(node)] != self._default(node):
            keys["name"] = self.names[id(node)]
        reads = [self._slot(read) for read in node.reads]
        follows = before is not None and [read.key for read in node.reads] == [before.key]
        if reads and not follows:
            keys["from"] = reads[0] if len(reads) == 1 else reads
        shared = self._share(node)
        if shared:
            keys["share"] = shared
        if len(keys) > 1:
            return flow(keys)
        return node.type if written is None else f"{node.type}: {flow(written)}"

    def _default(self, node: Node) -> str:
        return f"{node.type}_{self.graph.nodes.index(node)}"

    def _share(self, node: Node) -> Any:
        name = self.names[id(node)]
        shared = {}
        for key, stored in node.tensors.items():
            owner, owned = self.owners.setdefault(stored.key, (node, key))
            if owner is node:
                self.result.tensors[joined(name, key)] = stored
            else:
                shared[key] = joined(self.names[id(owner)], owned)
        return shared


def _names(graph: Graph) -> Mapping[int, str]:
    """Return the name of each node: the path of its tensors or its module if no other node has it, else its default."""
    names: dict[int, str] = {}
    taken = set(graph.inputs)
    for node in graph.nodes:
        ends = {key: f".{key}" if key else "" for key in node.tensors}
        named = {key: stored.name for key, stored in node.tensors.items() if stored.name.endswith(ends[key])}
        paths = {name.removesuffix(ends[key]) for key, name in named.items()}
        wanted = paths.pop() if len(paths) == 1 else node.place.path if node.tensors else ""
        wanted = wanted if not wanted or is_step_name(wanted) else likely_step_name(wanted) or ""
        if wanted and wanted not in taken:
            names[id(node)] = wanted
            taken.add(wanted)
    for index, node in enumerate(graph.nodes):
        name = f"{node.type}_{index}"
        while id(node) not in names:
            if name in taken:
                name += "_"
                continue
            names[id(node)] = name
            taken.add(name)
    return names


def _fields(node: Node) -> Any:
    """Return the fields that differ from the defaults, as a mapping, as the main field's value, or None."""
    fields = {}
    known = fields_of(type(node.layer))
    for name, value in node.fields.items():
        kind = known[name].kind
        if isinstance(value, tuple) and isinstance(kind, Several) and kind.single and len(set(value)) == 1:
            value = value[0]  # noqa: PLW2901 - one for all axes
        if known[name].required or value != known[name].default:
            fields[name] = value
    if not fields:
        return None
    main = type(node.layer).main
    return fields[main] if main and list(fields) == [main] else fields


def _input(value: Value) -> str:
    shape = flow(value.shape)
    return shape if value.dtype == "float32" else f"{{shape: {shape}, dtype: {value.dtype}}}"


def flow(value: Any) -> str:
    """Return a value in YAML's flow style.

    >>> flow({"conv": {"kernel_size": (3, 1), "bias": False}, "name": "a.0"})
    '{conv: {kernel_size: [3, 1], bias: false}, name: a.0}'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def _key(name: str) -> str:
    return scalar(name)


def scalar(value: Any) -> str:
    """Return a scalar as YAML, a text in quotes unless it is plain.

    >>> [scalar(each) for each in (None, True, 1e-05, float("-inf"), "same", "true", "a: b", 3)]
    ['', 'true', '1.0e-05', '-.inf', 'same', '"true"', '"a: b"', '3']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        text = repr(value).replace("inf", ".inf").replace("nan", ".nan")
        return text.replace("e", ".0e") if "e" in text and "." not in text else text
    if isinstance(value, Expr):
        text = str(value)
        return text if text.isidentifier() else f'"${{{text}}}"'
    text = str(value)
    if isinstance(value, int) or (_PLAIN.fullmatch(text) and text.lower() not in _WORDS):
        return text
    return json.dumps(text, ensure_ascii=False)
