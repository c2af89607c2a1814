"""A graph → the text of an architecture file, and the paths that its values and tensors have there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shapecalc.dims import Expr
from shapecalc.importers.folding import FoldedBlock, Multiple
from shapecalc.importers.graph import ImportedStep
from shapecalc.importers.layout import Body, StepEntry, TextLayout, lay_out, outputs_of, shares
from shapecalc.layers.base import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.importers.graph import ImportedGraph, Stored, Value
    from shapecalc.importers.scopes import Key, ModuleScope

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*(?: [\w./-]+)*|\$[A-Za-z_]\w*")
LONGEST_TEXT = 2_000
"""Characters of a name or a source."""
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan", "~"}


@dataclass(slots=True)
class WrittenGraph:
    """The text; the file's tensor of each of our paths; the slot of each value by its key."""

    text: str
    tensors: Mapping[str, Stored] = field(default_factory=dict)
    slots: Mapping[Key, str] = field(default_factory=dict)


def write(graph: ImportedGraph) -> WrittenGraph:
    """Return a graph as an architecture file.

    >>> from shapecalc.importers.graph import ImportedGraph, Stored
    >>> graph = ImportedGraph("two layers", "an example")
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
    layout = lay_out(graph)
    lines = [*_head(graph)]
    if layout.blocks:
        lines.append("blocks:")
        for name, block, body in layout.blocks.values():
            lines += [f"  {line}" for line in _block(layout, name, block, body)]
    lines += ["layers:", *(f"  {line}" for line in _Steps(layout, layout.network, None).lines())]
    last = _last(layout.network)
    outputs = layout.network.outputs
    if len(outputs) > 1:
        lines += [
            "outputs:",
            *(f"  {scalar(name)}: {layout.network.slots[value.key]}" for name, value in outputs.items()),
        ]
    elif outputs and last != next(iter(outputs.values())).key:
        lines.append(f"outputs: {flow(layout.network.slots[next(iter(outputs.values())).key])}")
    return WrittenGraph("\n".join(lines) + "\n", layout.tensors, layout.slots)


def printable(text: str) -> str:
    r"""Return a text of the file without what no text of ours may have, cut off at `LONGEST_TEXT` characters.

    >>> printable("net\x1b[31m\u202e")
    'net[31m'
    """
    return "".join(each for each in text[:LONGEST_TEXT] if each.isprintable())


def _head(graph: ImportedGraph) -> Iterator[str]:
    yield f"name: {scalar(printable(graph.name) or 'network')}"
    yield f"source: {scalar(printable(graph.source) or 'a file')}"
    if len(graph.inputs) == 1:
        yield f"input: {_input(next(iter(graph.inputs.values())))}"
    else:
        yield "inputs:"
        yield from (f"  {name}: {_input(value)}" for name, value in graph.inputs.items())
    if graph.sizes:
        yield f"sizes: {flow(graph.sizes)}"
    if graph.where:
        yield f"where: {flow(graph.where)}"


def _block(layout: TextLayout, name: str, block: FoldedBlock, body: Body) -> Iterator[str]:
    yield f"{name}:"
    if block.parameters:
        yield f"  parameters: [{', '.join(parameter.name for parameter in block.parameters)}]"
    if len(body.inputs) > 1:
        yield f"  inputs: [{', '.join(body.inputs.values())}]"
    yield "  layers:"
    yield from (f"    {line}" for line in _Steps(layout, body, block).lines())
    outputs = list(body.outputs.items())
    if len(outputs) > 1 or outputs[0][1].key != _last(body):
        yield f"  outputs: {flow({name: body.slots[value.key] for name, value in outputs})}"


def _last(body: Body) -> Key | None:
    """Return the value that a list of steps gives without `outputs:`: the first output of its last step."""
    if not body.entries:
        return None
    last = body.entries[-1]
    if isinstance(last.item, ImportedStep):
        return last.item.value().key
    return next(key for key, slot in reversed(body.slots.items()) if slot == last.name)


class _Steps:
    """The lines of a list of steps."""

    def __init__(self, layout: TextLayout, body: Body, block: FoldedBlock | None) -> None:
        self.layout = layout
        self.body = body
        self.block = block
        self.names = {id(entry.item): entry.name for entry in body.entries}
        self.owners: dict[tuple[str, str], tuple[ImportedStep, str]] = {}
        for entry in body.entries:
            if isinstance(entry.item, ImportedStep):
                for key, stored in entry.item.tensors.items():
                    self.owners.setdefault(stored.key, (entry.item, key))

    def lines(self) -> Iterator[str]:
        """Yield a line for each entry."""
        before = next(iter(self.body.inputs)) if len(self.body.inputs) == 1 else None
        index = 0
        for entry in self.body.entries:
            if isinstance(entry.item, ImportedStep):
                comment = f"  # {entry.item.comment}" if entry.item.comment else ""
                yield f"- {self._step(entry, entry.item, index, before)}{comment}"
                before = before if entry.item.layer.is_tensor else entry.item.value().key
                index += 1
            else:
                yield f"- {flow(self._call(entry, entry.item, index, before))}"
                before = next(iter(outputs_of(self.layout, entry.item[-1]).values())).key
                index += len(entry.item)

    def _step(self, entry: StepEntry, node: ImportedStep, index: int, before: Key | None) -> str:
        fields = self._fields(index, node)
        keys = {node.type: fields}
        if not entry.by_default:
            keys["name"] = entry.name
        self._add_reads(keys, list(node.reads), before)
        shared = shares(node, self.owners, self.names)
        if shared:
            keys["share"] = shared
        if len(keys) > 1:
            return flow(keys)
        return node.type if fields is None else f"{node.type}: {flow(fields)}"

    def _add_reads(self, keys: dict[str, Any], reads: list[Value], before: Key | None) -> None:
        if reads and [read.key for read in reads] != [before]:
            slots = [self.body.slots[read.key] for read in reads]
            keys["from"] = slots[0] if len(slots) == 1 else slots

    def _fields(self, index: int, node: ImportedStep) -> Any:
        """Return the fields that differ from the defaults, as a mapping, as the main field's value, or None."""
        fields = {}
        known = fields_of(type(node.layer))
        for name, value in node.fields.items():
            written = self._value(index, name, value)
            if isinstance(written, tuple) and written and written.count(written[0]) == len(written):
                written = written[0] if node.takes_one(name) else written
            if known[name].required or written != known[name].default:
                fields[name] = written
        if not fields:
            return None
        main = type(node.layer).main
        return fields[main] if main and list(fields) == [main] else fields

    def _value(self, index: int, name: str, value: Any) -> Any:
        if self.block is None:
            return value
        place = iter(range(1 << 30))
        block = self.block

        def written(part: Any) -> Any:
            return tuple(map(written, part)) if isinstance(part, tuple) else block.written[index, name, next(place)]

        return written(value)

    def _call(self, entry: StepEntry, calls: tuple[ModuleScope, ...], index: int, before: Key | None) -> dict[str, Any]:
        name, block, _ = self.layout.block_of(calls[0])
        arguments: dict[str, Any] = {}
        repeated: dict[str, Any] = {}
        for key in block.arguments(calls[0]):
            values = [self._value(index + run, key, block.arguments(call)[key]) for run, call in enumerate(calls)]
            arguments[key] = values[0]
            if any(each != values[0] for each in values):
                repeated[key], arguments[key] = values, f"${key}"
        keys: dict[str, Any] = {name: arguments if len(arguments) > 1 else next(iter(arguments.values()), None)}
        if len(calls) > 1:
            keys["repeat"] = repeated or len(calls)
        keys["name"] = entry.name
        self._add_reads(keys, block.inputs(calls[0]), before)
        return keys


def _input(value: Value) -> str:
    shape = flow(value.shape)
    return shape if value.dtype == "float32" else f"{{shape: {shape}, dtype: {value.dtype}}}"


def flow(value: Any) -> str:
    """Return a value in YAML's flow style.

    >>> flow({"conv": {"kernel_size": (3, 1), "bias": False}, "name": "a.0"})
    '{conv: {kernel_size: [3, 1], bias: false}, name: a.0}'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, Multiple):
        name = value.parameter.name
        return f"${name}" if value.factor == 1 else f'"${{{value.factor} * {name}}}"'
    return scalar(value)


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
