"""Modules of a graph that are the same but for numbers → blocks with parameters.

A module becomes a block if that makes the text shorter. Its parameters are the values that differ between its uses;
those that are always equal, or always the same multiple of another one, are one parameter.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shapecalc.importers.graph import ImportedStep
from shapecalc.importers.scopes import ModuleScope, Skeleton, scope_tree, skeleton_of, uses_of, values_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.importers.graph import ImportedGraph, Value

LEAST_STEPS = 2
"""Steps of the smallest block."""
MOST_INPUTS = 6
"""Inputs of a block."""
LARGEST_FACTOR = 8
"""A parameter may be written as this multiple of another, `"${4 * channels}"`."""


@dataclass(frozen=True, slots=True)
class BlockParameter:
    """A parameter of a block, and the value that it has in each use, in the order of the uses."""

    name: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Multiple:
    """A field's value that is a parameter of the block, times a factor."""

    parameter: BlockParameter
    factor: int = 1


@dataclass(eq=False)
class FoldedBlock:
    """Modules that are the same but for numbers; the text is that of the first one."""

    uses: list[ModuleScope] = field(default_factory=list)
    skeletons: dict[int, Skeleton] = field(default_factory=dict)
    """That of each use, by its identity, in the order of the uses."""
    parameters: list[BlockParameter] = field(default_factory=list)
    written: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    """What represents each value in the text, `Multiple` or the value itself, by its place: see `places_of`."""

    @property
    def first(self) -> ModuleScope:
        """The use that the text is written from."""
        return self.uses[0]

    def arguments(self, use: ModuleScope) -> dict[str, Any]:
        """Return the values of the parameters in one use."""
        at = self._places[id(use)]
        return {parameter.name: parameter.values[at] for parameter in self.parameters}

    @cached_property
    def _places(self) -> dict[int, int]:
        return {key: place for place, key in enumerate(self.skeletons)}

    @cached_property
    def _fed_back(self) -> int:
        """The place among the inputs of what the use before gives, if there are two uses in a row; else 0."""
        for before, after in zip(self.uses, self.uses[1:], strict=False):
            given = self.skeletons[id(before)].outputs[-1].key
            incoming = [value.key for value in self.skeletons[id(after)].inputs]
            if given in incoming:
                return incoming.index(given)
        return 0

    def inputs(self, use: ModuleScope) -> list[Value]:
        """Return the inputs of a use: first the output of the use before it, if blocks follow each other."""
        values = list(self.skeletons[id(use)].inputs)
        values.insert(0, values.pop(self._fed_back))
        return values


@dataclass(slots=True)
class Folding:
    """The tree of modules, and the block of each module that is written as a call."""

    root: ModuleScope
    blocks: dict[int, FoldedBlock]
    """By the identity of the scope that is a use of it."""

    def items(self, scope: ModuleScope) -> Iterator[ImportedStep | ModuleScope]:
        """Yield what is written for a module: steps, and inner modules that are calls of blocks."""
        for item in scope.items:
            if isinstance(item, ModuleScope) and id(item) not in self.blocks:
                yield from self.items(item)
            else:
                yield item


def fold(graph: ImportedGraph) -> Folding:
    """Return the blocks of a graph."""
    root = scope_tree(graph)
    uses = uses_of(graph, root)
    groups: dict[Any, FoldedBlock] = {}
    for scope in root.scopes:
        if sum(1 for _ in zip(range(LEAST_STEPS), scope.nodes, strict=False)) < LEAST_STEPS:
            continue
        skeleton = skeleton_of(scope, uses, MOST_INPUTS)
        if skeleton is None:
            continue
        block = groups.setdefault(skeleton.text, FoldedBlock())
        block.uses.append(scope)
        block.skeletons[id(scope)] = skeleton
    blocks = {id(scope): block for block in groups.values() if len(block.uses) > 1 for scope in block.uses}
    folding = Folding(root, blocks)
    while _drop_shortest(folding):
        pass
    for block in _inner_first(folding):
        _parametrize(block, folding)
    return folding


