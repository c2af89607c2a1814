"""The kind of a YAML text by its keys: a network, a file of blocks to include, or a file of another purpose."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.parser.include import INCLUDED_KEYS
from shapecalc.parser.reader import read_tree
from shapecalc.parser.tree import Mapping, Sequence

if TYPE_CHECKING:
    from shapecalc.diagnostics import Source
    from shapecalc.parser.tree import Node


class FileKind(Enum):
    """The kind of a file."""

    NETWORK = "network"
    BLOCKS = "blocks"
    OTHER = "other"


_ANYWHERE = re.compile(r"\b(?:layers|inputs?|blocks|include)\b")
_AT_START = re.compile(r"^(['\"]?)(?:layers|input)\1[ \t]*:(?=\s)", re.MULTILINE)
"""A key in the first column, where no nested key can begin, and of texts over several lines only a quoted one."""
_AT_START_OF_BLOCKS = re.compile(r"^blocks[ \t]*:(?=\s)", re.MULTILINE)
_FLOW = re.compile(r"(?:\s|#[^\n]*)*\{(?!\{)")


def kind_of(source: Source, limits: Limits = LIMITS) -> FileKind:
    """Return the kind of a text: by its keys at the top, so that a file with mistakes below them is recognised too.

    A network has `layers:` or `input:`, or `inputs:` with a shape among its values: other tools have `inputs:` too. A
    file of blocks has `blocks:`, or `include:` and no key of another tool. A text that is not YAML is a network if one
    of these keys begins a line.

    >>> from shapecalc.diagnostics import Source
    >>> texts = ("input: [N, 3]", "blocks: {a: {layers: [relu]}}", "services: {web: {layers: 3}}")
    >>> [kind_of(Source("", text)).value for text in texts]
    ['network', 'blocks', 'other']
    """
    if _AT_START.search(source.text):
        return FileKind.NETWORK  # the usual case, decided without parsing the file twice
    if not _ANYWHERE.search(source.text):
        return FileKind.OTHER
    try:
        root, _ = read_tree(source, limits)
    except ShapecalcError:
        begun = re.search(r"^(?:inputs|blocks)[ \t]*:", source.text, re.MULTILINE) or _FLOW.match(source.text)
        return FileKind.NETWORK if begun else FileKind.OTHER
    keys = {key.text: value for key, value in root.entries} if isinstance(root, Mapping) else {}
    if "layers" in keys or "input" in keys or ("inputs" in keys and _has_a_shape(keys["inputs"])):
        return FileKind.NETWORK
    if "blocks" in keys or ("include" in keys and not keys.keys() - set(INCLUDED_KEYS)):
        return FileKind.BLOCKS
    return FileKind.OTHER


def is_of_another_tool(source: Source, limits: Limits = LIMITS) -> bool:
    """Return whether the kind of a text is `OTHER`; files of blocks are not parsed for that, as they are read later."""
    return not _AT_START_OF_BLOCKS.search(source.text) and kind_of(source, limits) is FileKind.OTHER


def _has_a_shape(node: Node) -> bool:
    """Return whether a value of a mapping is a list, or has a `shape:`."""
    values = [value for _, value in node.entries] if isinstance(node, Mapping) else [node]
    return any(
        isinstance(value, Sequence) or (isinstance(value, Mapping) and value.get("shape") is not None)
        for value in values
    )
