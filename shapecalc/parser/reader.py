"""YAML text → a tree of plain values with source spans.

The tree is built from PyYAML's *events*, under limits and without recursion. `yaml.load` and `yaml.compose` are not
safe with hostile input: a 431-byte file takes them 18 s, 25,000 nested brackets crash the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.diagnostics.progress import tracked
from shapecalc.parser.builder import TreeBuilder
from shapecalc.parser.characters import refuse_characters, refuse_directives, stray_tabs
from shapecalc.parser.files import too_large

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from shapecalc.diagnostics import Diagnostic
    from shapecalc.parser.tree import Node


def read_text(source: Source, limits: Limits = LIMITS) -> Node:
    r"""Return the tree of one YAML document.

    Raises `ShapecalcError` with a diagnostic for each independent mistake.

    >>> read_text(Source("net.yaml", "layers:\n  - conv: 6\n")).get("layers").items[0].entries[0][0].span
    Span(line=2, column=5, end_line=2, end_column=9, file=0)
    """
    node, diagnostics = read_tree(source, limits)
    if diagnostics:
        raise ShapecalcError(diagnostics, source)
    return node


def read_tree(source: Source, limits: Limits = LIMITS) -> tuple[Node, tuple[Diagnostic, ...]]:
    """Return the tree of one YAML document as likely intended, and the diagnostics of its mistakes.

    For callers that look for more mistakes in the same run: a refused scalar has its most likely value, a key given
    twice has its first value, merge keys and keys that are not scalars are left out.

    Raises `ShapecalcError` if the rest cannot be read: syntax, limits, characters, no document or more than one.
    """
    if len(source.text) > limits.file_size:
        raise ShapecalcError((too_large(source.name, limits),), source)
    refuse_characters(source)
    refuse_directives(source)
    builder = TreeBuilder(source, limits)
    handlers: dict[type, Callable[[Any], None]] = {
        ScalarEvent: builder.add_scalar,
        AliasEvent: builder.add_alias,
        SequenceStartEvent: builder.open_sequence,
        MappingStartEvent: builder.open_mapping,
        SequenceEndEvent: builder.close_sequence,
        MappingEndEvent: builder.close_mapping,
        DocumentStartEvent: builder.start_document,
    }
    for event in tracked(_events(source), "reading", source.text.count("\n"), _line):
        handle = handlers.get(type(event))
        if handle:
            handle(event)
    if "\t" in source.text:
        for tab in stray_tabs(source.text, _scalars(source)):
            builder.report(tab)
    return builder.result()


def parser_name() -> str:
    """Return the name of the parser in use: libyaml is ten times as fast, and PyYAML may be built without it."""
    return "libyaml" if yaml.__with_libyaml__ else "PyYAML without libyaml (slow)"


def _events(source: Source) -> Iterator[Any]:
    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    try:
        yield from yaml.parse(source.text, Loader=loader)
    # Without libyaml, `"\U00110000"` raises the error of chr().
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # Only a mistake needs these.
        from shapecalc.parser.merge_conflict import explain_conflict  # noqa: PLC0415
        from shapecalc.parser.syntax_errors import explain_syntax_error  # noqa: PLC0415

        conflict = explain_conflict(source.text)
        raise ShapecalcError((conflict or explain_syntax_error(source.text, error),), source) from None


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line


def _scalars(source: Source) -> Iterator[Any]:
    return (event for event in _events(source) if isinstance(event, ScalarEvent))
