"""`repeat:` → a number of runs, or values for each run; limits on the number of layers of repeats and blocks."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.architecture import size_of
from shapecalc.diagnostics import Fix, Label
from shapecalc.parser.expressions import NAME
from shapecalc.parser.scalars import shorten
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, head, plain

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf, Sequence as SequenceOf

    from shapecalc.architecture import Group, Step
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.parser.diagnostics import Diagnostics

MOST_SHOWN = 8
"""The most entries of a list that a help repeats."""


class Runs(NamedTuple):
    """What `repeat:` says: the number of runs, and the values of each if it binds names to them."""

    times: int
    values: tuple[MappingOf[str, Node], ...] = ()

    @property
    def bound(self) -> dict[str, tuple[Any, ...]]:
        """The names that are bound, each with its value in each run."""
        return {name: tuple(plain(values[name]) for values in self.values) for name in next(iter(self.values), ())}


def read_repeat(node: Node, diagnostics: Diagnostics, limits: Limits) -> Runs | None:
    """Return what `repeat:` says; None if it is refused."""
    if diagnostics.is_placeholder(node):
        return None
    if isinstance(node, Mapping) and node.entries:
        return _Lists(diagnostics, limits).read(node)
    help_text = "leave `repeat` out for a step that runs once"
    if isinstance(node, Sequence):
        help_text = f"name what takes these values: `repeat: {{channels: {_written(node)}}}`, used as `$channels`"
    times = _count("repeat", node, diagnostics, limits, help_text)
    return None if times is None else Runs(times)


def _written(node: Sequence) -> str:
    texts = [item.text if isinstance(item, Scalar) else "…" for item in node.items]
    return f"[{', '.join(texts)}]" if len(texts) <= MOST_SHOWN else "[…]"


def _count(key: str, node: Node, diagnostics: Diagnostics, limits: Limits, help_text: str) -> int | None:
    """Return a number of runs; None if it is refused."""
    value = node.value if isinstance(node, Scalar) else None
    if type(value) is int and 1 <= value <= limits.layers:
        return value
    if type(value) is int and value > limits.layers:
        message = f"`{key}` expects at most {limits.layers} times, receives {value}"
        diagnostics.refuse("SC016", message, head(node), help=limits.raising("layers", value))
    else:
        diagnostics.refuse_value("SC201", f"`{key}` expects a number from 1", node, help=help_text)
    return None


class _Lists:
    """Reads `{channels: [64, 128], run: 2}`: a list has the value of each run, a number counts the runs from 0."""

    __slots__ = ("_diagnostics", "_limits")

    def __init__(self, diagnostics: Diagnostics, limits: Limits) -> None:
        self._diagnostics = diagnostics
        self._limits = limits

    def read(self, node: Mapping) -> Runs | None:
        lists: dict[str, tuple[Node, ...] | None] = {}
        spans = {}
        known = True
        for key, value in node.entries:
            if not NAME.fullmatch(key.text):
                message = f"a name in `repeat` expects letters, digits and `_`, receives `{shorten(key.text)}`"
                self._diagnostics.refuse("SC110", message, key.span)
                known = False
                continue
            spans[key.text] = head(value)
            # The length of a list that is not known is not either.
            lists[key.text] = None if self._diagnostics.is_placeholder(value) else self._values(key.text, value)
            known &= bool(lists[key.text]) or lists[key.text] is None
        given = {name: values for name, values in lists.items() if values}
        if not known or not self._are_as_long(node, given):
            return None
        times = len(next(iter(given.values()), ((),)))
        for name, values in lists.items():
            if values is None:
                given[name] = (self._diagnostics.placeholder(spans[name]),) * times
        return Runs(times, tuple({name: given[name][run] for name in lists} for run in range(times)))

    def _values(self, name: str, node: Node) -> tuple[Node, ...]:
        """Return the value of each run, none if they are refused."""
        if isinstance(node, Sequence) and node.items:
            wrong = next((item for item in node.items if not _is_value(item)), None)
            if wrong is None:
                return node.items
            self._diagnostics.refuse_value("SC202", f"`{name}` expects numbers, flags, words or lists of them", wrong)
            return ()
        if isinstance(node, Scalar) and type(node.value) is int:
            count = _count(name, node, self._diagnostics, self._limits, "a number counts the runs from 0")
            return tuple(Scalar(run, node.span, "") for run in range(count or 0))
        expected = f"`repeat` expects a list as `{name}`, with the value of each run"
        help_text, fix = "a number counts the runs from 0", None
        if isinstance(node, Scalar) and isinstance(node.value, str) and NAME.fullmatch(node.value):
            help_text, fix = f"write `${node.value}`", Fix(node.span, f"${node.value}")
        self._diagnostics.refuse_value("SC202", expected, node, help=help_text, fix=fix)
        return ()

    def _are_as_long(self, node: Mapping, lists: MappingOf[str, SequenceOf[Node]]) -> bool:
        """Return whether all lists are as long as the first, and refuse the first that is not."""
        nodes = {key.text: value for key, value in node.entries}
        first, *others = lists or ("",)
        for name in others:
            if len(lists[name]) != len(lists[first]):
                counts = [f"`{each}` has {_entries(lists[each])}" for each in (first, name)]
                message = f"`repeat` expects lists of one length: {counts[0]}, {counts[1]}"
                labels = (Label(head(nodes[first]), _entries(lists[first])),)
                span, label = head(nodes[name]), _entries(lists[name])
                self._diagnostics.refuse("SC204", message, span, label=label, labels=labels)
                return False
        return True


def _entries(values: SequenceOf[Node]) -> str:
    return "1 entry" if len(values) == 1 else f"{len(values)} entries"


def _is_value(node: Node) -> bool:
    return isinstance(node, Scalar) or (
        isinstance(node, Sequence) and all(isinstance(item, Scalar) for item in node.items)
    )


def is_too_large(size: int, type_node: Scalar, diagnostics: Diagnostics, limits: Limits) -> bool:
    """Return whether one step has more layers than the limit, and refuse it if so."""
    if size <= limits.layers:
        return False
    message = f"`{type_node.text}` expands to {size} layers, more than {limits.layers}"
    diagnostics.refuse("SC016", message, type_node.span, help=limits.raising("layers", size))
    return True


def gives_too_many(outputs: int, times: int, type_node: Scalar, diagnostics: Diagnostics, limits: Limits) -> bool:
    """Return whether a repeated block gives more outputs than there may be layers, and refuse it if so."""
    if times == 1 or outputs * times <= limits.layers:
        return False
    message = f"`{type_node.text}` gives {outputs * times} outputs in {times} runs, more than {limits.layers}"
    diagnostics.refuse("SC016", message, type_node.span, help=limits.raising("layers", outputs * times))
    return True


def refuse_total(steps: SequenceOf[Step | Group], diagnostics: Diagnostics, limits: Limits) -> None:
    """Refuse steps whose total number of layers is above the limit, at the step that exceeds it."""
    for step, so_far in zip(steps, accumulate(size_of((step,)) for step in steps), strict=True):
        if so_far > limits.layers and step.spans is not None:
            size = size_of(steps)
            message = f"all steps expand to {size} layers, with this one to more than {limits.layers}"
            diagnostics.refuse("SC016", message, step.spans.type, help=limits.raising("layers", size))
            return
