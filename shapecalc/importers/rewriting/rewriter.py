"""The replacement of steps of a graph: what reads a value, what a rule puts in its place, and what is dead then."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shapecalc.importers.graph import NOWHERE, ImportedStep, Place, Value
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shapecalc.importers.graph import Array, ImportedGraph, Stored
    from shapecalc.importers.rewriting.patterns import Match, Pattern

    Key = tuple[int | str, str]
    Replacement = Value | Sequence[tuple[Value, Value]] | None
    Rule = Callable[["Rewriter", ImportedStep], Replacement]

MOST_AT_ONE_STEP = 16
"""Replacements one after another in the place of one step: a bound, not a number that is reached."""


class Rules:
    """Rules by the type of the last step of what they replace.

    >>> rules = Rules()
    >>> @rules.on("identity")
    ... def removed(at, node):
    ...     return node.reads[0]
    >>> [rule.__name__ for rule in rules.by_type["identity"]]
    ['removed']
    """

    def __init__(self) -> None:
        self.by_type: dict[str, list[Rule]] = defaultdict(list)

    def on(self, *types: str) -> Callable[[Rule], Rule]:
        """Register a rule for steps of these types.

        The rule returns what takes the place of the step's first output, or pairs of an old value and a new one; None
        if it does not apply. It adds steps by `Rewriter.step`; if it returns None, these are removed again.
        """

        def register(rule: Rule) -> Rule:
            for type_ in types:
                self.by_type[type_].append(rule)
            return rule

        return register


@dataclass(slots=True)
class Rewriter:
    """A graph whose steps rules replace; `arrays` reads tensors of the file by name, None if it has no values."""

    graph: ImportedGraph
    arrays: Callable[[list[str]], Mapping[str, Array]] | None = None
    users: dict[Key, dict[int, ImportedStep]] = field(default_factory=lambda: defaultdict(dict))
    """The steps that read a value."""
    holders: dict[str, dict[int, ImportedStep]] = field(default_factory=lambda: defaultdict(dict))
    """The steps that have a tensor of the file, by its name."""
    operators: dict[int, int] = field(default_factory=dict)
    """How many steps of the reader a step replaces, if not one."""
    dead: dict[int, ImportedStep] = field(default_factory=dict)
    """Steps that were removed: a reference keeps their identity from being another's."""
    passed: set[int] = field(default_factory=set)
    """The steps of this round that are before the place where rules are tried."""
    values: dict[tuple[str, str], Array | None] = field(default_factory=dict)
    """Arrays of the file that were read, by `Stored.key`."""

    settled: set[tuple[int, ...]] = field(default_factory=set)
    """Chains of moves that are as short as they can be, by the identities of their steps and how many others read."""
    exits: dict[Key, list[str]] = field(default_factory=dict)
    """The values that are outputs of the network, with their names, and the last ones of what else has costs."""

    def __post_init__(self) -> None:
        for node in self.graph.nodes:
            self._enter(node)
        for name, output in self.graph.outputs.items():
            self.exits.setdefault(output.key, []).append(name)
        self._keep_costs()

    def _keep_costs(self) -> None:
        """Keep what is computed with parameters or products for no output: it counts as it does in the file."""
        for node in self.graph.nodes:
            values = [node.value(output) for output in node.outputs]
            if not any(self.users.get(value.key) for value in values) and self._has_costs(node):
                self.exits.setdefault(values[0].key, [])

    def _has_costs(self, last: ImportedStep) -> bool:
        """Return whether a step that nothing reads, or one that it alone reads, has parameters or products."""
        todo = [last]
        while todo:
            node = todo.pop()
            shapes = [read.shape for read in node.reads]
            products = node.layer.macs(*shapes, next(iter(node.outputs.values())))
            trained = any(each.trainable for each in node.tensors.values())
            if node.type == "opaque" or products != 0 or (trained and not node.layer.is_tensor):
                return True
            alone = (read for read in node.reads if len(self.users[read.key]) == 1 and not self.is_output(read))
            todo += [read.node for read in alone if isinstance(read.node, ImportedStep)]
        return False

    def apply(self, *groups: Rules) -> bool:
        """Try rules at each step, from the first to the last; return whether one applied."""
        by_type: dict[str, list[Rule]] = defaultdict(list)
        for group in groups:
            for type_, rules in group.by_type.items():
                by_type[type_] += rules
        pending, self.graph.nodes = self.graph.nodes, []
        self.passed.clear()
        applied = False
        for node in pending:
            if id(node) not in self.dead:
                self.graph.nodes.append(node)
                self.passed.add(id(node))
                applied |= self._apply_at(node, by_type)
        self.graph.nodes = [node for node in self.graph.nodes if id(node) not in self.dead]
        return applied

    def _apply_at(self, node: ImportedStep, rules: Mapping[str, list[Rule]]) -> bool:
        last: ImportedStep | None = node
        count = 0
        while last is not None and count < MOST_AT_ONE_STEP:
            for rule in rules.get(last.type, ()):
                added = self._tried(rule, last)
                if added is not None:
                    # Those before the last wait for the next round: what replaces them would come too late here.
                    last = added[-1] if added and added[-1] is self.graph.nodes[-1] else None
                    count += 1
                    break
            else:
                return count > 0
        return count > 0

    def _tried(self, rule: Rule, node: ImportedStep) -> list[ImportedStep] | None:
        """Return the steps that a rule has added in place of a step, None if it does not apply."""
        nodes = self.graph.nodes
        before = len(nodes)
        self.graph.place = node.place
        try:
            made = rule(self, node)
        except Unreadable:  # our rule refuses the fields or the shapes: they stay as they were
            made = None
        pairs = [(node.value(), made)] if isinstance(made, Value) else list(made or ())
        if not pairs or not all(self._fits(*pair) for pair in pairs):
            for each in nodes[before:]:
                self.operators.pop(id(each), None)
            del nodes[before:]
            return None
        added = nodes[before:]
        for each in added:
            self._enter(each)
            self.passed.add(id(each))
        for old, new in pairs:
            self._replace(old, new)
        for each in added:
            self._bury(each)
        return [each for each in added if id(each) not in self.dead]

    def _fits(self, old: Value, new: Value) -> bool:
        if old.shape != new.shape or old.dtype != new.dtype or old.key == new.key:
            return False
        return not (isinstance(new.node, str) and self.is_output(old))

    # What rules use

    def matched(self, pattern: Pattern, value: Value) -> Match | None:
        """Return how a pattern fits a value; nothing outside of it reads what is inside, and no output is inside."""
        from shapecalc.importers.rewriting.patterns import NOTHING  # noqa: PLC0415 - it imports this module

        for match in pattern(value, NOTHING):
            if self.is_closed(match.nodes, value):
                return match
        return None

    def is_closed(self, nodes: Iterable[ImportedStep], result: Value) -> bool:
        """Return whether the values of steps are read by these alone, but for the result."""
        inner = {id(node): node for node in nodes}
        return all(
            not self.is_output(value) and all(user in inner for user in self.users.get(value.key, ()))
            for node in inner.values()
            for value in map(node.value, node.outputs)
            if value.key != result.key
        )

    def is_output(self, value: Value) -> bool:
        """Return whether a value is an output of the network."""
        return value.key in self.exits

    def only_user(self, value: Value) -> ImportedStep | None:
        """Return the step that alone reads a value, None if there are others, or if it is an output."""
        users = self.users.get(value.key, {})
        return next(iter(users.values())) if len(users) == 1 and not self.is_output(value) else None

    def is_passed(self, node: ImportedStep) -> bool:
        """Return whether a step is before the place where rules are tried, so that a new step there can read it."""
        return id(node) in self.passed

    def has_one_owner(self, stored: Stored) -> bool:
        """Return whether one step alone has a tensor of the file."""
        return len(self.holders.get(stored.name, ())) == 1

    def step(
        self,
        type_: str,
        *reads: Value,
        replaces: Iterable[ImportedStep] = (),
        what: str = "",
        tensors: Mapping[str, Stored] | None = None,
        **fields: Any,
    ) -> Value:
        """Add a step in place of others, with the innermost module of all of them as its place; `what` they were."""
        replaced = list({id(node): node for node in replaces}.values())
        if replaced:
            self.graph.place = common_place(self.graph.place, [node.place for node in replaced])
        value = self.graph.step(type_, *reads, tensors=tensors, **fields)
        node = self.graph.nodes[-1]
        count = sum(self.operators.get(id(each), 1) for each in replaced if not each.layer.is_tensor)
        self.operators[id(node)] = count or 1
        if what and count > 1:
            node.comment = f"{what}, from {count} operators"
        return value

    def changed(
        self, node: ImportedStep, *reads: Value, tensors: Mapping[str, Stored] | None = None, **fields: Any
    ) -> Value:
        """Add a step like another, with some fields and tensors of its own, and return its first output."""
        all_tensors = {**node.tensors, **(tensors or {})}
        value = self.graph.step(
            node.type, *(reads or node.reads), tensors=all_tensors, comment=node.comment, **{**node.fields, **fields}
        )
        self.operators[id(self.graph.nodes[-1])] = self.operators.get(id(node), 1)
        return value

    # The index

    def _enter(self, node: ImportedStep) -> None:
        for read in node.reads:
            self.users[read.key][id(node)] = node
        for stored in node.tensors.values():
            self.holders[stored.name][id(node)] = node

    def _replace(self, old: Value, new: Value) -> None:
        for user in self.users.pop(old.key, {}).values():
            user.reads = tuple(new if read.key == old.key else read for read in user.reads)
            self.users[new.key][id(user)] = user
        if old.key in self.exits:
            names = self.exits.pop(old.key)
            self.exits.setdefault(new.key, []).extend(names)
            self.graph.outputs.update(dict.fromkeys(names, new))
        shape = self.graph.stated.pop(old.key, None)
        if shape is not None:
            self.graph.stated.setdefault(new.key, shape)
        if isinstance(old.node, ImportedStep):
            self._bury(old.node)

    def _bury(self, node: ImportedStep) -> None:
        """Remove a step that nothing reads, and what nothing reads then."""
        todo = [node]
        while todo:
            each = todo.pop()
            values = [each.value(output) for output in each.outputs]
            if (
                id(each) in self.dead
                or self._stays(each)
                or any(self.users.get(value.key) or self.is_output(value) for value in values)
            ):
                continue
            self.dead[id(each)] = each
            for value in values:
                self.graph.stated.pop(value.key, None)
            for stored in each.tensors.values():
                self.holders[stored.name].pop(id(each), None)
            for read in each.reads:
                self.users[read.key].pop(id(each), None)
                if isinstance(read.node, ImportedStep):
                    todo.append(read.node)

    def _stays(self, node: ImportedStep) -> bool:
        """Return whether a step stays if nothing reads it: a tensor that others share."""
        return node.type == "buffer" and any(len(self.holders[each.name]) > 1 for each in node.tensors.values())

    def bury_unread(self) -> None:
        """Remove the steps that no output of the network depends on."""
        for node in reversed(self.graph.nodes):
            self._bury(node)
        self.graph.nodes = [node for node in self.graph.nodes if id(node) not in self.dead]


def common_place(last: Place, places: Sequence[Place]) -> Place:
    """Return the innermost module that has all places, with the line of the last.

    >>> scopes = (("", "Net"), ("block", "Block"))
    >>> both = Place("block.norm", "", "LayerNorm", scopes), Place("block.act", "", "GELU", scopes)
    >>> common_place(Place(line="net.py:7"), both)[:3]
    ('block', 'net.py:7', 'Block')
    """
    modules = list(_common(places))
    if not modules:
        path = last.path if all(place.path == last.path for place in places) else ""
        return NOWHERE._replace(path=path, line=last.line)
    path, kind = modules.pop()
    return Place(path, last.line, kind, tuple(modules))


def _common(places: Sequence[Place]) -> Iterator[tuple[str, str]]:
    chains = [(*place.scopes, (place.path, place.kind)) for place in places]
    for modules in zip(*chains, strict=False):
        if len(set(modules)) > 1:
            return
        yield modules[0]
