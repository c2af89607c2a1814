"""The steps of a file as far as the conversion reads them: the word, its fields, and the keys next to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.parser.step_keys import STEP_KEYS
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.parser.tree import Mapping as MappingNode


class WrittenStep(NamedTuple):
    """A step as it is written."""

    node: Node
    word: Scalar
    value: Node | None
    """The fields, or a single value; None if nothing follows the word."""
    keys: dict[str, tuple[Scalar, Node]]
    """The keys next to the word."""
    others: tuple[Scalar, ...] = ()
    """Words after the first: a step has one."""

    @property
    def fields(self) -> tuple[tuple[Scalar, Node], ...]:
        """The fields that have names and are not branches."""
        return tuple(entry for entry in self._entries if not is_branch(entry[1]))

    @property
    def branches(self) -> tuple[tuple[Scalar, Sequence], ...]:
        """The lists of steps below a merge."""
        return tuple((key, value) for key, value in self._entries if isinstance(value, Sequence) and is_branch(value))

    @property
    def _entries(self) -> tuple[tuple[Scalar, Node], ...]:
        return self.value.entries if isinstance(self.value, Mapping) else ()


def is_branch(node: Node) -> bool:
    """Return whether a value is a list of steps."""
    if not isinstance(node, Sequence):
        return False
    return all(isinstance(item, Mapping) or (isinstance(item, Scalar) and isinstance(item.value, str))
               for item in node.items)  # fmt: skip


def read_step(node: Node) -> WrittenStep | None:
    """Return the parts of a step; None for another value."""
    if isinstance(node, Scalar):
        return WrittenStep(node, node, None, {}) if isinstance(node.value, str) else None
    if not isinstance(node, Mapping):
        return None
    keys = {key.text: (key, value) for key, value in node.entries if key.text in STEP_KEYS}
    words = [(key, value) for key, value in node.entries if key.text not in keys]
    if not words:
        return None
    word, value = words[0]
    empty = isinstance(value, Scalar) and value.value is None
    return WrittenStep(node, word, None if empty else value, keys, tuple(key for key, _ in words[1:]))


def steps_below(node: Node | None) -> Iterator[WrittenStep]:
    """Yield each step of a list, and those of the branches of its merges; the dashes of a list may be missing."""
    items = node.items if isinstance(node, Sequence) else ()
    if isinstance(node, Mapping):
        items = tuple(Mapping((entry,), entry[0].span) for entry in node.entries)
    for item in items:
        step = read_step(item)
        if step is None:
            continue
        yield step
        for _, branch in step.branches:
            yield from steps_below(branch)


def lists_of(root: MappingNode) -> Iterator[Node]:
    """Yield the list of steps of the file, and those of its blocks."""
    layers = root.get("layers")
    if layers is not None:
        yield layers
    blocks = root.get("blocks")
    for _, block in blocks.entries if isinstance(blocks, Mapping) else ():
        below = block.get("layers") if isinstance(block, Mapping) else None
        if below is not None:
            yield below
