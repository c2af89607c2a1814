"""The collector of diagnostics while a text is read."""

from __future__ import annotations

from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import MOST_DIAGNOSTICS, Diagnostic, Fix, Label, ShapecalcError, Span
from shapecalc.diagnostics.step_spans import with_origins
from shapecalc.layers.refusals import said
from shapecalc.parser.places import Places
from shapecalc.parser.scalars import shorten
from shapecalc.parser.tree import Mapping, head, plain

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping as MappingOf

    from shapecalc.diagnostics import Source
    from shapecalc.diagnostics.step_spans import Origin, UsedParameter
    from shapecalc.parser.tree import Node, Scalar


NO_OPERANDS: MappingOf[Span, tuple[UsedParameter, ...]] = MappingProxyType({})
MOST_CALLS = 4
"""The number of calls that a diagnostic in a block shows, innermost first."""


class Diagnostics:
    """Diagnostics in the order of detection, each once; raises `ShapecalcError` if there are too many.

    `origins` maps the uses of parameters to the place where a call gives the value, None if no call does; `operands`
    the expressions with parameters to these.
    """

    __slots__ = ("_calls", "_refused", "_seen", "_skipped", "_unknown", "blocks_missing", "invalid_blocks", "operands",
                 "origins", "parameters", "parameters_missing", "recorded", "source", "symbols")  # fmt: skip

    def __init__(self, source: Source, refused: Iterable[Diagnostic] = ()) -> None:
        self.source = source
        self.origins: dict[Span, Origin | None] = {}
        self.operands: dict[Span, tuple[UsedParameter, ...]] = {}
        self.blocks_missing = False
        """Whether blocks of other files are not known: an unknown layer type may be one of them."""
        self.invalid_blocks: set[str] = set()
        """The names of refused blocks of included files."""
        self.parameters: Container[str] = ()
        """The names of the file's parameters."""
        self.parameters_missing = False
        """Whether parameters of another file are not known: `$name` may be one of them."""
        self.symbols: tuple[str, ...] | None = None
        """The symbols of the inputs; None if they are not known."""
        self._calls: tuple[Label, ...] = ()
        self.recorded = list(refused)
        self._refused = Places(diagnostic.span for diagnostic in self.recorded if diagnostic.span is not None)
        """What the reader refused: entries may be missing there."""
        self._skipped = Places()
        """Keys that are refused or not known, whose entries are left out."""
        self._unknown = Places()
        """Placeholders."""
        self._seen: set[tuple[str, str, Span | None]] = set()

    def refuse(self, code: str, message: str, span: Span, **rest: Any) -> None:
        """Add a diagnostic with these and other fields."""
        self.add(Diagnostic(code=code, message=message, span=span, **rest))

    def refuse_value(self, code: str, expected: str, node: Node, **rest: Any) -> None:
        """Add the diagnostic of a value: what is expected, and what the node is."""
        self.refuse(code, f"{expected}, receives {said(plain(node))}", head(node), **rest)

    def add(self, diagnostic: Diagnostic) -> None:
        """Add a diagnostic, unless an alias repeats it or a value in its span was refused or is not known."""
        key = (diagnostic.code, diagnostic.message, diagnostic.span)
        if key in self._seen or (diagnostic.span is not None and self.unknown_within(diagnostic.span)):
            return
        self._seen.add(key)
        diagnostic = with_origins(diagnostic, self.origins)
        diagnostic = diagnostic._replace(labels=tuple(dict.fromkeys((*diagnostic.labels, *self._calls))))
        self.recorded.append(diagnostic)
        if len(self.recorded) >= MOST_DIAGNOSTICS:
            raise ShapecalcError(tuple(sorted(self.recorded, key=position)), self.source)

    def origins_of(self, spans: Iterable[Span]) -> dict[Span, Origin | None]:
        """Return the entries of `origins` for spans, and for the spans in calls that these lead to."""
        origins: dict[Span, Origin | None] = {}
        for span in spans if self.origins else ():
            at: Span | None = span
            while at in self.origins and at not in origins:
                origin = origins[at] = self.origins[at]
                at = None if origin is None else origin.label.span
        return origins

    def operands_of(self, origins: dict[Span, Origin | None]) -> MappingOf[Span, tuple[UsedParameter, ...]]:
        """Return the parameters of the expressions among `origins`, to which the origins of these are added."""
        if not self.operands:
            return NO_OPERANDS
        operands: dict[Span, tuple[UsedParameter, ...]] = {}
        todo = [*origins]
        while todo:
            span = todo.pop()
            if span in self.operands and span not in operands:
                operands[span] = self.operands[span]
                called = self.origins_of(operand.span for operand in operands[span])
                origins |= called
                todo += called
        return operands or NO_OPERANDS

    @contextmanager
    def within(self, call: Label) -> Iterator[None]:
        """Add the label of a call to every diagnostic that is added in the context."""
        before = self._calls
        self._calls = (call, *before)[:MOST_CALLS]
        try:
            yield
        finally:
            self._calls = before

    @contextmanager
    def steps_of_a_block(self) -> Iterator[None]:
        """Forget at the end of the context what is not known: a block is read again with other arguments."""
        before = self._skipped.copy(), self._unknown.copy()
        try:
            yield
        finally:
            self._skipped, self._unknown = before

    def accept(self, span: Span) -> None:
        """Drop what the reader refused at a span: it is a value of the field that is written there."""
        self.recorded = [diagnostic for diagnostic in self.recorded if diagnostic.span != span]
        self._refused.remove(span)

    def refused_within(self, span: Span) -> bool:
        """Return whether the reader refused something within a span, or a key is skipped: entries may be missing."""
        return self._refused.within(span) or self._skipped.within(span)

    def has_skipped(self, span: Span) -> bool:
        """Return whether an entry within a span is left out (`skip`)."""
        return self._skipped.within(span)

    def has_placeholder(self, span: Span) -> bool:
        """Return whether there is a placeholder within a span."""
        return self._unknown.within(span)

    def unknown_within(self, span: Span) -> bool:
        """Return whether something within a span is refused or a placeholder, so that the value there is a guess."""
        return self.refused_within(span) or self.has_placeholder(span)

    def is_placeholder(self, node: Node | None) -> bool:
        """Return whether a node is a placeholder (`placeholder`)."""
        return isinstance(node, Mapping) and not node.entries and self.unknown_within(node.span)

    def placeholder(self, span: Span) -> Node:
        """Return a placeholder for a value that is refused or not known; diagnostics within its span are dropped."""
        self._unknown.add(span)
        return Mapping((), span)

    def skip(self, key: Scalar) -> None:
        """Record that an entry is left out of its mapping, since its key is refused or not known."""
        self._skipped.add(key.span)

    def extend(self, refused: Iterable[Diagnostic]) -> None:
        """Add the reader's diagnostics of an included text."""
        refused = tuple(refused)
        self.recorded += refused
        for diagnostic in refused:
            if diagnostic.span is not None:
                self._refused.add(diagnostic.span)

    def unknown(
        self,
        key: Scalar,
        words: Iterable[str],
        message: str,
        names: MappingOf[str, str | None] | None = None,
        kind: str = "keys",
        present: Container[str] = (),
    ) -> str | None:
        """Refuse a key that is not one of the words, and return the one that was likely intended.

        `present` are the other keys of the mapping: a fix to one of these is not safe. Neither is one from another
        format's name, which may mean something slightly different.
        """
        from shapecalc.diagnostics.suggestions import nearest  # noqa: PLC0415 - only a mistake needs it

        words = tuple(words)
        near = nearest(key.text, words, names, names or ())
        help_text = f"write `{near.word}`" if near else f"{kind}: {', '.join(words) or 'none'}"
        fix = Fix(key.span, near.word, safe=near.sure and near.word not in present) if near else None
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
                near = self.unknown(key, known, message, names, present=entries)
                if near is not None:
                    entries.setdefault(near, value)
        return entries


def position(diagnostic: Diagnostic) -> tuple[int, int, int]:
    """Return the position of a diagnostic, as a sort key for the order of the text."""
    return (diagnostic.span.file, diagnostic.span.line, diagnostic.span.column) if diagnostic.span else (0, 0, 0)
