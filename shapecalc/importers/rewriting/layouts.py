"""Chains of steps that move elements, as one rearrangement: factors of the axes, and where each is at the end.

Each axis of the first value is a product of factors; each axis of the last is a product of some of these. Axes of size
1 have no factors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shapecalc.dims import exact_quotient, product

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.dims import Dim, Shape
    from shapecalc.importers.graph import ImportedStep, Value

MOST_MOVES = 16
"""Moves that are followed: the rest of a longer chain is a value like others."""
MOVES = frozenset({"reshape", "flatten", "permute", "squeeze", "unsqueeze", "identity"})


def _quotient(a: Dim, b: Dim) -> Dim | None:
    if isinstance(a, int) and isinstance(b, int):
        return None if a % b else a // b
    return exact_quotient(a, b)


@dataclass(slots=True)
class Factor:
    """A factor of an axis, which later steps may divide into two."""

    size: Dim
    parts: tuple[Factor, Factor] | None = None

    def undivided(self) -> list[Factor]:
        """Return the factors that it is divided into, in order."""
        return [self] if self.parts is None else [*self.parts[0].undivided(), *self.parts[1].undivided()]


@dataclass(slots=True)
class Rearrangement:
    """The factors of the first value's axes and of the last one's; `fixed` are selected ones and their indices."""

    source: Value
    first: list[list[Factor]]
    axes: list[list[Factor]]
    fixed: list[tuple[Factor, int]] = field(default_factory=list)

    @classmethod
    def of(cls, value: Value) -> Rearrangement:
        """Return the layout of a value as it is."""
        first = [[] if size == 1 else [Factor(size)] for size in value.shape]
        return cls(value, first, [list(axis) for axis in first])

    def resolve(self) -> None:
        """Put the factors that they are divided into in place of factors."""
        self.first = [[each for factor in axis for each in factor.undivided()] for axis in self.first]
        self.axes = [[each for factor in axis for each in factor.undivided()] for axis in self.axes]

    def reshape(self, shape: Shape) -> bool:
        """Move on to another shape; return whether that is possible with factors."""
        left = [factor for axis in self.axes for factor in axis]
        axes: list[list[Factor]] = []
        for size in shape:
            axis: list[Factor] = []
            needed = size
            while needed != 1:
                if not left:
                    return False
                factor = left.pop(0)
                rest = _quotient(needed, factor.size)
                if rest is not None:
                    axis.append(factor)
                    needed = rest
                    continue
                behind = _quotient(factor.size, needed)
                if behind is None:
                    return False
                factor.parts = Factor(needed), Factor(behind)
                axis.append(factor.parts[0])
                left.insert(0, factor.parts[1])
                needed = 1
            axes.append(axis)
        if left:
            return False
        self.axes = axes
        self.resolve()
        return True

    def move(self, node: ImportedStep) -> bool:
        """Move on by a step; return whether that is possible."""
        if node.type == "permute":
            rank = len(self.axes)
            self.axes = [self.axes[dim % rank] for dim in node.layer.dims]  # type: ignore[attr-defined]
            return True
        if node.type == "select":
            return self.select(node.layer.dim % len(self.axes), node.layer.index)  # type: ignore[attr-defined]
        return node.type in MOVES and self.reshape(node.value().shape)

    def select(self, dim: int, index: int) -> bool:
        """Move on to one index of an axis; return whether the axis is a factor."""
        axis = self.axes[dim]
        if len(axis) != 1 or not isinstance(axis[0].size, int):
            return False
        self.fixed.append((axis[0], index % axis[0].size))
        del self.axes[dim]
        return True

    def part(self, dim: int, index: int, count: int) -> bool:
        """Move on to one of `count` equal parts of an axis; return whether that is possible."""
        shape = [product(factor.size for factor in axis) for axis in self.axes]
        size = exact_quotient(shape[dim], count)
        if size is None or not self.reshape((*shape[:dim], count, size, *shape[dim + 1 :])):
            return False
        return self.select(dim, index)

    @property
    def order(self) -> list[int]:
        """The place in the first value of each factor of the last."""
        places = {id(factor): place for place, factor in enumerate(f for axis in self.first for f in axis)}
        return [places[id(factor)] for axis in self.axes for factor in axis]


def traced(value: Value, passes: Callable[[Value], bool]) -> tuple[Rearrangement, list[ImportedStep]]:
    """Return how moves give a value, and these in order; `passes` decides for each value whether to go on before it."""
    nodes: list[ImportedStep] = []
    while not isinstance(value.node, str) and value.node.type in MOVES and (not nodes or passes(value)):
        if len(nodes) == MOST_MOVES:
            break
        nodes.append(value.node)
        value = value.node.reads[0]
    nodes.reverse()
    layout = Rearrangement.of(value)
    for place, node in enumerate(nodes):
        if not layout.move(node):
            # What cannot be followed is where the chain begins.
            return _restarted(nodes[-1].value(), nodes[place:])
    return layout, nodes


def _restarted(last: Value, nodes: list[ImportedStep]) -> tuple[Rearrangement, list[ImportedStep]]:
    while len(nodes) > 1:
        nodes = nodes[1:]
        layout = Rearrangement.of(nodes[0].reads[0])
        if all(layout.move(node) for node in nodes):
            return layout, nodes
    return Rearrangement.of(last), []


def reshaping(before: Shape, after: Shape) -> tuple[str, dict[str, Any]] | None:
    """Return the step that gives elements another shape as a person writes it; None if the shapes are equal.

    Axes at the same place are copied, so that the step is right for any size of the batch.

    >>> reshaping((2, 16, 5, 5), (2, 400)), reshaping((2, 7, 64), (2, 7, 4, 16)), reshaping((3, 5), (3, 1, 5))
    (('flatten', {}), ('reshape', {'shape': (0, 0, 4, 16)}), ('unsqueeze', {'dim': 1}))
    """
    if before == after:
        return None
    single = _squeezed(before, after)
    if single is not None:
        return single
    joined = _flattened(before, after)
    if joined is not None:
        return joined
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    shape: list[Dim] = [*(0 for _ in range(same)), *after[same:]]
    if same == 0 and after and before and before[0] != 1 and exact_quotient(after[0], before[0]) is not None:
        shape[0] = -1  # the batch is in it
    return "reshape", {"shape": tuple(shape)}


def _squeezed(before: Shape, after: Shape) -> tuple[str, dict[str, Any]] | None:
    if len(after) == len(before) + 1:
        for dim in range(len(after)):
            if after[dim] == 1 and after[:dim] + after[dim + 1 :] == before:
                return "unsqueeze", {"dim": dim}
    if len(before) == len(after) + 1:
        for dim in range(len(before)):
            if before[dim] == 1 and before[:dim] + before[dim + 1 :] == after:
                return "squeeze", {"dim": dim}
    return None


def _flattened(before: Shape, after: Shape) -> tuple[str, dict[str, Any]] | None:
    joined = len(before) - len(after)
    if joined < 1:
        return None
    for start in range(len(after)):
        end = start + joined
        if before[:start] == after[:start] and before[end + 1 :] == after[start + 1 :]:
            fields: dict[str, Any] = {} if start == 1 else {"start_dim": start}
            return "flatten", fields if end == len(before) - 1 else {**fields, "end_dim": end}
    return None


def rendered(layout: Rearrangement) -> list[tuple[str, dict[str, Any]]]:
    """Return the fewest steps that give a layout: a reshape to factors, a permutation, a reshape of them.

    Neighbours that stay together are one factor.
    """
    order = layout.order
    shape = layout.source.shape
    after = tuple(product(factor.size for factor in axis) for axis in layout.axes)
    if order == sorted(order):
        step = reshaping(shape, after)
        return [] if step is None else [step]
    moved = _permuted(layout, order, after)
    if moved is not None:
        return moved
    factors = [factor for axis in layout.first for factor in axis]
    groups = _groups(layout, order)
    starts = sorted(groups)
    apart = tuple(product(factors[place].size for place in range(start, start + groups[start])) for start in starts)
    dims = [starts.index(start) for start in groups]
    between = tuple(apart[dim] for dim in dims)
    steps = [reshaping(shape, apart), ("permute", dict[str, Any](dims=dims)), reshaping(between, after)]
    return [step for step in steps if step is not None]


def _permuted(layout: Rearrangement, order: list[int], after: Shape) -> list[tuple[str, dict[str, Any]]] | None:
    """Return one permutation of the axes as they are, with a reshape before or after it, if that gives the layout."""
    ranges, place = [], 0
    for axis in layout.first:
        ranges.append(list(range(place, place + len(axis))))
        place += len(axis)
    dims: list[int] = []
    left = list(order)
    while left:
        dim = next((dim for dim, places in enumerate(ranges) if places and left[: len(places)] == places), None)
        if dim is None:
            return None
        dims.append(dim)
        left = left[len(ranges[dim]) :]
    # Axes of size 1 keep their place among the others as well as they can: those of the result decide.
    ones = [dim for dim, places in enumerate(ranges) if not places]
    full: list[int] = []
    rest, behind = list(dims), list(ones)
    for size in after:
        if size == 1 and behind:
            full.append(behind.pop(0))
        elif rest:
            full.append(rest.pop(0))
    full += rest + behind
    between = tuple(layout.source.shape[dim] for dim in full)
    last = reshaping(between, after)
    return [("permute", {"dims": full}), *([] if last is None else [last])]


def _groups(layout: Rearrangement, order: list[int]) -> dict[int, int]:
    """Return the runs of factors that stay together on both sides, by the place of their first, in the last order."""
    ends_first, ends_last, place = set(), set(), 0
    for axis in layout.first:
        place += len(axis)
        ends_first.add(place)
    place = 0
    for axis in layout.axes:
        place += len(axis)
        ends_last.add(place)
    groups: dict[int, int] = {}
    start = order[0]
    for position, factor in enumerate(order):
        together = position and factor == order[position - 1] + 1
        # An axis that stays whole stays an axis; one that is only joined to another is not divided for it.
        if together and position not in ends_last and factor not in ends_first:
            groups[start] += 1
        else:
            start = factor
            groups[start] = 1
    return groups
