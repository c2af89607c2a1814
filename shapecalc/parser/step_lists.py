"""The value of `layers:`, of a block or of a branch → its steps, before these are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Span
from shapecalc.layers import layer_type
from shapecalc.layers.refusals import said
from shapecalc.parser.scalars import shorten
from shapecalc.parser.step_keys import states_type
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, head, plain

if TYPE_CHECKING:
    from collections.abc import Container

    from shapecalc.parser.diagnostics import Diagnostics

_NAME_KEY = Scalar("name", Span(0, 0, 0, 0), "name")


class StepLists:
    """Takes lists of steps apart; `blocks` are the names of those that may be called."""

    __slots__ = ("_blocks", "_diagnostics")

    def __init__(self, blocks: Container[str], diagnostics: Diagnostics) -> None:
        self._blocks = blocks
        self._diagnostics = diagnostics

    def items(self, node: Node, subject: str) -> tuple[Node, ...]:
        """Return the steps of a list; of a mapping those that it has where their dashes are missing."""
        if isinstance(node, Sequence) and node.items:
            return node.items
        nothing = isinstance(node, Sequence) or plain(node) is None
        message = f"{subject} expects at least one step, has none"
        if not nothing:
            message = f"{subject} expects a list of steps, receives {said(plain(node))}"
        help_text = "begin each step with `- `"
        if not isinstance(node, Mapping):
            self._diagnostics.refuse("SC107", message, head(node), help=help_text)
            return ()
        steps = tuple(map(self._without_dash, node.entries))
        if steps and all(name is not None for name, _ in steps):
            name = shorten(steps[0][0] or "")
            help_text = f"write a list of steps, each with its name: `- {{conv: …, name: {name}}}`"
        self._diagnostics.refuse("SC107", message, head(node), help=help_text)
        return tuple(step for _, step in steps)

    def _without_dash(self, entry: tuple[Scalar, Node]) -> tuple[str | None, Node]:
        """Return the step of an entry where a list is expected, and its name if the key is one.

        A key is a layer type whose dash is missing, or a name: then the value has the layer, or is not checked.
        """
        key, value = entry
        if layer_type(key.text) is not None or key.text in self._blocks or not isinstance(value, Mapping):
            return None, Mapping((entry,), key.span)
        if any(layer_type(own.text) is not None or own.text in self._blocks for own, _ in value.entries):
            named = value if value.get("name") else value._replace(entries=(*value.entries, (_NAME_KEY, key)))
            return key.text, named
        stated = any(states_type(*own) for own in value.entries)
        return (key.text, self._diagnostics.placeholder(value.span)) if stated else (None, Mapping((entry,), key.span))


def name_spans(items: tuple[Node, ...]) -> dict[str, Span]:
    """Return the span of each name in a list of steps, to recognize references to later steps."""
    names = (item.get("name") for item in items if isinstance(item, Mapping))
    return {name.text: name.span for name in names if isinstance(name, Scalar)}


def written_name(node: Node) -> str | None:
    """Return the name that a step has in the file."""
    own = node.get("name") if isinstance(node, Mapping) else None
    return own.text if isinstance(own, Scalar) else None
