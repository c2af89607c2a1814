"""A `Graph` → the text of an architecture file, and the paths that its values and tensors have there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shapecalc.architecture import joined
from shapecalc.dims import Expr
from shapecalc.importers.folding import Block, Multiple
from shapecalc.importers.graph import Node
from shapecalc.importers.layout import Body, Entry, Layout, inputs_of, lay_out, outputs_of, shares
from shapecalc.importers.scopes import Scope
from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import Several

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.importers.graph import Graph, Stored, Value
    from shapecalc.importers.scopes import Key

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*(?: [\w./-]+)*|\$[A-Za-z_]\w*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan", "~"}


@dataclass(slots=True)
class Written:
    """The text; the file's tensor of each of our paths; the slot of each value by its key."""

    text: str
    tensors: Mapping[str, Stored] = field(default_factory=dict)
    slots: Mapping[Key, str] = field(default_factory=dict)


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
        lines += ["outputs:", *(f"  {scalar(name)}: {layout.network.slots[value.key]}" for name, value in outputs.items())]
    elif outputs and last != next(iter(outputs.values())).key:
        lines.append(f"outputs: {flow(layout.network.slots[next(iter(outputs.values())).key])}")
    return Written("\n".join(lines) + "\n", layout.tensors, layout.slots)


def _head(graph: Graph) -> Iterator[str]:
    yield f"name: {scalar(graph.name)}"
    yield f"source: {scalar(graph.source)}"
    if len(graph.inputs) == 1:
        yield f"input: {_input(next(iter(graph.inputs.values())))}"
    else:
        yield "inputs:"
        yield from (f"  {name}: {_input(value)}" for name, value in graph.inputs.items())
    if graph.sizes:
        yield f"sizes: {flow(graph.sizes)}"
    if graph.where:
        yield f"where: {flow(graph.where)}"


def _block(layout: Layout, name: str, block: Block, body: Body) -> Iterator[str]:
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
    last = body.entries[-1].item if body.entries else None
    if isinstance(last, Node):
        return last.value().key
    return next((key for key, slot in reversed(body.slots.items()) if slot == body.entries[-1].name), None) if last else None


class _Steps:
    """The lines of a list of steps."""

    def __init__(self, layout: Layout, body: Body, block: Block | None) -> None:
        self.layout = layout
        self.body = body
        self.block = block
        self.names = {id(entry.item): entry.name for entry in body.entries}
        self.owners: dict[tuple[str, str], tuple[Node, str]] = {}
        for entry in body.entries:
            if isinstance(entry.item, Node):
                for key, stored in entry.item.tensors.items():
                    self.owners.setdefault(stored.key, (entry.item, key))

    def lines(self) -> Iterator[str]:
        """Yield a line for each step or call, one for calls that follow each other."""
        before = next(iter(self.body.inputs), None)
        entries = self.body.entries
        index = 0
        while index < len(entries):
            item = entries[index].item
            if isinstance(item, Scope):
                run = self._run(index)
                yield f"- {flow(self._call(index, run, before))}"
                index += run
                before = self._first_output(entries[index - 1])
                continue
            yield f"- {self._step(index, item, before)}" + (f"  # {item.comment}" if item.comment else "")
            before = before if item.layer.is_tensor else item.value().key
            index += 1

    def _step(self, index: int, node: Node, before: Key | None) -> str:
        entry = self.body.entries[index]
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

    def _fields(self, index: int, node: Node) -> Any:
        """Return the fields that differ from the defaults, as a mapping, as the main field's value, or None."""
        fields = {}
        known = fields_of(type(node.layer))
        for name, value in node.fields.items():
            kind = known[name].kind
            written = self._value(index, name, value)
            if isinstance(written, tuple) and isinstance(kind, Several) and kind.single and written.count(written[0]) == len(written):
                written = written[0]
            if known[name].required or written != known[name].default:
                fields[name] = written
        if not fields:
            return None
        main = type(node.layer).main
        return fields[main] if main and list(fields) == [main] and not isinstance(fields[main], dict) else fields

    def _value(self, index: int, name: str, value: Any) -> Any:
        if self.block is None:
            return value
        place = iter(range(1 << 30))

        def written(part: Any) -> Any:
            if isinstance(part, tuple):
                return tuple(map(written, part))
            assert self.block is not None
            return self.block.written[index, name, next(place)]

        return written(value)

    def _call(self, index: int, run: int, before: Key | None) -> dict[str, Any]:
        entry = self.body.entries[index]
        scope = entry.item
        assert isinstance(scope, Scope)
        name, block, _ = self.layout.block_of(scope)
        arguments: dict[str, Any] = {
            key: self._value(index, key, value) for key, value in block.arguments(scope).items()
        }
        keys: dict[str, Any] = {name: None}
        repeated: dict[str, Any] = {}
        if run > 1:
            calls = [(at, self.body.entries[at].item) for at in range(index, index + run)]
            for key, value in arguments.items():
                values = [self._value(at, key, block.arguments(call)[key]) for at, call in calls]  # type: ignore[arg-type]
                if any(each != value for each in values):
                    repeated[key] = values
                    arguments[key] = f"${key}"
            keys["repeat"] = repeated or run
        if arguments:
            keys[name] = arguments if len(arguments) > 1 else next(iter(arguments.values()))
        if not entry.by_default:
            keys["name"] = entry.name if run == 1 else entry.name.rpartition(".")[0]
        self._add_reads(keys, inputs_of(block, scope), before)
        return keys

    def _run(self, index: int) -> int:
        """Return the number of calls that `repeat` writes as one: `h.0`, `h.1`, …, each reading the one before."""
        entries = self.body.entries
        first = entries[index]
        name, dot, zero = first.name.rpartition(".")
        if not dot or zero != "0" or name in self.names.values():
            return 1
        count = 1
        while index + count < len(entries) and self._follows(entries[index + count - 1], entries[index + count]):
            if entries[index + count].name != f"{name}.{count}":
                break
            count += 1
        if count > 1:
            self._rename(index, count, name)
        return count

    def _follows(self, before: Entry, after: Entry) -> bool:
        if not isinstance(after.item, Scope) or not isinstance(before.item, Scope):
            return False
        _, block, _ = self.layout.block_of(before.item)
        if self.layout.block_of(after.item)[1] is not block:
            return False
        outputs = outputs_of(self.layout, before.item)
        entering, entered = inputs_of(block, after.item), inputs_of(block, before.item)
        same = [value.key for value in entering[1:]] == [value.key for value in entered[1:]]
        return len(outputs) == 1 and same and entering[0].key == self._first_output(before)

    def _first_output(self, entry: Entry) -> Key:
        assert isinstance(entry.item, Scope)
        return next(iter(outputs_of(self.layout, entry.item).values())).key

    def _rename(self, index: int, count: int, name: str) -> None:
        """Let the calls of a run be referred to by one name, that of the last one's output."""
        for entry in self.body.entries[index : index + count]:
            assert isinstance(entry.item, Scope)
            self.body.slots[self._first_output(entry)] = name


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
