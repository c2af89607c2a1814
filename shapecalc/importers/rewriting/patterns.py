"""Patterns of steps: what a value must be computed by, written as the formula that they are together.

A pattern is a function of a value and of what is known so far; it gives each way in which the value fits. `X` is
for any value, equal at each place where the pattern has it; numbers are matched or bound by name.

>>> SILU = product(1, X, step("sigmoid", X))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import permutations
from math import isclose
from typing import TYPE_CHECKING, Any

from shapecalc.layers.base import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapecalc.importers.graph import ImportedStep, Value

    Pattern = Callable[[Value, "Match"], Iterator["Match"]]
    Condition = Callable[[Any, ImportedStep, "Match"], "Match | None"]

COMMUTATIVE = frozenset({"add", "multiply", "maximum", "minimum"})


@dataclass(frozen=True, slots=True)
class Match:
    """How a pattern fits: values and facts by name, and the steps inside."""

    values: Mapping[str, Value] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    nodes: tuple[ImportedStep, ...] = ()

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    def bind(self, name: str, value: Value) -> Match | None:
        """Return the match with a value by that name, None if it is another there."""
        known = self.values.get(name)
        if known is not None:
            return self if known.key == value.key else None
        return Match({**self.values, name: value}, self.facts, self.nodes)

    def note(self, name: str, fact: Any) -> Match | None:
        """Return the match with a fact by that name, None if it is another there."""
        if name in self.facts:
            return self if same(self.facts[name], fact) else None
        return Match(self.values, {**self.facts, name: fact}, self.nodes)

    def inside(self, *nodes: ImportedStep) -> Match:
        """Return the match with further steps inside."""
        return Match(self.values, self.facts, (*self.nodes, *nodes))


NOTHING = Match()


def same(first: Any, second: Any) -> bool:
    """Return whether two facts are equal: numbers to six digits, since files have them in float32.

    >>> same(0.7978845608028654, 0.79788458), same((1, 2), (1, 2)), same(1, True)
    (True, True, False)
    """
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, (int, float)) and isinstance(second, (int, float)):
        return isclose(first, second, rel_tol=1e-6)
    return bool(first == second)


# Fields


def named(name: str, of: Callable[[Any], Any] = lambda value: value) -> Condition:
    """Return the condition that a field is a number, which is bound, or a function of it."""

    def condition(value: Any, _: ImportedStep, match: Match) -> Match | None:
        return None if value is None or isinstance(value, bool) else match.note(name, of(value))

    return condition


def axes(name: str) -> Condition:
    """Return the condition that a field is axes of the first input, which are bound as a tuple from axis 0."""

    def condition(value: Any, node: ImportedStep, match: Match) -> Match | None:
        return match.note(name, axes_of(value, node.reads[0].rank))

    return condition


def axes_of(value: Any, rank: int) -> tuple[int, ...]:
    """Return axes that a field names, counted from 0.

    >>> axes_of(-1, 3), axes_of((1, -1), 3), axes_of(None, 2)
    ((2,), (1, 2), (0, 1))
    """
    dims = range(rank) if value is None else value if isinstance(value, tuple) else (value,)
    return tuple(sorted(dim % rank for dim in dims))


def agreed(node: ImportedStep, wanted: Mapping[str, Any], match: Match) -> Match | None:
    """Return the match with what the fields of a step bind, None if one differs; by default a field is its default."""
    result: Match | None = match
    for name, known in fields_of(type(node.layer)).items():
        value, expected = getattr(node.layer, name), wanted.get(name, known.default)
        if result is None:
            return None
        if callable(expected):
            result = expected(value, node, result)
        elif not same(value, expected):
            return None
    return result


# Patterns


def anything(name: str) -> Pattern:
    """Return the pattern of any value, which is bound."""

    def pattern(candidate: Value, match: Match) -> Iterator[Match]:
        bound = match.bind(name, candidate)
        if bound is not None:
            yield bound

    return pattern


X = anything("x")


def step(type_: str, *parts: Pattern, **fields: Any) -> Pattern:
    """Return the pattern of the first output of a step; fields that are not given have their defaults."""

    def pattern(candidate: Value, match: Match) -> Iterator[Match]:
        node = candidate.node
        if isinstance(node, str) or node.type != type_ or candidate.output or len(node.reads) != len(parts):
            return
        known = agreed(node, fields, match.inside(node))
        if known is None:
            return
        for order in permutations(parts) if type_ in COMMUTATIVE and len(set(parts)) > 1 else (parts,):
            yield from all_of(order, node.reads, known)

    return pattern


def all_of(parts: tuple[Pattern, ...], candidate: tuple[Value, ...], match: Match) -> Iterator[Match]:
    """Give each way in which values fit as many patterns."""
    if not parts:
        yield match
        return
    for first in parts[0](candidate[0], match):
        yield from all_of(parts[1:], candidate[1:], first)


def either(*patterns: Pattern) -> Pattern:
    """Return the pattern that one of several gives."""

    def pattern(candidate: Value, match: Match) -> Iterator[Match]:
        for each in patterns:
            yield from each(candidate, match)

    return pattern


def through(part: Pattern, *types: str) -> Pattern:
    """Return a pattern before any number of steps of some types, of one input."""

    def pattern(candidate: Value, match: Match) -> Iterator[Match]:
        while True:
            yield from part(candidate, match)
            node = candidate.node
            if isinstance(node, str) or node.type not in types or len(node.reads) != 1:
                return
            candidate, match = node.reads[0], match.inside(node)

    return pattern


def plus(part: Pattern, number: float | str) -> Pattern:
    """Return the pattern of a sum with a number, which is bound if a name is given."""
    added, taken = _number(number), _number(number, lambda value: -value)
    return either(step("add", part, other=added), step("subtract", part, other=taken))


def times(part: Pattern, number: float | str) -> Pattern:
    """Return the pattern of a product with a number, which is bound if a name is given."""
    factor, divisor = _number(number), _number(number, lambda value: 1 / value if value else 0.0)
    return either(step("multiply", part, other=factor), step("divide", part, other=divisor))


def _number(number: float | str, of: Callable[[Any], Any] = lambda value: value) -> Condition:
    if isinstance(number, str):
        return named(number, of)

    def condition(value: Any, _: ImportedStep, match: Match) -> Match | None:
        return match if value is not None and same(of(value), number) else None

    return condition


def negated(part: Pattern) -> Pattern:
    """Return the pattern of −x."""
    return either(step("negative", part), times(part, -1))


def squared(part: Pattern) -> Pattern:
    """Return the pattern of a square."""
    return either(step("square", part), step("power", part, other=2), step("multiply", part, part))


def root(part: Pattern) -> Pattern:
    """Return the pattern of a square root."""
    return either(step("sqrt", part), step("power", part, other=0.5))


def quotient(above: Pattern, below: Pattern) -> Pattern:
    """Return the pattern of a / b, as a division or as a product with a reciprocal."""
    inverse = either(step("reciprocal", below), step("divide", below, other=1, reverse=True))
    return either(step("divide", above, below), step("multiply", above, inverse))


def over_root(above: Pattern, below: Pattern) -> Pattern:
    """Return the pattern of a / √b."""
    inverse = either(step("rsqrt", below), step("power", below, other=-0.5), root(step("reciprocal", below)))
    return either(quotient(above, root(below)), step("multiply", above, inverse))


def difference(first: Pattern, second: Pattern) -> Pattern:
    """Return the pattern of a − b."""
    return either(step("subtract", first, second), step("add", first, negated(second)))


def product(number: float, *parts: Pattern) -> Pattern:
    """Return the pattern of a number times factors, in any order and any grouping, powers included."""

    def pattern(candidate: Value, match: Match) -> Iterator[Match]:
        for factor, factors, nodes in factored(candidate, len(parts)):
            if len(factors) == len(parts) and nodes and same(factor, number):
                for order in dict.fromkeys(permutations(parts)):
                    yield from all_of(order, factors, match.inside(*nodes))

    return pattern


def factored(
    candidate: Value, most: int, depth: int = 6
) -> Iterator[tuple[float, tuple[Value, ...], tuple[ImportedStep, ...]]]:
    """Give each way to write a value as a number times factors, of which there are at most `most`."""
    yield 1.0, (candidate,), ()
    node = candidate.node
    if isinstance(node, str) or candidate.output or not depth:
        return
    number, factors = _taken_apart(node)
    if not factors or len(factors) > most:
        return
    ways: Iterator[tuple[float, tuple[Value, ...], tuple[ImportedStep, ...]]] = iter([(number, (), (node,))])
    for place, each in enumerate(factors):
        if place and each.key == factors[0].key:  # a power
            ways = map(partial(_repeated, each), ways)
        else:
            ways = _joined(list(ways), each, most - len(factors) + place + 1, depth - 1)
    yield from ways


def _repeated(
    each: Value, way: tuple[float, tuple[Value, ...], tuple[ImportedStep, ...]]
) -> tuple[float, tuple[Value, ...], tuple[ImportedStep, ...]]:
    number, factors, nodes = way
    return number, (*factors, each), nodes


def _joined(
    ways: list[tuple[float, tuple[Value, ...], tuple[ImportedStep, ...]]], each: Value, most: int, depth: int
) -> Iterator[tuple[float, tuple[Value, ...], tuple[ImportedStep, ...]]]:
    for number, factors, nodes in ways:
        for other, more, others in factored(each, most - len(factors), depth):
            if len(factors) + len(more) <= most:
                yield number * other, (*factors, *more), (*nodes, *others)


def _taken_apart(node: ImportedStep) -> tuple[float, tuple[Value, ...]]:
    """Return the number and the factors of a product; no factors if the step is not a product."""
    other = getattr(node.layer, "other", None)
    if node.type == "multiply":
        return 1.0 if other is None else other, node.reads
    if node.type == "divide" and other and not node.layer.reverse:  # type: ignore[attr-defined]
        return 1 / other, node.reads
    if node.type == "negative":
        return -1.0, node.reads
    if node.type == "square":
        return 1.0, node.reads * 2
    if node.type == "power" and other in (2, 3) and not node.layer.reverse:  # type: ignore[attr-defined]
        return 1.0, node.reads * int(other)
    return 1.0, ()
