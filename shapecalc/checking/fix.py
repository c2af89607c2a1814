"""What is surely a slip, put right in the text itself: comments, layout and line ends stay as they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import MOST_FINDINGS, ShapecalcError, Span
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.files.load import loads_source
from shapecalc.parser.positions import offsets_of, span_between
from shapecalc.shape_inference.engine import infer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from shapecalc.diagnostics import Diagnostic, Fix, Source

MOST_READINGS = 200
"""Times that one text is read at most, whatever it holds."""

_ANCHOR = re.compile(r"&[^\s,\[\]{}]+\s+\Z")


class Edit(NamedTuple):
    """One slip put right: its diagnostic, the place in the text as it was, and what stood and stands there."""

    finding: Diagnostic
    place: Span
    before: str
    after: str


class Mended(NamedTuple):
    """A text with its slips put right, what was done in the order of the text, and the mistakes that are left."""

    source: Source
    edits: tuple[Edit, ...]
    left: tuple[Diagnostic, ...]


class _Change(NamedTuple):
    """Text to put in place of `start` to `end`, and the finding that it mends."""

    start: int
    end: int
    before: str
    replacement: str
    finding: Diagnostic

    @property
    def growth(self) -> int:
        return len(self.replacement) - len(self.before)

    def unmade(self, offset: int, *, end: bool) -> int:
        """Return where an offset was before the edit; one inside what it wrote was at its start, or its end."""
        if offset < self.start + len(self.replacement):
            return min(offset, self.end if end else self.start)
        return offset - self.growth


def mend(source: Source, folder: Path | None = None, limits: Limits = LIMITS) -> Mended:
    r"""Return a text with all edits made that cannot change what its author meant (`Fix.safe`).

    An edit is kept where it clears its mistake and brings no other; what an edit makes visible is mended too. Mistakes
    in files that the text includes, and expectations that are not met, are left to the author. `folder` is where the
    text lies.

    >>> from shapecalc.diagnostics import Source
    >>> net = "input: [N, 3, 8, 8]\nlayers:\n  - conv: {filters: 6, kernal_size: 5}  # the first\n"
    >>> print(mend(Source("net.yaml", net)).source.text)
    input: [N, 3, 8, 8]
    layers:
      - conv: {out_channels: 6, kernel_size: 5}  # the first
    <BLANKLINE>
    """
    return _Mending(source, folder, limits).run()


class _Mending:
    """One text while it is mended: as it now stands, its mistakes, and what has been done."""

    __slots__ = ("_done", "_folder", "_found", "_limits", "_original", "_readings", "_refused", "_source")

    def __init__(self, source: Source, folder: Path | None, limits: Limits) -> None:
        self._original = self._source = source
        self._folder = folder
        self._limits = limits
        self._readings = 0
        self._done: list[_Change] = []
        """In the order in which they were made; each has its place in the text that the ones before it left."""
        self._refused: set[tuple[str, str, int]] = set()
        """Edits that were tried and do not mend: they are tried again once the text has changed."""
        self._source, self._found = self._read(source.text)

    def run(self) -> Mended:
        changed = True
        while changed and self._readings < MOST_READINGS:
            changed = False
            self._refused.clear()
            while (changes := self._changes()) and self._readings < MOST_READINGS:
                changed = self._make(changes) or changed
            # Without a refusal nothing is left to try again.
            changed = changed and bool(self._refused)
        return Mended(self._source, tuple(sorted(self._edits(), key=lambda edit: _start(edit.place))), self._found)

    def _read(self, text: str) -> tuple[Source, tuple[Diagnostic, ...]]:
        """Return a text with those that it includes, and what reading them and inferring shapes finds."""
        self._readings += 1
        source = self._source._replace(text=text, included=())
        try:
            architecture = loads_source(source, self._limits, self._folder)
            return architecture.file or source, infer(architecture)[1]
        except ShapecalcError as error:
            return error.source or source, error.diagnostics

    def _changes(self) -> tuple[_Change, ...]:
        """Return the edits to try next, from the end of the text; what YAML cannot read comes before all else."""
        text = self._source.text
        changes: list[_Change] = []
        for finding in self._found:
            if _is_safe(finding.fix) and _key(finding) not in self._refused:
                assert finding.fix is not None  # it is safe
                start, end = offsets_of(text, finding.fix.span)
                if text[start:end] != finding.fix.replacement and not _ANCHOR.search(text, 0, start):
                    changes.append(_Change(start, end, text[start:end], finding.fix.replacement, finding))
        syntax = [change for change in changes if change.finding.code == "SC003"]
        chosen: list[_Change] = []
        for change in sorted(syntax or changes, key=lambda change: (change.start, change.end), reverse=True):
            # Of two that overlap the later one is made; the other may stand again when the text is read anew.
            if not chosen or (change.end <= chosen[-1].start and change.start < chosen[-1].start):
                chosen.append(change)
        return tuple(chosen)

    def _make(self, changes: tuple[_Change, ...]) -> bool:
        """Make the edits at once where all of them mend, else one by one those that do; return whether one does."""
        if self._accept(changes):
            return True
        made = False
        if len(changes) > 1:
            for change in changes:
                made = (self._readings < MOST_READINGS and self._accept((change,))) or made
        return made

    def _accept(self, changes: tuple[_Change, ...]) -> bool:
        """Make edits, and take them back, refused, where they do not clear their mistakes or bring others."""
        text = self._source.text
        for change in changes:
            text = text[: change.start] + change.replacement + text[change.end :]
        source, found = self._read(text)
        if _is_better(changes, self._found, found, text):
            self._source, self._found = source, found
            self._done += changes
            return True
        if len(changes) == 1:
            self._refused.add(_key(changes[0].finding))
        return False

    def _edits(self) -> Iterable[Edit]:
        for position, change in enumerate(self._done):
            start, end = change.start, change.end
            for earlier in reversed(self._done[:position]):
                start, end = earlier.unmade(start, end=False), earlier.unmade(end, end=True)
            place = span_between(self._original.text, start, end)
            yield Edit(change.finding, place, change.before, change.replacement)


def _is_safe(fix: Fix | None) -> bool:
    """Return whether an edit is made unasked: within one line of the text itself, as all that are safe."""
    return fix is not None and fix.safe and not fix.span.file and fix.span.line == fix.span.end_line


def _key(finding: Diagnostic) -> tuple[str, str, int]:
    return finding.code, finding.message, finding.span.line if finding.span else 0


def _is_better(
    changes: tuple[_Change, ...], before: tuple[Diagnostic, ...], after: tuple[Diagnostic, ...], text: str
) -> bool:
    """Return whether edits have cleared their mistakes, and brought none.

    Once YAML can be read, and where there are more mistakes than are told, others come to light: then only these must
    be gone.
    """
    places = {(finding.code, _start(span)) for finding in after for span in _spans(finding)}
    shift = sum(change.growth for change in changes)
    for change in changes:
        shift -= change.growth
        start = change.start + shift
        if (change.finding.code, _start(span_between(text, start, start))) in places:
            return False
    reveals = changes[0].finding.code == "SC003" or len(before) >= MOST_FINDINGS
    return reveals or len(after) <= len(before) - len(changes)


def _spans(finding: Diagnostic) -> Iterable[Span]:
    return [span for span in (finding.span, finding.fix and finding.fix.span) if span is not None]


def _start(span: Span) -> tuple[int, int, int]:
    return span.file, span.line, span.column
