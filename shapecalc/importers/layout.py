"""What is written in each list of steps: names, the values that are read, and the calls of blocks.

A `Body` is the network's list of steps or that of a block. The path of a step is its name after the names of the calls
around it, so that a tensor has the name that it has in the file wherever that is possible.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import joined
from shapecalc.importers.folding import FoldedBlock, Folding, fold
from shapecalc.importers.graph import ImportedStep
from shapecalc.importers.scopes import Key, ModuleScope, uses_of
from shapecalc.layers import layer_type
from shapecalc.parser.names import is_name, is_step_name, likely_step_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.importers.graph import ImportedGraph, Stored, Value


SHORTEST_LISTS = 3
"""Runs for which `repeat` binds lists of arguments."""


class StepEntry(NamedTuple):
    """A step, or the calls of a block that `repeat` writes as one, and the name, whether it is the default one."""

    item: ImportedStep | tuple[ModuleScope, ...]
    name: str
    by_default: bool

    def path(self, run: int) -> str:
        """Return the name of one of the calls."""
        repeated = isinstance(self.item, tuple) and len(self.item) > 1
        return f"{self.name}.{run}" if repeated else self.name


@dataclass(eq=False, slots=True)
class Body:
    """A list of steps: its entries, and how each value is referred to in it."""

    entries: list[StepEntry]
    slots: dict[Key, str] = field(default_factory=dict)
    inputs: dict[Key, str] = field(default_factory=dict)
    """The names of the values that are passed in, in order."""
    outputs: dict[str, Value] = field(default_factory=dict)
    """The values that others read, by name, the first one first."""


@dataclass(slots=True)
class TextLayout:
    """The bodies of the network and of its blocks, and the paths of all values and tensors."""

    folding: Folding
    network: Body
    blocks: dict[int, tuple[str, FoldedBlock, Body]] = field(default_factory=dict)
    """Name, block and body, by the identity of the block, each after those that it calls."""
    readers: Mapping[Key, list[ImportedStep]] = field(default_factory=dict)
    sharers: Mapping[tuple[str, str], list[ImportedStep]] = field(default_factory=dict)
    results: frozenset[Key] = frozenset()
    slots: dict[Key, str] = field(default_factory=dict)
    tensors: dict[str, Stored] = field(default_factory=dict)

    def block_of(self, scope: ModuleScope) -> tuple[str, FoldedBlock, Body]:
        """Return the name, the block and the body of a call."""
        return self.blocks[id(self.folding.blocks[id(scope)])]


def lay_out(graph: ImportedGraph) -> TextLayout:
    """Return what is written where for a graph."""
    _move_tensors_up(graph)
    folding = fold(graph)
    uses = uses_of(graph, folding.root)
    layout = TextLayout(folding, Body([]), readers=uses.readers, sharers=uses.sharers, results=uses.outputs)
    inputs = {value.key: "input" if len(graph.inputs) == 1 else name for name, value in graph.inputs.items()}
    layout.network = _body(layout, folding.root, inputs, set(graph.inputs))
    layout.network.outputs = dict(graph.outputs)
    _paths(layout, layout.network, folding.root, "", {})
    return layout


def _move_tensors_up(graph: ImportedGraph) -> None:
    """Move each tensor that is a step before the layers that have it too: these share the tensor of the step."""
    first: dict[tuple[str, str], int] = {}
    early: dict[int, list[ImportedStep]] = {}
    nodes: list[ImportedStep] = []
    for node in graph.nodes:
        own = node.tensors.get("") if node.layer.is_tensor else None
        if own is not None and own.key in first:
            early.setdefault(first[own.key], []).append(node)
            continue
        for stored in node.tensors.values():
            first.setdefault(stored.key, len(nodes))
        nodes.append(node)
    if early:
        graph.nodes[:] = [each for at, node in enumerate(nodes) for each in (*early.get(at, ()), node)]


def _body(layout: TextLayout, scope: ModuleScope, inputs: dict[Key, str], taken: Iterable[str]) -> Body:
    items = list(layout.folding.items(scope))
    for item in items:
        block = layout.folding.blocks[id(item)] if isinstance(item, ModuleScope) else None
        if block is not None and id(block) not in layout.blocks:
            inner = _block_body(layout, block)
            layout.blocks[id(block)] = (_block_name(layout, block), block, inner)
    runs = list(_runs(layout, items, scope))
    body = Body(_entries(layout, runs, scope, {*taken, *inputs.values()}), dict(inputs), inputs)
    for entry in body.entries:
        if isinstance(entry.item, ImportedStep):
            for value in map(entry.item.value, entry.item.outputs):
                body.slots[value.key] = joined(entry.name, value.output)
            continue
        for call in entry.item:
            for position, (name, value) in enumerate(outputs_of(layout, call).items()):
                body.slots[value.key] = joined(entry.name, name) if position else entry.name
    return body


def _runs(
    layout: TextLayout, items: list[ImportedStep | ModuleScope], scope: ModuleScope
) -> Iterator[ImportedStep | tuple[ModuleScope, ...]]:
    """Yield the items, with the calls `h.0`, `h.1`, … together of which each reads the one before."""
    paths = {item.path for item in items if isinstance(item, ModuleScope)}
    run: list[ModuleScope] = []
    for item in items:
        follows = bool(run) and isinstance(item, ModuleScope) and _follows(layout, run[-1], item)
        name, _, number = item.path.rpartition(".") if isinstance(item, ModuleScope) else ("", "", "")
        if follows and relative(run[0].path, scope.path) and item.path == f"{name}.{len(run)}":  # type: ignore[union-attr]
            run.append(item)  # type: ignore[arg-type]  # it follows
            continue
        yield from _calls(layout, run)
        run = []
        if isinstance(item, ImportedStep):
            yield item
        elif number == "0" and name not in paths:
            run = [item]
        else:
            yield (item,)
    yield from _calls(layout, run)


def _calls(layout: TextLayout, run: list[ModuleScope]) -> Iterator[tuple[ModuleScope, ...]]:
    """Yield a run as one entry, or two calls with other arguments as two: lists of them would be longer."""
    if len(run) == SHORTEST_LISTS - 1:
        block = layout.folding.blocks[id(run[0])]
        if block.arguments(run[0]) != block.arguments(run[1]):
            yield from ((call,) for call in run)
            return
    if run:
        yield tuple(run)


def _follows(layout: TextLayout, before: ModuleScope, after: ModuleScope) -> bool:
    """Return whether a call is the next run of a block: it reads the one before, and nothing else does."""
    block = layout.folding.blocks[id(before)]
    if layout.folding.blocks[id(after)] is not block or before.path.rpartition(".")[0] != after.path.rpartition(".")[0]:
        return False
    outputs = list(outputs_of(layout, before).values())
    inputs, inputs_before = block.inputs(after), block.inputs(before)
    same = [value.key for value in inputs[1:]] == [value.key for value in inputs_before[1:]]
    readers = layout.readers.get(outputs[0].key, ())
    inside = {id(node) for node in after.nodes}
    alone = outputs[0].key not in layout.results and all(id(reader) in inside for reader in readers)
    return len(outputs) == 1 and same and inputs[0].key == outputs[0].key and alone


def _block_body(layout: TextLayout, block: FoldedBlock) -> Body:
    first = block.first
    values = block.inputs(first)
    names = ["input"] if len(values) == 1 else ["x", *(f"x_{number}" for number in range(1, len(values)))]
    body = _body(layout, first, {value.key: name for value, name in zip(values, names, strict=True)}, ())
    *others, last = block.skeletons[id(first)].outputs
    taken = set(body.inputs.values())
    for value in (last, *others):
        name = body.slots[value.key].replace(".", "_").replace("-", "_").replace("/", "_") if body.outputs else "output"
        name = name if is_name(name) and name not in taken else f"output_{len(body.outputs)}"
        taken.add(name)
        body.outputs[name] = value
    return body


def outputs_of(layout: TextLayout, use: ModuleScope) -> dict[str, Value]:
    """Return the values of a use of a block that others read, by name, the last one first."""
    _, block, body = layout.block_of(use)
    *others, last = block.skeletons[id(use)].outputs
    return dict(zip(body.outputs, (last, *others), strict=True))


def _entries(
    layout: TextLayout, items: list[ImportedStep | tuple[ModuleScope, ...]], scope: ModuleScope, taken: set[str]
) -> list[StepEntry]:
    """Return the entries of a list of steps: those with tensors and the calls have the names of the file."""
    names: dict[int, str] = {}
    for item in items:
        if isinstance(item, ImportedStep):
            paths = [_path_of(item), item.place.path] if item.tensors else []
            if any(len(layout.sharers[stored.key]) > 1 for stored in item.tensors.values()):
                paths.reverse()  # the file names a tensor of several modules after one of them
        else:
            paths = [item[0].path if len(item) == 1 else item[0].path.rpartition(".")[0]]
        wanted = [name for path in paths if (name := relative(path, scope.path)) and name not in taken]
        if wanted:
            names[id(item)] = wanted[0]
            taken.add(wanted[0])
    entries = []
    for index, item in enumerate(items):
        default = name = f"{item.type if isinstance(item, ImportedStep) else 'block'}_{index}"
        if id(item) in names:
            name = names[id(item)]
        else:
            while name in taken:
                name += "_"
            taken.add(name)
        entries.append(StepEntry(item, name, isinstance(item, ImportedStep) and name == default))
    return entries


def _path_of(node: ImportedStep) -> str:
    """Return the path that a step has in the file by the names of its tensors, else that of its module."""
    ends = {key: f".{key}" if key else "" for key in node.tensors}
    named = {key: stored.name for key, stored in node.tensors.items() if stored.name.endswith(ends[key])}
    paths = {name.removesuffix(ends[key]) for key, name in named.items()}
    return paths.pop() if len(paths) == 1 else node.place.path


def relative(path: str, scope: str) -> str:
    """Return a path below another one, in letters that a name can have; empty if there is none.

    >>> relative("h.0.attn", "h.0"), relative("wte", ""), relative("onnx::Conv_1", "")
    ('attn', 'wte', 'onnx_Conv_1')
    """
    below = path.removeprefix(f"{scope}.") if scope else path
    if not below or (scope and below == path):
        return ""
    return below if is_step_name(below) else likely_step_name(below) or ""


def _block_name(layout: TextLayout, block: FoldedBlock) -> str:
    """Return a name for a block, after the class of the modules, else after their place."""
    kind = block.first.kind.rpartition(".")[2]
    if not kind or kind in ("Sequential", "ModuleList"):
        words = [part for part in block.first.path.split(".") if not part[-1:].isdigit()]
        kind = words[-1].rstrip("s") if words else "block"
    name = snake_case(kind)
    name = name if is_name(name) else "block"
    name = f"{name}_block" if layer_type(name) or name in ("input", "layers") else name
    taken = {other for other, _, _ in layout.blocks.values()}
    free, count = name, 2
    while free in taken:
        free, count = f"{name}_{count}", count + 1
    return free


def snake_case(name: str) -> str:
    """Return the name of a class in the manner of layer types.

    >>> snake_case("GPT2Block"), snake_case("Conv2dNormActivation"), snake_case("InvertedResidual")
    ('gpt2_block', 'conv2d_norm_activation', 'inverted_residual')
    """
    letters = []
    for before, letter, after in zip(f" {name}", name, f"{name[1:]} ", strict=False):
        starts = letter.isupper() and (before.islower() or before.isdigit() or (before.isupper() and after.islower()))
        letters.append(f"_{letter.lower()}" if starts else letter.lower())
    return "".join(letters).strip("_")


def _paths(
    layout: TextLayout, body: Body, scope: ModuleScope, prefix: str, owned: dict[tuple[str, str], ImportedStep]
) -> None:
    """Record the path of each value and tensor of a body, as a use of it at `prefix` has them."""
    items = layout.folding.items(scope)
    for entry in body.entries:
        if isinstance(entry.item, tuple):
            for run in range(len(entry.item)):
                call = next(items)
                assert isinstance(call, ModuleScope)
                _paths(layout, layout.block_of(call)[2], call, joined(prefix, entry.path(run)), owned)
            continue
        node = next(items)
        assert isinstance(node, ImportedStep)
        path = joined(prefix, entry.name)
        for value in map(node.value, node.outputs):
            layout.slots[value.key] = joined(path, value.output)
        for key, stored in node.tensors.items():
            # A step that has one tensor under two names has it twice: a step cannot share with itself.
            if owned.setdefault(stored.key, node) is node:
                layout.tensors[joined(path, key)] = stored


def shares(
    node: ImportedStep, owners: Mapping[tuple[str, str], tuple[ImportedStep, str]], names: Mapping[int, str]
) -> object:
    """Return what `share:` says of a step: the step whose tensors it uses, or single ones by its own names of them."""
    others = {key: owners[stored.key] for key, stored in node.tensors.items() if owners[stored.key][0] is not node}
    if not others:
        return None
    first = next(iter(others.values()))[0]
    complete = len(others) == len(node.tensors) and all(owner == (first, key) for key, owner in others.items())
    if complete and first.tensors.keys() == node.tensors.keys() and "" not in node.tensors:
        return names[id(first)]
    return {key: joined(names[id(owner)], name) for key, (owner, name) in others.items()}
