"""Modules of a graph that are the same but for numbers → blocks with parameters.

A module becomes a block if that makes the text shorter. Its parameters are the values that differ between its uses;
those that are always equal, or always the same multiple of another one, are one parameter.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shapecalc.importers.graph import Node
from shapecalc.importers.scopes import Scope, Skeleton, scope_tree, skeleton_of, uses_of, values_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.importers.graph import Graph

LEAST_STEPS = 2
"""Steps of the smallest block."""
MOST_INPUTS = 6
"""Values that enter a block."""
LARGEST_FACTOR = 8
"""A parameter may be written as this multiple of another, `"${4 * channels}"`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a block, and the value that it has in each use, in the order of the uses."""

    name: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Multiple:
    """A field's value that is a parameter of the block, times a factor."""

    parameter: Parameter
    factor: int = 1


@dataclass(eq=False, slots=True)
class Block:
    """Modules that are the same but for numbers; the text is that of the first one."""

    uses: list[Scope]
    skeletons: dict[int, Skeleton]
    """That of each use, by its identity."""
    parameters: list[Parameter] = field(default_factory=list)
    written: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    """What stands for each value in the text, `Multiple` or the value itself, by its place: see `Folding.place`."""

    @property
    def first(self) -> Scope:
        """The use that the text is written from."""
        return self.uses[0]

    def arguments(self, use: Scope) -> dict[str, Any]:
        """Return the values of the parameters in one use."""
        at = self.uses.index(use)
        return {parameter.name: parameter.values[at] for parameter in self.parameters}


@dataclass(slots=True)
class Folding:
    """The tree of modules, and the block of each module that is written as a call."""

    root: Scope
    blocks: dict[int, Block]
    """By the identity of the scope that is a use of it."""

    def items(self, scope: Scope) -> Iterator[Node | Scope]:
        """Yield what is written for a module: steps, and inner modules that are calls of blocks."""
        for item in scope.items:
            if isinstance(item, Scope) and id(item) not in self.blocks:
                yield from self.items(item)
            else:
                yield item


def fold(graph: Graph) -> Folding:
    """Return the blocks of a graph."""
    root = scope_tree(graph)
    uses = uses_of(graph, root)
    groups: dict[Any, Block] = {}
    for scope in root.scopes:
        if sum(1 for _ in zip(range(LEAST_STEPS), scope.nodes, strict=False)) < LEAST_STEPS:
            continue
        skeleton = skeleton_of(scope, uses)
        if skeleton is None or len(skeleton.inputs) > MOST_INPUTS:
            continue
        block = groups.setdefault(skeleton.text, Block([], {}))
        block.uses.append(scope)
        block.skeletons[id(scope)] = skeleton
    blocks = {id(scope): block for block in groups.values() if len(block.uses) > 1 for scope in block.uses}
    folding = Folding(root, blocks)
    while _drop_one(folding):
        pass
    for block in _inner_first(folding):
        _parametrize(block, folding)
    return folding


def _drop_one(folding: Folding) -> bool:
    """Stop folding the blocks that make the text longer, smallest first; return whether there were any."""
    calls: Counter[int] = Counter()
    lengths: dict[int, int] = {}
    found: dict[int, Block] = {}

    def visit(items: Iterator[Node | Scope]) -> int:
        count = 0
        for item in items:
            count += 1
            if isinstance(item, Scope):
                block = folding.blocks[id(item)]
                calls[id(block)] += 1
                if id(block) not in found:
                    found[id(block)] = block
                    lengths[id(block)] = visit(folding.items(block.first))
        return count

    visit(folding.items(folding.root))
    saved = {key: calls[key] * (lengths[key] - 1) - lengths[key] - 3 for key in found}
    unreached = [
        block for block in {id(block): block for block in folding.blocks.values()}.values() if id(block) not in found
    ]
    worse = sorted((key for key in found if saved[key] <= 0), key=lambda key: (lengths[key], -calls[key]))
    dropped = unreached or [found[key] for key in worse[:1]]
    for block in dropped:
        for scope in block.uses:
            folding.blocks.pop(id(scope), None)
    return bool(dropped)


def _inner_first(folding: Folding) -> list[Block]:
    """Return the blocks in an order in which each stands after those that it calls."""
    ordered: dict[int, Block] = {}

    def visit(scope: Scope) -> None:
        for item in folding.items(scope):
            if isinstance(item, Scope):
                block = folding.blocks[id(item)]
                if id(block) not in ordered:
                    visit(block.first)
                    ordered.setdefault(id(block), block)

    visit(folding.root)
    return list(ordered.values())


def _parametrize(block: Block, folding: Folding) -> None:
    """Decide what the parameters of a block are, and what stands for each value in its text."""
    table: dict[tuple[Any, ...], list[Any]] = {}
    names: dict[tuple[Any, ...], str] = {}
    for use in block.uses:
        for place, name, value in places_of(use, folding):
            table.setdefault(place, []).append(value)
            names[place] = name
    taken: set[str] = set()
    for place, column in table.items():
        values = tuple(column)
        if all(type(value) is type(values[0]) and value == values[0] for value in values):
            block.written[place] = values[0]
            continue
        found = _known(block.parameters, values)
        if found is None:
            found = Multiple(Parameter(_free(names[place], taken), values))
            block.parameters.append(found.parameter)
        block.written[place] = found


def _known(parameters: Sequence[Parameter], values: tuple[Any, ...]) -> Multiple | None:
    """Return the parameter that values are, or are a multiple of."""
    for parameter in parameters:
        if parameter.values == values and [*map(type, parameter.values)] == [*map(type, values)]:
            return Multiple(parameter)
    for parameter in parameters:
        pairs = list(zip(parameter.values, values, strict=True))
        if all(type(a) is int and type(b) is int and a > 1 and b % a == 0 for a, b in pairs):
            factors = {b // a for a, b in pairs}
            if len(factors) == 1 and 1 < min(factors) <= LARGEST_FACTOR:
                return Multiple(parameter, factors.pop())
    return None


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no parameter of the block has yet."""
    free, count = name, 2
    while free in taken:
        free, count = f"{name}_{count}", count + 1
    taken.add(free)
    return free


_SHORT = {"out_channels": "channels", "out_features": "features", "kernel_size": "kernel", "num_heads": "heads"}


def places_of(use: Scope, folding: Folding) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    """Yield the place, a name and the value of each number, flag and word in a use of a block.

    A place is the number of the step or call, then the field or parameter, then the position in a list.
    """
    for index, item in enumerate(folding.items(use)):
        given: Mapping[str, Any]
        if isinstance(item, Node):
            given = item.fields
        else:
            given = folding.blocks[id(item)].arguments(item)
        for name, value in given.items():
            for position, entry in enumerate(values_in(value)):
                yield (index, name, position), _SHORT.get(name, name), entry
