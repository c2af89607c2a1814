"""YAML events → tree: a stack of open collections, with a limit on every size."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from shapecalc.diagnostics import MOST_DIAGNOSTICS, Diagnostic, Fix, Label, ShapecalcError, Source, Span
from shapecalc.parser.characters import describe, forbidden
from shapecalc.parser.diagnostics import position
from shapecalc.parser.positions import position_after, span_between
from shapecalc.parser.scalars import Refused, infinite, resolve, shorten
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.diagnostics.limits import Limits
    from shapecalc.parser.events import AliasEvent, CollectionStart, Event, NodeEvent, ScalarEvent

_TAG_OR_ANCHOR = re.compile(r"([&!])[^\s,\[\]{}]*\s*(?:#[^\r\n]*\s*)*")
_COLON_WITHOUT_SPACE = re.compile(r"[\w.]+:\S")
_OPEN = re.compile(r"\(+-?\w+\)?")
_ENTRY = re.compile(r"\(*-?\w+\)*")
"""The first and the other entries of a tuple of Python."""
_NO_KEY = Scalar("", Span(0, 0, 0, 0), "", quoted=True)


class _Anchored(NamedTuple):
    """A node that aliases refer to, with its number of nodes and its height."""

    node: Node
    nodes: int
    height: int


class _Open(NamedTuple):
    """A collection that is not closed yet, and the number of nodes before it."""

    event: CollectionStart
    is_mapping: bool
    children: list[Node]
    nodes_before: int


class TreeBuilder:
    """Builds a tree from the events of one text in order; `result` returns it with the diagnostics.

    Each collection on the stack has its list of children; in a mapping, keys and values alternate.
    """

    __slots__ = ("_aliases", "_anchors", "_children", "_diagnostics", "_documents", "_heights", "_in_mapping",
                 "_limits", "_nodes", "_root", "_source", "_stack")  # fmt: skip

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._diagnostics: list[Diagnostic] = []
        self._anchors: dict[str, _Anchored | None] = {}  # None while the anchored collection is open
        self._aliases = self._documents = self._nodes = 0
        self._stack: list[_Open] = []
        self._heights = [0]  # of the tallest child so far, for each open collection
        self._root: list[Node] = []
        self._children = self._root
        self._in_mapping = False

    def result(self) -> tuple[Node, tuple[Diagnostic, ...]]:
        """Return the tree and the diagnostics in the order of the text, after the last event."""
        root = self._root[0] if self._root else None
        if root is None or _is_absent(root):
            self._stop("SC004", f"`{self._source.name}` is empty", None)
        return root, tuple(sorted(self._diagnostics, key=position))

    def report(self, diagnostic: Diagnostic) -> None:
        """Add a diagnostic; raise `ShapecalcError` if there are too many."""
        self._diagnostics.append(diagnostic)
        if len(self._diagnostics) >= MOST_DIAGNOSTICS:
            raise ShapecalcError(tuple(self._diagnostics), self._source)

    def start_document(self, event: Event) -> None:
        """Refuse a second document."""
        self._documents += 1
        if self._documents > 1:
            index = event.start_mark.index
            span = span_between(self._source.text, index, index + len("---"))
            self._stop("SC004", "`---` starts a second document, expects one", span, "keep one network in a file")

    def add_scalar(self, event: ScalarEvent) -> None:
        """Add a key or a scalar value."""
        self._nodes += 1
        if self._nodes > self._limits.nodes:
            self._refuse_nodes(event)
        start, end, text = event.start_mark, event.end_mark, event.value
        if event.anchor is None and event.tag is None:
            span = Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
        else:
            span = self._span_of_value(event)
        if len(text) > self._limits.scalar_length:
            node = self._too_long(text, span)
        elif event.style:
            node = self._quoted(event, span)
        elif self._in_mapping and not len(self._children) & 1:
            node = Scalar(text, span, text)
        else:
            value = resolve(text, self._limits.integer_digits)
            if isinstance(value, Refused):
                self._refuse_scalar(value, span)
                value = value.value
            node = Scalar(value, span, text)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(node, 1, 0)
        self._children.append(node)

    def add_alias(self, event: AliasEvent) -> None:
        """Add the node of an anchor, counting all its nodes again."""
        self._aliases += 1
        if self._aliases > self._limits.aliases:
            self._stop(
                "SC012",
                f"`*{event.anchor}` is one alias too many, expects at most {self._limits.aliases}",
                _span(event),
                self._limits.raising("aliases"),
            )
        if self._in_mapping and not len(self._children) & 1:
            self._refuse("SC023", f"`*{event.anchor}` stands for a key, expects a word", _span(event))
            self._children.append(_NO_KEY)
            return
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            recursive = event.anchor in self._anchors
            where = "stands inside the value that it names" if recursive else "names no anchor before it"
            self._refuse("SC015", f"`*{event.anchor}` {where}", _span(event), "write the value itself")
            anchored = _Anchored(Scalar(None, _span(event), ""), 1, 0)
        self._nodes += anchored.nodes
        if self._nodes > self._limits.nodes:
            self._refuse_nodes(event)
        if len(self._stack) + anchored.height > self._limits.depth:
            self._refuse_depth(event)
        self._heights[-1] = max(self._heights[-1], anchored.height)
        if isinstance(anchored.node, Scalar):
            self._refuse_infinity(anchored.node, _span(event))
        self._children.append(anchored.node)

    def open_sequence(self, event: CollectionStart) -> None:
        """Start a list."""
        self._open(event, is_mapping=False)

    def open_mapping(self, event: CollectionStart) -> None:
        """Start a mapping."""
        self._open(event, is_mapping=True)

    def close_sequence(self, event: Event) -> None:
        """Finish a list."""
        items = self._children
        opened = self._stack.pop()
        self._close(opened, Sequence(tuple(items), self._span_of_collection(opened, event)))

    def close_mapping(self, event: Event) -> None:
        """Finish a mapping; refuse keys that are not scalars or are given twice."""
        entries: dict[str, tuple[Scalar, Node]] = {}
        in_turns = iter(self._children)
        for key, node in _with_tuples(zip(in_turns, in_turns, strict=True)):
            if not isinstance(key, Scalar):
                self._refuse("SC023", "a list or mapping stands for a key, expects a word", _first_line(key.span))
            elif key is not _NO_KEY:
                entry = self._entry(key, node)
                if entry is None:
                    continue
                first = entries.setdefault(entry[0].text, entry)[0]
                if first is not entry[0]:
                    self._refuse_duplicate(first, entry[0])
        opened = self._stack.pop()
        self._close(opened, Mapping(tuple(entries.values()), self._span_of_collection(opened, event)))

    def _open(self, event: CollectionStart, *, is_mapping: bool) -> None:
        if len(self._stack) >= self._limits.depth:
            self._refuse_depth(event)
        self._nodes += 1
        if self._nodes > self._limits.nodes:
            self._refuse_nodes(event)
        if event.tag is not None:
            self._refuse_tag(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._children = []
        self._in_mapping = is_mapping
        self._stack.append(_Open(event, is_mapping, self._children, self._nodes - 1))
        self._heights.append(0)

    def _close(self, opened: _Open, node: Node) -> None:
        height = self._heights.pop() + 1
        self._heights[-1] = max(self._heights[-1], height)
        if opened.event.anchor is not None:
            self._anchors[opened.event.anchor] = _Anchored(node, self._nodes - opened.nodes_before, height)
        if self._stack:
            around = self._stack[-1]
            self._children = around.children
            self._in_mapping = around.is_mapping
        else:
            self._children = self._root
            self._in_mapping = False
        self._children.append(node)

    def _quoted(self, event: ScalarEvent, span: Span) -> Scalar:
        text = written = event.value
        if event.style in ("'", '"'):
            raw = self._source.text[event.start_mark.index : event.end_mark.index]
            written = raw[_value_offset(raw) + 1 : -1]
            hidden = forbidden(text).search(text)
            if hidden:
                self._refuse("SC003", f"{describe(hidden[0])}, expects printable text", span, "delete its escape")
        is_key = self._in_mapping and not len(self._children) & 1
        return Scalar(text, span, text if is_key else written, quoted=True)

    def _too_long(self, text: str, span: Span) -> Scalar:
        most = self._limits.scalar_length
        start = Span(span.line, span.column, span.line, span.column + 1)
        message = f"`{shorten(text)}` has {len(text)} characters, expects at most {most}"
        self._refuse("SC013", message, start, self._limits.raising("scalar_length", len(text)))
        return Scalar(text, span, text, quoted=True)

    def _entry(self, key: Scalar, value: Node) -> tuple[Scalar, Node] | None:
        """Return a key and its value as likely intended; None if the key is refused."""
        if key.quoted:
            return key, value
        if key.text == "<<":
            self._refuse("SC022", "`<<` merges a mapping, and merge keys are refused", key.span, "write the keys out")
        elif not key.text:
            self._refuse("SC023", "a key is missing before `:`", key.span)
        elif _is_absent(value) and _COLON_WITHOUT_SPACE.match(key.text):
            name, _, rest = key.text.partition(":")
            fix = Fix(key.span, f"{name}: {rest}", safe=True)
            help_ = f"write `{shorten(fix.replacement)}`"
            self._refuse("SC003", f"`{shorten(key.text)}` has no space after its colon", key.span, help_, fix)
            meant = resolve(rest, self._limits.integer_digits)
            return Scalar(name, key.span, name), Scalar(None if isinstance(meant, Refused) else meant, key.span, rest)
        else:
            return key, value
        return None

    def _refuse_duplicate(self, first: Scalar, again: Scalar) -> None:
        self.report(
            Diagnostic(
                code="SC020",
                message=f"`{shorten(again.text)}` is given twice",
                span=again.span,
                label="given again",
                labels=(Label(first.span, "given here first"),),
                help="keep one of the two",
            )
        )

    def _refuse_scalar(self, refused: Refused, span: Span) -> None:
        fix = Fix(span, refused.replacement) if refused.replacement else None
        self._refuse(refused.code, refused.message, span, refused.help, fix)

    def _refuse_infinity(self, node: Scalar, span: Span) -> None:
        """Refuse an alias of an infinity: a field that accepts the one with the anchor does not decide for others."""
        refused = None if node.quoted or infinite(node.text) is None else resolve(node.text)
        if isinstance(refused, Refused):
            self._refuse_scalar(refused, span)

    def _refuse_tag(self, event: NodeEvent) -> None:
        text, index = self._source.text, event.start_mark.index
        # An anchor may come first: `&name !tag value`.
        while text[index] != "!":
            index += 1
        end = index
        while end < len(text) and not text[end].isspace() and text[end] not in ",[]{}":
            end += 1
        span = span_between(text, index, end)
        self._refuse(
            "SC021",
            f"`{shorten(text[index:end])}` is a tag, and tags are refused",
            span,
            "delete the tag",
            Fix(span, ""),
        )

    def _refuse_nodes(self, event: Event) -> NoReturn:
        message = f"`{self._source.name}` holds more than {self._limits.nodes} values, aliases written out"
        self._stop("SC012", message, _first_line(_span(event)), self._limits.raising("nodes"))

    def _refuse_depth(self, event: Event) -> NoReturn:
        message = f"lists and mappings nest deeper than {self._limits.depth}"
        self._stop("SC011", message, _first_line(_span(event)), self._limits.raising("depth"))

    def _refuse(self, code: str, message: str, span: Span, help_: str | None = None, fix: Fix | None = None) -> None:
        self.report(Diagnostic(code=code, message=message, span=span, help=help_, fix=fix))

    def _stop(self, code: str, message: str, span: Span | None, help_: str | None = None) -> NoReturn:
        last = Diagnostic(code=code, message=message, span=span, help=help_)
        raise ShapecalcError((*self._diagnostics, last), self._source)

    def _span_of_value(self, event: ScalarEvent) -> Span:
        """Return the span of a scalar without the anchor and tag before it."""
        if event.tag is not None:
            self._refuse_tag(event)
        start, end = event.start_mark, event.end_mark
        text = self._source.text
        stop = end.index
        offset = _value_offset(text[start.index : stop])
        line, column = position_after(text, start.index, start.index + offset, (start.line + 1, start.column + 1))
        return Span(line, column, end.line + 1, end.column + 1)

    def _span_of_collection(self, opened: _Open, event: Event) -> Span:
        start, end = opened.event.start_mark, event.end_mark
        line, column = start.line + 1, start.column + 1
        if not opened.event.flow_style and opened.children:
            # In YAML a block ends where the next token starts; readers expect the end of its last value.
            last = opened.children[-1].span
            if (last.end_line, last.end_column) > (line, column):
                return Span(line, column, last.end_line, last.end_column)
        return Span(line, column, end.line + 1, end.column + 1)


def _with_tuples(entries: Iterable[tuple[Node, Node]]) -> Iterator[tuple[Node, Node]]:
    """Return entries with the values that begin with a parenthesis put together again.

    In braces, YAML ends a value at a comma: `size: (3, 3)` has the value `(3`, and the key `3)` without a value.
    """
    pending: tuple[Node, Scalar] | None = None
    for key, node in entries:
        if pending is not None and isinstance(key, Scalar) and _is_absent(node) and _ENTRY.fullmatch(key.text):
            first, value = pending
            span = value.span._replace(end_line=key.span.end_line, end_column=key.span.end_column)
            text = f"{value.text}, {key.text}"
            pending = (first, Scalar(text, span, text))
        else:
            if pending is not None:
                yield pending
            pending = None
            if isinstance(node, Scalar) and not node.quoted and _OPEN.fullmatch(node.text):
                pending = (key, node)
            else:
                yield key, node
        if pending is not None and pending[1].text.count("(") == pending[1].text.count(")"):
            yield pending
            pending = None
    if pending is not None:
        yield pending


def _value_offset(raw: str) -> int:
    """Return the length of the anchors and tags at the start of a node as written."""
    offset = 0
    while match := _TAG_OR_ANCHOR.match(raw, offset):
        offset = match.end()
    return offset


def _span(event: Event) -> Span:
    start, end = event.start_mark, event.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _is_absent(node: Node) -> bool:
    """Return whether a value is left out, which is neither `null` nor empty quotes."""
    return isinstance(node, Scalar) and node.value is None and not node.text


def _first_line(span: Span) -> Span:
    """Return the span, or its first character if it covers several lines."""
    return span if span.line == span.end_line else Span(span.line, span.column, span.line, span.column + 1)
