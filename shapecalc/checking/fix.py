"""Automatic fixes of unambiguous mistakes in a text; comments, layout and line ends stay unchanged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.checking.keras import convert, with_notes
from shapecalc.diagnostics import MOST_DIAGNOSTICS, Diagnostic, ShapecalcError, Span
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.files.load import loads_source
from shapecalc.parser.file_kind import FileKind, kind_of
from shapecalc.parser.include import diagnose_blocks
from shapecalc.parser.positions import offsets_of, span_between
from shapecalc.shape_inference.engine import Reports

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from shapecalc.checking.keras import Conversion
    from shapecalc.diagnostics import Fix, Source

MOST_READINGS = 200
"""The most times that one text is read."""

_REVEALING = ("SC003", "SC101")
"""Mistakes that hide others: nothing is read after a syntax error, and no field of a layer of an unknown type."""
YAML = "SC00"
"""The codes of mistakes that keep a text from being read."""
WORDS = ("SC101", "SC102")
"""The codes of unknown words, among which may be those of Keras."""
CONVERTED = Diagnostic("SC101", "a word of Keras")
"""The diagnostic of what a conversion as a whole changes."""

_ANCHOR = re.compile(r"&[^\s,\[\]{}]+\s+\Z")


class Edit(NamedTuple):
    """One fix: its diagnostic, the span in the original text, and the text there before and after."""

    diagnostic: Diagnostic
    span: Span
    before: str
    after: str


class FixedText(NamedTuple):
    """A fixed text, its edits in the order of the text, and the remaining mistakes.

    A text in Keras words is converted as a whole, with `notes` on what is different now, or not at all: then `refusal`
    says why, and there are no edits.
    """

    source: Source
    edits: tuple[Edit, ...]
    remaining: tuple[Diagnostic, ...]
    notes: tuple[str, ...] = ()
    refusal: Diagnostic | None = None


class _Change(NamedTuple):
    """A replacement for the text from `start` to `end`, and the diagnostic that it resolves."""

    start: int
    end: int
    before: str
    replacement: str
    diagnostic: Diagnostic

    @property
    def growth(self) -> int:
        return len(self.replacement) - len(self.before)

    def unmade(self, offset: int, *, end: bool) -> int:
        """Return an offset as of before the edit; one inside the replacement becomes its start, or its end."""
        if offset < self.start + len(self.replacement):
            return min(offset, self.end if end else self.start)
        return offset - self.growth


def fix_text(source: Source, folder: Path | None = None, limits: Limits = LIMITS) -> FixedText:
    r"""Return a text with all fixes applied that cannot change what its author intended (`Fix.safe`).

    An edit is retained if it resolves its mistake and causes no other; mistakes that become visible are fixed too.
    Mistakes in files that the text includes and unmet expectations are not fixed. `folder` contains the text.

    >>> from shapecalc.diagnostics import Source
    >>> net = "input: [N, 3, 8, 8]\nlayers:\n  - conv: {filters: 6, kernal_size: 5}  # the first\n"
    >>> print(fix_text(Source("net.yaml", net)).source.text)
    input: [N, 3, 8, 8]
    layers:
      - conv: {out_channels: 6, kernel_size: 5}  # the first
    <BLANKLINE>
    """
    return _Fixing(source, folder, limits).fix()


class _Fixing:
    """The state of fixing one text: the current text, its mistakes, and the changes so far."""

    __slots__ = ("_done", "_folder", "_limits", "_mistakes", "_original", "_readings", "_refused", "_source", "_yaml")

    def __init__(self, source: Source, folder: Path | None, limits: Limits) -> None:
        self._yaml = False
        self._original = self._source = source
        self._folder = folder
        self._limits = limits
        self._readings = 0
        self._done: list[_Change] = []
        """In the order in which they were made; offsets are those of the text after the changes before."""
        self._refused: set[tuple[str, str, int]] = set()
        """Edits that did not resolve their mistakes: they are tried again after the text has changed."""
        self._source, self._mistakes = self._read(source.text)

    def fix(self) -> FixedText:
        """Fix all mistakes; words of Keras that depend on each other are converted together, or not at all."""
        if any(mistake.code.startswith(YAML) or mistake.code in WORDS for mistake in self._mistakes):
            self.run(of_yaml_alone=True)
            conversion = convert(self._source, self._folder, self._limits)
            if conversion is not None:
                return self._converted(conversion)
        return self.run()

    def run(self, *, of_yaml_alone: bool = False) -> FixedText:
        """Fix all that can be fixed; `of_yaml_alone` only what keeps the text from being read."""
        self._yaml = of_yaml_alone
        changed = True
        while changed and self._readings < MOST_READINGS:
            changed = False
            self._refused.clear()
            while (changes := self._changes()) and self._readings < MOST_READINGS:
                changed = self._make(changes) or changed
            # Without a refused edit there is nothing to try again.
            changed = changed and bool(self._refused)
        return FixedText(self._source, self._edits(), self._mistakes)

    def _converted(self, conversion: Conversion) -> FixedText:
        """Return the text that was converted as a whole, or the text as it is."""
        if conversion.refusal is not None:
            mistakes = with_notes(self._source, self._mistakes, self._folder, self._limits)
            unsafe = (mistake._replace(fix=mistake.fix and mistake.fix._replace(safe=False)) for mistake in mistakes)
            return FixedText(self._source, self._edits(), tuple(unsafe), refusal=conversion.refusal)
        edits = (*self._edits(), *(Edit(CONVERTED, *change) for change in conversion.changed))
        self._source, self._mistakes = self._read(conversion.text)
        return FixedText(self._source, edits, self._mistakes, notes=conversion.notes)

    def _read(self, text: str) -> tuple[Source, tuple[Diagnostic, ...]]:
        """Return a text with those that it includes, and the mistakes found by reading and by shape inference."""
        self._readings += 1
        source = self._source._replace(text=text, included=())
        try:
            if kind_of(source, self._limits) is FileKind.BLOCKS:
                blocks = diagnose_blocks(source, self._folder, self._limits)
                return blocks.source, blocks.diagnostics
            architecture = loads_source(source, self._limits, self._folder, unused=True)
            Reports(architecture).at({})
        except ShapecalcError as error:
            return error.source or source, error.diagnostics
        return architecture.file or source, ()

    def _changes(self) -> tuple[_Change, ...]:
        """Return the edits to try next, from the end of the text; those that reveal others come before all others."""
        text = self._source.text
        changes: list[_Change] = []
        for diagnostic in self._mistakes:
            if self._yaml and not diagnostic.code.startswith(YAML):
                continue
            if _is_safe(diagnostic.fix) and _key(diagnostic) not in self._refused:
                assert diagnostic.fix is not None  # it is safe
                start, end = offsets_of(text, diagnostic.fix.span)
                if text[start:end] != diagnostic.fix.replacement and not _ANCHOR.search(text, 0, start):
                    changes.append(_Change(start, end, text[start:end], diagnostic.fix.replacement, diagnostic))
        of_code = {code: [change for change in changes if change.diagnostic.code == code] for code in _REVEALING}
        first = next(filter(None, of_code.values()), changes)
        chosen: list[_Change] = []
        for change in sorted(first, key=lambda change: (change.start, change.end), reverse=True):
            # Of two that overlap the later one is made; the other may apply once the text is read again.
            if not chosen or (change.end <= chosen[-1].start and change.start < chosen[-1].start):
                chosen.append(change)
        return tuple(chosen)

    def _make(self, changes: tuple[_Change, ...]) -> bool:
        """Make the edits together if that resolves all mistakes, else one by one; return whether one was made."""
        if self._accept(changes):
            return True
        made = False
        if len(changes) > 1:
            for change in changes:
                made = (self._readings < MOST_READINGS and self._accept((change,))) or made
        return made

    def _accept(self, changes: tuple[_Change, ...]) -> bool:
        """Make the edits if they resolve their mistakes and cause no others; a single edit that does not is refused."""
        text = self._source.text
        for change in changes:
            text = text[: change.start] + change.replacement + text[change.end :]
        source, mistakes = self._read(text)
        if _is_better(changes, self._mistakes, mistakes, text):
            self._source, self._mistakes = source, mistakes
            self._done += changes
            return True
        if len(changes) == 1:
            self._refused.add(_key(changes[0].diagnostic))
        return False

    def _edits(self) -> tuple[Edit, ...]:
        return tuple(sorted(self._made(), key=lambda edit: _start(edit.span)))

    def _made(self) -> Iterable[Edit]:
        for position, change in enumerate(self._done):
            start, end = change.start, change.end
            for earlier in reversed(self._done[:position]):
                start, end = earlier.unmade(start, end=False), earlier.unmade(end, end=True)
            span = span_between(self._original.text, start, end)
            yield Edit(change.diagnostic, span, change.before, change.replacement)


def _is_safe(fix: Fix | None) -> bool:
    """Return whether an edit may be made automatically: it is safe, and within one line of the text itself."""
    return fix is not None and fix.safe and not fix.span.file and fix.span.line == fix.span.end_line


def _key(diagnostic: Diagnostic) -> tuple[str, str, int]:
    return diagnostic.code, diagnostic.message, diagnostic.span.line if diagnostic.span else 0


def _is_better(
    changes: tuple[_Change, ...], before: tuple[Diagnostic, ...], after: tuple[Diagnostic, ...], text: str
) -> bool:
    """Return whether edits have resolved their mistakes, and caused no others.

    After a syntax error or a layer type is fixed, and if there are more mistakes than are reported, other mistakes
    become visible: then only those of the edits must be resolved.
    """
    starts = {(diagnostic.code, _start(span)) for diagnostic in after for span in _spans(diagnostic)}
    shift = sum(change.growth for change in changes)
    for change in changes:
        shift -= change.growth
        start = change.start + shift
        if (change.diagnostic.code, _start(span_between(text, start, start))) in starts:
            return False
    reveals = changes[0].diagnostic.code in _REVEALING or len(before) >= MOST_DIAGNOSTICS
    return reveals or len(after) <= len(before) - len(changes)


def _spans(diagnostic: Diagnostic) -> Iterable[Span]:
    return [span for span in (diagnostic.span, diagnostic.fix and diagnostic.fix.span) if span is not None]


def _start(span: Span) -> tuple[int, int, int]:
    return span.file, span.line, span.column
