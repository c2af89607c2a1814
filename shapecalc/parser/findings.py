"""What is wrong with one text, gathered while it is read."""

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
"""Calls that a mistake in a block shows, innermost first."""


class Findings:
    """Diagnostics in the order in which they were found, each once; `ShapecalcError` when there are too many.

    `given` has the places where a parameter's value was put in, with the place where a call gives it, if one does.
    """

    __slots__ = ("_calls", "_noted", "_seen", "blocks_lost", "found", "given", "lost_blocks", "parameters", "source")

    def __init__(self, source: Source, noted: Iterable[Diagnostic] = ()) -> None:
        self.source = source
        self.given: dict[Span, Origin | None] = {}
        self.blocks_lost = False
        """Whether an included file could not be read: a word that is no layer may be one of its blocks."""
        self.lost_blocks: set[str] = set()
        """Blocks of included files that could not be made out."""
        self.parameters: Container[str] = ()
        """The names of the file's parameters."""
        self._calls: tuple[Label, ...] = ()
        self.found = list(noted)
        self._noted = tuple(finding.span for finding in self.found if finding.span is not None)
        self._seen: set[tuple[str, str, Span | None]] = set()

    def refuse(self, code: str, message: str, span: Span, **rest: Any) -> None:
        """Note a mistake; `rest` is the rest of the diagnostic."""
        self.add(Diagnostic(code=code, message=message, span=span, **rest))

    def add(self, finding: Diagnostic) -> None:
        """Note a mistake, unless an alias repeats it or it follows from what the reader has noted."""
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
        """Return where calls give what stands at these places, and where the calls around give that to them."""
        given: dict[Span, Origin | None] = {}
        for span in spans if self.given else ():
            at: Span | None = span
            while at in self.given and at not in given:
                origin = given[at] = self.given[at]
                at = None if origin is None else origin.label.span
        return given

    @contextmanager
    def within(self, call: Label) -> Iterator[None]:
        """Show a call of a block with every mistake that is found meanwhile."""
        before = self._calls
        self._calls = (call, *before)[:MOST_CALLS]
        try:
            yield
        finally:
            self._calls = before

    def noted_within(self, span: Span) -> bool:
        """Return whether the reader has refused something inside a span, so that what is read there is a guess."""
        start, end = (span.line, span.column), (span.end_line, span.end_column)
        return any(
            at.file == span.file and start <= (at.line, at.column) and (at.end_line, at.end_column) <= end
            for at in self._noted
        )

    def is_hole(self, node: Node | None) -> bool:
        """Return whether a node stands for what could not be made out (`hole`)."""
        return isinstance(node, Mapping) and not node.entries and self.noted_within(node.span)

    def hole(self, span: Span) -> Node:
        """Return what stands for a value that could not be made out: nothing takes it, and nobody is told twice."""
        if span not in self._noted:
            self._noted += (span,)
        return Mapping((), span)

    def note(self, noted: Iterable[Diagnostic]) -> None:
        """Take over what the reader has refused in a further text."""
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
        """Refuse a key that is none of the words, and return the one that was likely meant.

        `given` are the keys beside it: what was meant may stand there already. Other formats' names for keys say
        roughly the same, so that none of them is sure.
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
        """Return the values of the known keys; refuse the others, and take the likely word for a misspelt one."""
        entries = {key.text: value for key, value in node.entries if key.text in known}
        for key, value in node.entries:
            if key.text not in known:
                message = f"unknown key `{shorten(key.text)}` in {subject}"
                near = self.unknown(key, known, message, names, given=entries)
                if near is not None:
                    entries.setdefault(near, value)
        return entries


def position(finding: Diagnostic) -> tuple[int, int, int]:
    """Return where a finding stands, to put several in the order of the text."""
    return (finding.span.file, finding.span.line, finding.span.column) if finding.span else (0, 0, 0)


def head(node: Node) -> Span:
    """Return where a value stands; of one over many lines where it begins."""
    span = node.span
    if span.line == span.end_line:
        return span
    if isinstance(node, Mapping) and node.entries:  # those that were refused are left out
        return node.entries[0][0].span
    return span._replace(end_line=span.line, end_column=span.column + 1)
