"""The modules of a graph as a tree, and what makes two of them the same but for numbers.

A scope is one visit of a module: its steps in order, and the scopes of the modules within it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shapecalc.dims import Expr
from shapecalc.importers.graph import ImportedStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.importers.graph import ImportedGraph, Place, Value

Key = tuple[int | str, str]
"""That of a value: see `Value.key`."""
DEEPEST = 64
"""Modules within each other: those further inside belong to the one at this depth."""


@dataclass(eq=False, slots=True)
class ModuleScope:
    """One visit of a module: its path, its class, and its steps and inner scopes in order."""

    path: str
    kind: str
    items: list[ImportedStep | ModuleScope] = field(default_factory=list)

    @property
    def nodes(self) -> Iterator[ImportedStep]:
        """All steps, those of inner scopes too."""
        for item in self.items:
            if isinstance(item, ImportedStep):
                yield item
            else:
                yield from item.nodes

    @property
    def scopes(self) -> Iterator[ModuleScope]:
        """All inner scopes, outer ones first."""
        for item in self.items:
            if isinstance(item, ModuleScope):
                yield item
                yield from item.scopes


def scope_tree(graph: ImportedGraph) -> ModuleScope:
    """Return the modules of a graph as a tree, whose root is the network.

    A tensor that several modules read is outside of all of them, before the first.
    """
    root = ModuleScope("", "")
    stack = [root]
    shared, waiting = _shared_tensors(graph)
    for node in graph.nodes:
        if id(node) in shared:
            continue
        around = _around(node.place)
        depth = 0
        while depth < len(around) and depth + 1 < len(stack) and stack[depth + 1].path == around[depth][0]:
            depth += 1
        del stack[depth + 1 :]
        for path, kind in around[depth:]:
            stack[-1].items.extend(waiting.pop(path, ()))
            scope = ModuleScope(path, kind)
            stack[-1].items.append(scope)
            stack.append(scope)
        stack[-1].items.append(node)
    return root


def _shared_tensors(graph: ImportedGraph) -> tuple[set[int], dict[str, list[ImportedStep]]]:
    """Return the tensors that several modules read, and those before each module that is the first to read them."""
    readers: dict[int, list[list[tuple[str, str]]]] = {}
    for node in graph.nodes:
        for read in node.reads:
            if isinstance(read.node, ImportedStep) and read.node.layer.is_tensor:
                readers.setdefault(id(read.node), []).append(_around(node.place))
    shared: set[int] = set()
    waiting: dict[str, list[ImportedStep]] = {}
    for node in graph.nodes:
        first, *others = readers.get(id(node), ([],))
        common = 0
        while common < len(first) and all(other[common : common + 1] == [first[common]] for other in others):
            common += 1
        if common < len(first) and others:
            shared.add(id(node))
            waiting.setdefault(first[common][0], []).append(node)
    return shared, waiting


def _around(place: Place) -> list[tuple[str, str]]:
    """Return the path and the class of each module around a place, outermost first, at most `DEEPEST`."""
    around = [(path, kind) for path, kind in place.scopes[: DEEPEST + 1] if path]
    if not around and place.path:
        parts = place.path.split(".", DEEPEST)
        around = [(".".join(parts[: count + 1]), "") for count in range(len(parts) - 1)]
    if place.path and (not around or around[-1][0] != place.path):
        around.append((place.path, place.kind))
    return around[:DEEPEST]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What is equal for all uses of a block, `text`, and the values that one use reads and that others read of it."""

    text: tuple[Any, ...]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Uses:
    """For a whole graph: the steps that read each value, the step that has each tensor first, and repeated paths."""

    readers: Mapping[Key, list[ImportedStep]]
    owners: Mapping[tuple[str, str], ImportedStep]
    sharers: Mapping[tuple[str, str], list[ImportedStep]]
    outputs: frozenset[Key]
    paths: Mapping[str, int]


