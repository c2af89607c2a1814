"""Parameters in a tree of values: each `$name` and `${…}` is replaced by its value."""

from __future__ import annotations

from contextlib import contextmanager
from operator import is_
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Fix, Label, Span
from shapecalc.diagnostics.step_spans import Origin, UsedParameter
from shapecalc.dims import Expr
from shapecalc.layers.refusals import said
from shapecalc.parser.expressions import ExpressionError, names_used, uses_parameters, value_of
from shapecalc.parser.scalars import shorten
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, head, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping as MappingOf

    from shapecalc.parser.diagnostics import Diagnostics

_OUTER_KEYS = ("name", "from", "repeat", "share", "expect", "when")
"""The keys of a step that are about all its runs."""
_DECIDING = ("repeat", "when")
"""The keys that decide when and with what values the others are computed."""


def substitute_steps(
    node: Node, arguments: MappingOf[str, Node], diagnostics: Diagnostics, owner: str = "the block"
) -> Node:
    """Return a list of steps with the arguments substituted.

    A value that is refused or not known becomes a placeholder, and an entry with such a key is left out. What a step
    repeats over lists is left as it is, and so is a step or branch whose `when` is false.
    """
    if isinstance(node, Sequence):
        items = tuple(
            [
                substitute_step(item, arguments, diagnostics, owner)
                if isinstance(item, Mapping)
                else substitute_steps(item, arguments, diagnostics, owner)
                for item in node.items
            ]
        )
        return node if all(map(is_, items, node.items)) else Sequence(items, node.span)
    if isinstance(node, Mapping):
        if is_conditional_branch(node):
            return substitute_step(node, arguments, diagnostics, owner)
        return _entries(node, arguments, diagnostics, owner)
    if not uses_parameters(node):
        return node
    substituted = substitute(node, arguments, diagnostics, owner)
    return diagnostics.placeholder(node.span) if substituted is None else substituted


def substitute_step(
    node: Mapping, arguments: MappingOf[str, Node], diagnostics: Diagnostics, owner: str = "the block"
) -> Mapping:
    """Return a step, or a branch with a condition, with the arguments substituted."""
    if not any(key.text in _DECIDING for key, _ in node.entries):
        return _entries(node, arguments, diagnostics, owner)
    unchanged: tuple[str, ...] = ()
    if repeats_over_lists(node):
        unchanged = tuple(key.text for key, _ in node.entries if key.text not in _OUTER_KEYS)
    condition = node.get("when")
    if condition is not None:
        condition = substitute_steps(condition, arguments, diagnostics, owner)
        if isinstance(condition, Scalar) and condition.value is False:
            unchanged = tuple(key.text for key, _ in node.entries)
    return _entries(node, arguments, diagnostics, owner, unchanged, condition)


def _entries(
    node: Mapping,
    arguments: MappingOf[str, Node],
    diagnostics: Diagnostics,
    owner: str,
    unchanged: tuple[str, ...] = (),
    condition: Node | None = None,
) -> Mapping:
    entries: list[tuple[Scalar, Node]] = []
    for key, value in node.entries:
        if condition is not None and key.text == "when":
            entries.append((key, condition))
            continue
        if key.text in unchanged:
            entries.append((key, value))
            continue
        name = _substituted_key(key, arguments, diagnostics, owner)
        if name is None:
            diagnostics.skip(key)
        else:
            entries.append((name, substitute_steps(value, arguments, diagnostics, owner)))
    return Mapping(tuple(entries), node.span)


def substitute_run(
    node: Mapping, arguments: MappingOf[str, Node], diagnostics: Diagnostics, owner: str = "the block"
) -> Mapping:
    """Return one run of a step that repeats over lists, with the arguments and the values of the run substituted."""
    inner = tuple(entry for entry in node.entries if entry[0].text not in _OUTER_KEYS)
    outer = tuple(entry for entry in node.entries if entry[0].text in _OUTER_KEYS)
    run = _entries(node._replace(entries=inner), arguments, diagnostics, owner)
    return run._replace(entries=(*run.entries, *outer))


@contextmanager
def checked_without_values(node: Node, names: Iterable[str], diagnostics: Diagnostics, owner: str) -> Iterator[Node]:
    """Give a step or steps with parameters of unknown values, for the mistakes that do not depend on these."""
    with diagnostics.steps_of_a_block():
        nowhere = diagnostics.placeholder(Span(0, 0, 0, 0))
        unknown = dict.fromkeys(names, nowhere)
        yield (
            _entries(node, unknown, diagnostics, owner)
            if isinstance(node, Mapping)
            else substitute_steps(node, unknown, diagnostics, owner)
        )