def _drop_shortest(folding: Folding) -> bool:
    """Stop folding the shortest of the blocks that make the text longer; return whether there were any.

    Without them, longer ones may be worth it, and others occur more often.
    """
    calls: Counter[int] = Counter()
    lengths: dict[int, int] = {}
    reached: dict[int, FoldedBlock] = {}

    def visit(items: Iterator[ImportedStep | ModuleScope]) -> int:
        count = 0
        for item in items:
            count += 1
            if isinstance(item, ModuleScope):
                block = folding.blocks[id(item)]
                calls[id(block)] += 1
                if id(block) not in reached:
                    reached[id(block)] = block
                    lengths[id(block)] = visit(folding.items(block.first))
        return count

    visit(folding.items(folding.root))
    saved = {key: calls[key] * (lengths[key] - 1) - lengths[key] - 3 for key in reached}
    unreached = [
        block for block in {id(block): block for block in folding.blocks.values()}.values() if id(block) not in reached
    ]
    shortest = min((lengths[key] for key in reached if saved[key] <= 0), default=0)
    worse = [reached[key] for key in reached if saved[key] <= 0 and lengths[key] == shortest]
    dropped = unreached or worse
    for block in dropped:
        for scope in block.uses:
            folding.blocks.pop(id(scope), None)
    return bool(dropped)


def _inner_first(folding: Folding) -> list[FoldedBlock]:
    """Return the blocks in an order in which each follows those that it calls."""
    ordered: dict[int, FoldedBlock] = {}

    def visit(scope: ModuleScope) -> None:
        for item in folding.items(scope):
            if isinstance(item, ModuleScope):
                block = folding.blocks[id(item)]
                if id(block) not in ordered:
                    visit(block.first)
                    ordered.setdefault(id(block), block)

    visit(folding.root)
    return list(ordered.values())


def _parametrize(block: FoldedBlock, folding: Folding) -> None:
    """Decide what the parameters of a block are, and what represents each value in its text."""
    table: dict[tuple[Any, ...], list[Any]] = {}
    names: dict[tuple[Any, ...], str] = {}
    for use in block.uses:
        for place, name, value in places_of(use, folding):
            table.setdefault(place, []).append(value)
            names[place] = name
    varying: dict[_ValueColumn, str] = {}
    for place, column in table.items():
        if all(type(value) is type(column[0]) and value == column[0] for value in column):
            block.written[place] = column[0]
        else:
            varying.setdefault(_ValueColumn(column), names[place])
    bases = _bases(varying)
    taken: set[str] = set()
    parameters = {
        column: BlockParameter(_free(name, taken), column.values)
        for column, name in varying.items()
        if bases[column] is None
    }
    block.parameters.extend(parameters.values())
    for place, column in table.items():
        if place not in block.written:
            own = _ValueColumn(column)
            base = bases[own]
            block.written[place] = Multiple(parameters[base[0]], base[1]) if base else Multiple(parameters[own])


class _ValueColumn:
    """The values at one place in each use; equal only to one with values of the same types."""

    __slots__ = ("key", "values")

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = tuple(values)
        self.key = (self.values, tuple(map(type, self.values)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ValueColumn) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def _bases(columns: Iterable[_ValueColumn]) -> dict[_ValueColumn, tuple[_ValueColumn, int] | None]:
    """Return for each column the smallest one that it is a multiple of, and the factor; None for a parameter."""
    bases: dict[_ValueColumn, tuple[_ValueColumn, int] | None] = {}
    smallest_first = sorted(columns, key=lambda column: [value if type(value) is int else 0 for value in column.values])
    for column in smallest_first:
        parameters = [other for other, base in bases.items() if base is None]
        multiples = ((other, factor) for other in parameters if (factor := _factor(column, other)) is not None)
        bases[column] = next(multiples, None)
    return bases


def _factor(column: _ValueColumn, base: _ValueColumn) -> int | None:
    """Return the factor by which all values of a column are those of another one."""
    pairs = list(zip(column.values, base.values, strict=True))
    if not all(
        type(value) is int and type(least) is int and least > 1 and value % least == 0 for value, least in pairs
    ):
        return None
    factors = {value // least for value, least in pairs}
    return factors.pop() if len(factors) == 1 and 1 < min(factors) <= LARGEST_FACTOR else None


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no parameter of the block has yet."""
    free, count = name, 2
    while free in taken:
        free, count = f"{name}_{count}", count + 1
    taken.add(free)
    return free


_SHORT = {"out_channels": "channels", "out_features": "features", "kernel_size": "kernel", "num_heads": "heads"}


def places_of(use: ModuleScope, folding: Folding) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    """Yield the place, a name and the value of each number, flag and word in a use of a block.

    A place is the number of the step or call, then the field or parameter, then the position in a list.
    """
    for index, item in enumerate(folding.items(use)):
        given = item.fields if isinstance(item, ImportedStep) else folding.blocks[id(item)].arguments(item)
        for name, value in given.items():
            for position, entry in enumerate(values_in(value)):
                yield (index, name, position), _SHORT.get(name, name), entry
