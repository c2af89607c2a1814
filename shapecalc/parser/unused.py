"""The blocks that nothing calls and the parameters that nothing uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from shapecalc.architecture import Unused
from shapecalc.parser.expressions import names_used

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from shapecalc.parser.blocks import Block
    from shapecalc.parser.tree import Node, Scalar


_MOST_COMPARED = 20
"""The number of names for which a similar one is looked for; each is compared with all that are used."""


def unused_parameters(
    parameters: Iterable[Scalar], uses: Iterable[Node], blocks: Iterable[Block | None]
) -> Iterator[Unused]:
    """Yield the parameters of a file, and of its own blocks, that nothing uses.

    `uses` are the values of the file in which its parameters can stand, `blocks` its own and those that it includes.
    """
    used: set[str] = set().union(*map(names_used, uses))
    for block in blocks:
        if block is None:
            continue
        inside = names_used(block.layers).union(*(names_used(default) for _, default in block.parameters if default))
        names = {name.text for name, _ in block.parameters}
        used |= inside - names
        if not block.name.span.file:
            yield from _unused((name for name, _ in block.parameters), inside, "parameter", block.name.text)
    yield from _unused(parameters, used, "parameter")


def unused_blocks(blocks: Iterable[Block], called: Collection[str]) -> Iterator[Unused]:
    """Yield the blocks that nothing calls."""
    yield from _unused((block.name for block in blocks), called, "block")


def _unused(
    names: Iterable[Scalar], used: Collection[str], kind: Literal["block", "parameter"], block: str = ""
) -> Iterator[Unused]:
    unused = [name for name in names if name.text not in used]
    for position, name in enumerate(unused):
        near = _near(name.text, used) if position < _MOST_COMPARED else None
        yield Unused(name.text, name.span, kind, near, block)


def _near(name: str, used: Collection[str]) -> str | None:
    from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a name that nothing uses needs it

    return closest(name, sorted(used))