def uses_of(graph: ImportedGraph, root: ModuleScope) -> Uses:
    """Return who reads what in a graph."""
    readers: dict[Key, list[ImportedStep]] = {}
    owners: dict[tuple[str, str], ImportedStep] = {}
    sharers: dict[tuple[str, str], list[ImportedStep]] = {}
    for node in graph.nodes:
        for read in node.reads:
            readers.setdefault(read.key, []).append(node)
        for stored in node.tensors.values():
            owners.setdefault(stored.key, node)
            sharers.setdefault(stored.key, []).append(node)
    outputs = frozenset(value.key for value in graph.outputs.values())
    return Uses(readers, owners, sharers, outputs, Counter(scope.path for scope in root.scopes))


def skeleton_of(scope: ModuleScope, uses: Uses, most_inputs: int) -> Skeleton | None:
    """Return what is equal for all modules that are the same but for numbers; None if it cannot be a block.

    It cannot if a tensor is shared with a step outside, if the module is visited twice, or if it has too many inputs.
    """
    nodes = list(scope.nodes)
    if uses.paths[scope.path] > 1:
        return None
    places = {id(node): place for place, node in enumerate(nodes)}
    owners: dict[tuple[str, str], int | None] = {}
    inputs: dict[Key, Value] = {}
    numbers: dict[Key, int] = {}
    text: list[Any] = []
    for node in nodes:
        reads: list[tuple[Any, ...]] = []
        for read in node.reads:
            place = places.get(read.key[0]) if isinstance(read.key[0], int) else None
            if place is None:
                inputs.setdefault(read.key, read)
                reads.append(("input", numbers.setdefault(read.key, len(numbers))))
            else:
                reads.append((place, read.output))
        tensors = _tensors(node, scope, places, uses, owners)
        if tensors is None or len(inputs) > most_inputs:
            return None
        inner = tuple(path.removeprefix(scope.path) for path, _ in _around(node.place) if path.startswith(scope.path))
        fields = tuple((name, _form(name, value)) for name, value in sorted(node.fields.items()))
        text.append((node.type, inner, fields, tuple(reads), tensors))
    outputs = [
        value
        for node in nodes
        for value in map(node.value, node.outputs)
        if value.key in uses.outputs or any(id(reader) not in places for reader in uses.readers.get(value.key, ()))
    ]
    if not outputs or not inputs:
        return None
    read_outside = tuple((places[value.key[0]], value.output) for value in outputs)  # type: ignore[index]  # own steps
    return Skeleton((*text, read_outside), tuple(inputs.values()), tuple(outputs))


def _tensors(
    node: ImportedStep,
    scope: ModuleScope,
    places: Mapping[int, int],
    uses: Uses,
    owners: dict[tuple[str, str], int | None],
) -> tuple[Any, ...] | None:
    """Return the tensors of a step by names below the scope; None if it shares one with a step outside.

    `owners` has the place of the step that has each tensor first, as far as it is known.
    """
    tensors = []
    for key, stored in node.tensors.items():
        if stored.key not in owners:
            inside = all(id(other) in places for other in uses.sharers[stored.key])
            owners[stored.key] = places[id(uses.owners[stored.key])] if inside else None
        owner = owners[stored.key]
        name = stored.name.removeprefix(f"{scope.path}.")
        if owner is None or (name == stored.name and not node.place.path.startswith(scope.path)):
            return None
        tensors.append((key, name if name != stored.name else "", stored.how, owner))
    return tuple(tensors)


def _form(name: str, value: Any) -> Any:
    """Return what is equal for values of one parameter of a block: the lengths of lists, and all of `values`."""
    if name == "values" or isinstance(value, Expr):
        return value
    if isinstance(value, tuple):
        return tuple(_form(name, entry) for entry in value)
    return None


def values_in(value: Any) -> Iterable[Any]:
    """Yield the numbers, flags and words of a field's value in order.

    >>> list(values_in(((1, 2), "same")))
    [1, 2, 'same']
    """
    if isinstance(value, tuple):
        for entry in value:
            yield from values_in(entry)
    else:
        yield value