def repeats_over_lists(step: Node) -> bool:
    """Return whether a step has `repeat:` with names and lists."""
    return isinstance(step, Mapping) and isinstance(repeat := step.get("repeat"), Mapping) and bool(repeat.entries)


def is_conditional_branch(node: Node) -> bool:
    """Return whether a node is a branch of the form `{when: …, layers: […]}`."""
    if not isinstance(node, Mapping) or len(node.entries) != 2:  # noqa: PLR2004 - both keys
        return False
    return {key.text for key, _ in node.entries} == {"when", "layers"}


def substitute(
    node: Node, arguments: MappingOf[str, Node], diagnostics: Diagnostics, owner: str = "the block"
) -> Node | None:
    """Return a tree of values with the arguments substituted; None if one is refused.

    A substituted value has the span of the parameter's use: diagnostics show that and the call.
    """
    if isinstance(node, Scalar):
        return evaluated(node, arguments, diagnostics, owner) if uses_parameters(node) else node
    if isinstance(node, Sequence):
        items = [substitute(item, arguments, diagnostics, owner) for item in node.items]
        present = [item for item in items if item is not None]
        return None if len(present) != len(items) else Sequence(tuple(present), node.span)
    entries = []
    for key, value in node.entries:
        name = _substituted_key(key, arguments, diagnostics, owner)
        inner = substitute(value, arguments, diagnostics, owner)
        if name is None or inner is None:
            return None
        entries.append((name, inner))
    return Mapping(tuple(entries), node.span)


def _substituted_key(
    key: Scalar, arguments: MappingOf[str, Node], diagnostics: Diagnostics, owner: str
) -> Scalar | None:
    """Return a key with the arguments substituted; None if it is refused or not known."""
    if not uses_parameters(key):
        return key
    name = evaluated(key, arguments, diagnostics, owner)
    if name is None or (isinstance(name, Scalar) and isinstance(name.value, str)):
        return name
    message = f"`{key.text}` stands where a word is expected, is {said(plain(name))}"
    diagnostics.refuse("SC105", message, key.span)
    return None


def evaluated(node: Scalar, arguments: MappingOf[str, Node], diagnostics: Diagnostics, owner: str) -> Node | None:
    """Return the value of a use of parameters or symbols; None if it is refused or not known."""
    text = str(node.value)
    try:
        value = value_of(text, arguments, owner, diagnostics.symbols or ())
    except ExpressionError as error:
        if error.unknown and (diagnostics.parameters_missing or diagnostics.symbols is None):
            return None
        at, fix = node.span, None
        if at.line == at.end_line and at.end_column - at.column == len(text) + 2 * node.quoted:
            first = at.column + node.quoted
            at = at._replace(column=first + error.start, end_column=first + max(error.end, error.start + 1))
            fix = None if error.replacement is None else Fix(at, error.replacement)
        labels: tuple[Label, ...] = ()
        if error.name is not None and error.name in arguments:
            given = arguments[error.name]
            labels = (Label(head(given), f"`{error.name}` is {said(plain(given))} here"),)
        diagnostics.refuse("SC105", f"`{shorten(text)}` {error.message}", at, labels=labels, help=error.help, fix=fix)
        return None
    if isinstance(value, int | Expr):
        diagnostics.origins[node.span] = None
        diagnostics.operands[node.span] = tuple(
            UsedParameter(name, plain(arguments[name]), head(arguments[name]))
            for name in sorted(names_used(node))
            if name in arguments
        )
        return Scalar(value, node.span, str(value).lower() if isinstance(value, bool) else str(value))
    if value is None or diagnostics.is_placeholder(value):
        return None
    label = Label(head(value), f"`{shorten(text)}` is {said(plain(value))} here")
    # The number of a run is written nowhere.
    single = isinstance(value, Scalar) and bool(value.text or value.quoted) and head(value) == value.span
    diagnostics.origins[node.span] = Origin(label, single)
    return _with_span(value, node.span)


def _with_span(node: Node, span: Span) -> Node:
    if isinstance(node, Sequence):
        return Sequence(tuple(_with_span(item, span) for item in node.items), span)
    return node._replace(span=span)
