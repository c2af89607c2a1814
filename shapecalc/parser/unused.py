"""The blocks that nothing calls, and the parameters and names of `repeat:` that nothing uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from shapecalc.architecture import Unused
from shapecalc.parser.expressions import names_used
from shapecalc.parser.step_keys import STEP_KEYS
from shapecalc.parser.tree import Mapping, Sequence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from shapecalc.parser.blocks import Block
    from shapecalc.parser.tree import Node, Scalar


_MOST_COMPARED = 20
"""The number of names for which a similar one is looked for; each is compared with all that are used."""


def unused_parameters(
    parameters: Iterable[Scalar], uses: Iterable[Node], blocks: Iterable[Block | None]
) -> Iterator[Unused]:
    """Yield the parameters of a file, and of its own blocks, that nothing uses, and such names of `repeat:`.

    `uses` are the values of the file in which its parameters can stand, `blocks` its own and those that it includes.
    """
    uses = tuple(uses)
    used: set[str] = set().union(*map(names_used, uses))
    for use in uses:
        yield from _unused_names(use)
    for block in blocks:
        if block is None:
            continue
        inside = names_used(block.layers).union(*(names_used(default) for _, default in block.parameters if default))
        names = {name.text for name, _ in block.parameters}
        used |= inside - names
        if not block.name.span.file:
            yield from _unused((name for name, _ in block.parameters), inside, "parameter", block.name.text)
            yield from _unused_names(block.layers)
    yield from _unused(parameters, used, "parameter")


def unused_blocks(blocks: Iterable[Block], called: Collection[str]) -> Iterator[Unused]:
    """Yield the blocks that nothing calls."""
    yield from _unused((block.name for block in blocks), called, "block")


def _unused_names(node: Node) -> Iterator[Unused]:
    """Yield the names that `repeat:` of a step binds and that the step does not use."""
    if isinstance(node, Mapping):
        repeat = node.get("repeat")
        if isinstance(repeat, Mapping):
            inside = tuple(entry for entry in node.entries if entry[0].text not in STEP_KEYS)
            used = names_used(node._replace(entries=inside))
            yield from _unused((name for name, _ in repeat.entries), used, "repeat")
        for _, value in node.entries:
            yield from _unused_names(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _unused_names(item)


def _unused(
    names: Iterable[Scalar], used: Collection[str], kind: Literal["block", "parameter", "repeat"], block: str = ""
) -> Iterator[Unused]:
    unused = [name for name in names if name.text not in used]
    for position, name in enumerate(unused):
        near = _near(name.text, used) if position < _MOST_COMPARED else None
        yield Unused(name.text, name.span, kind, near, block)


def _near(name: str, used: Collection[str]) -> str | None:
    from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a name that nothing uses needs it

    return closest(name, sorted(used))
