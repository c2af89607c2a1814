"""Protocols of PyYAML's events, with the attributes that the tree builder reads.

PyYAML's own types allow marks to be None, which they never are here.
"""

from __future__ import annotations

from typing import Protocol


class Mark(Protocol):
    """A position in the text: line and column from 0, and the index, all in code points."""

    line: int
    column: int
    index: int


class Event(Protocol):
    """An event with its start and end."""

    start_mark: Mark
    end_mark: Mark


class NodeEvent(Event, Protocol):
    """The start of a value, perhaps with `&anchor` and `!tag` before it."""

    anchor: str | None
    tag: str | None


class ScalarEvent(NodeEvent, Protocol):
    """A key or a single value; `style` is its quote or `|` or `>`, and empty or None for a plain one."""

    value: str
    style: str | None


class CollectionStart(NodeEvent, Protocol):
    """The start of a list or mapping; `flow_style` is true for brackets, false for indentation."""

    flow_style: bool


class AliasEvent(Event, Protocol):
    """`*anchor`."""

    anchor: str
