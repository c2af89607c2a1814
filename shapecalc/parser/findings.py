"""The collector of diagnostics while a text is read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shapecalc.architecture import traced
from shapecalc.diagnostics import MOST_DIAGNOSTICS, Diagnostic, Fix, Label, ShapecalcError, Span
from shapecalc.parser.scalars import shorten
from shapecalc.parser.tree import Mapping

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping as MappingOf

    from shapecalc.architecture import Origin
    from shapecalc.diagnostics import Source
    from shapecalc.parser.tree import Node, Scalar


MOST_CALLS = 4
"""The number of calls that a diagnostic in a block shows, innermost first."""


class Findings:
    """Diagnostics in the order of detection, each once; raises `ShapecalcError` if there are too many.

    `given` maps the uses of parameters to the place where a call gives the value, None if no call does.
    """

    __slots__ = ("_calls", "_noted", "_seen", "blocks_lost", "found", "given", "lost_blocks", "parameters", "source")

    def __init__(self, source: Source, noted: Iterable[Diagnostic] = ()) -> None:
        self.source = source
        self.given: dict[Span, Origin | None] = {}
        self.blocks_lost = False
        """Whether an included file could not be read: an unknown layer type may be one of its blocks."""
        self.lost_blocks: set[str] = set()
        """The names of refused blocks of included files."""
        self.parameters: Container[str] = ()
        """The names of the file's parameters."""
        self._calls: tuple[Label, ...] = ()
        self.found = list(noted)
        self._noted = tuple(finding.span for finding in self.found if finding.span is not None)
        self._seen: set[tuple[str, str, Span | None]] = set()

    def refuse(self, code: str, message: str, span: Span, **rest: Any) -> None:
        """Add a diagnostic with these and other fields."""
        self.add(Diagnostic(code=code, message=message, span=span, **rest))

    def add(self, finding: Diagnostic) -> None:
        """Add a diagnostic, unless an alias repeats it or it is in a span that the reader refused."""
        key = (finding.code, finding.message, finding.span)
        if key in self._seen or (finding.span is not None and self.noted_within(finding.span)):
            return
        self._seen.add(key)
        finding = traced(finding, self.given)
        finding = finding._replace(labels=tuple(dict.fromkeys((*finding.labels, *self._calls))))
        self.found.append(finding)
        if len(self.found) >= MOST_DIAGNOSTICS:
            raise ShapecalcError(tuple(sorted(self.found, key=position)), self.source)

    def given_to(self, spans: Iterable[Span]) -> dict[Span, Origin | None]:
        """Return the entries of `given` for spans, and for the spans in calls that these lead to."""
        given: dict[Span, Origin | None] = {}
        for span in spans if self.given else ():
            at: Span | None = span
            while at in self.given and at not in given:
                origin = given[at] = self.given[at]
                at = None if origin is None else origin.label.span
        return given

    @contextmanager
    def within(self, call: Label) -> Iterator[None]:
        """Add the label of a call to every diagnostic that is added in the context."""
        before = self._calls
        self._calls = (call, *before)[:MOST_CALLS]
        try:
            yield
        finally:
            self._calls = before

    def noted_within(self, span: Span) -> bool:
        """Return whether the reader refused something within a span, so that the value there is a guess."""
        start, end = (span.line, span.column), (span.end_line, span.end_column)
        return any(
            at.file == span.file and start <= (at.line, at.column) and (at.end_line, at.end_column) <= end
            for at in self._noted
        )

    def is_hole(self, node: Node | None) -> bool:
        """Return whether a node is a placeholder (`hole`)."""
        return isinstance(node, Mapping) and not node.entries and self.noted_within(node.span)

    def hole(self, span: Span) -> Node:
        """Return a placeholder for a refused value; further diagnostics within its span are dropped."""
        if span not in self._noted:
            self._noted += (span,)
        return Mapping((), span)

    def note(self, noted: Iterable[Diagnostic]) -> None:
        """Add the reader's diagnostics of an included text."""
        noted = tuple(noted)
        self.found += noted
        self._noted += tuple(finding.span for finding in noted if finding.span is not None)

    def unknown(
        self,
        key: Scalar,
        words: Iterable[str],
        message: str,
        names: MappingOf[str, str | None] | None = None,
        kind: str = "keys",
        given: Container[str] = (),
    ) -> str | None:
        """Refuse a key that is not one of the words, and return the one that was likely intended.

        `given` are the other keys of the mapping: a fix to one of these is not safe. Neither is one from another
        format's name, which may mean something slightly different.
        """
        from shapecalc.diagnostics.suggestions import nearest  # noqa: PLC0415 - only a mistake needs it

        words = tuple(words)
        near = nearest(key.text, words, names, names or ())
        help_text = f"write `{near.word}`" if near else f"{kind}: {', '.join(words) or 'none'}"
        fix = Fix(key.span, near.word, safe=near.sure and near.word not in given) if near else None
        self.refuse("SC102", message, key.span, help=help_text, fix=fix)
        return near.word if near else None

    def keys(
        self,
        node: Mapping,
        known: tuple[str, ...],
        subject: str,
        *,
        names: MappingOf[str, str | None] | None = None,
    ) -> dict[str, Node]:
        """Return the values of the known keys; refuse the others, and read a misspelt one as the likely key."""
        entries = {key.text: value for key, value in node.entries if key.text in known}
        for key, value in node.entries:
            if key.text not in known:
                message = f"unknown key `{shorten(key.text)}` in {subject}"
                near = self.unknown(key, known, message, names, given=entries)
                if near is not None:
                    entries.setdefault(near, value)
        return entries


def position(finding: Diagnostic) -> tuple[int, int, int]:
    """Return the position of a diagnostic, as a sort key for the order of the text."""
    return (finding.span.file, finding.span.line, finding.span.column) if finding.span else (0, 0, 0)


def head(node: Node) -> Span:
    """Return the span of a value; if it covers several lines, the span of its start."""
    span = node.span
    if span.line == span.end_line:
        return span
    if isinstance(node, Mapping) and node.entries:  # refused entries are not in it
        return node.entries[0][0].span
    return span._replace(end_line=span.line, end_column=span.column + 1)
