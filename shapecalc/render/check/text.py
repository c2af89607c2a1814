"""Diagnostics as text for a terminal."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Severity, Source
from shapecalc.render.check.located import brief, plural, verdict
from shapecalc.render.terminal.escaping import terminal
from shapecalc.render.terminal.grid import Page, wrapped
from shapecalc.render.terminal.palette import Palette
from shapecalc.render.terminal.snippet import SnippetMark, draw

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.diagnostics import ShapecalcError

_CUT_WIDTH = 100
"""Columns to which source lines are cut if nothing is wrapped."""
MANY = 10
"""The most files with findings of which there is no overview."""
_NARROWEST = 40
"""Columns to which messages are wrapped at least."""
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def render_diagnostics(
    diagnostics: Sequence[Diagnostic], source: Source | None, *, color: bool = False, width: int | None = None
) -> str:
    r"""Return diagnostics one below the other, with their number in the last line; no line break at the end.

    Source lines that are wider than `width` columns are cut around the marked spans; the message, the help and the
    notes are wrapped, each under its own text. Without a width nothing is wrapped. Labels in another file than the
    diagnostic's own follow in a block below `:::` and the name of that file.

    >>> from shapecalc.diagnostics import Span
    >>> at = Span(2, 5, 2, 9)
    >>> found = Diagnostic(code="SC101", message="unknown layer type `rleu`", span=at, help="write `relu`")
    >>> print(render_diagnostics([found], Source("net.yaml", "layers:\n  - rleu\n")))
    error[SC101]: unknown layer type `rleu`
     --> net.yaml:2:5
      |
    2 |   - rleu
      |     ^^^^
      = help: write `relu`
    <BLANKLINE>
    1 error
    """
    if not diagnostics:
        return ""
    return "\n\n".join([*blocks(diagnostics, source, color=color, width=width), _summary(diagnostics)])


def render_errors(errors: Sequence[ShapecalcError], *, color: bool = False, width: int | None = None) -> str:
    """Return the diagnostics of errors, each of its own text, as those of one text are."""
    drawn = [block for error in errors for block in blocks(error.diagnostics, error.source, color=color, width=width)]
    return "\n\n".join([*drawn, _summary([each for error in errors for each in error.diagnostics])])


def blocks(
    diagnostics: Sequence[Diagnostic], source: Source | None, *, color: bool, width: int | None, file_name: str = ""
) -> list[str]:
    """Return the text of each diagnostic; one without a span that does not name the file gets its name."""
    lines_of = cache(_lines)  # many diagnostics point into one text
    return [
        _render(diagnostic, source, lines_of, color=color, width=width, file_name=file_name)
        for diagnostic in diagnostics
    ]


def checks(results: Sequence[Checked], *, color: bool = False, width: int | None = None, unicode: bool = True) -> str:
    """Return the diagnostics of all files one below the other, with the number of files checked in the last line.

    Many are summarised by directory and by code before it.

    >>> from shapecalc.checking.result import Checked
    >>> print(checks([Checked("a.yaml", None, ()), Checked("b.yaml", None, ())]))
    2 files checked: clean
    """
    drawn = [block for checked in results for block in file_blocks(checked, color=color, width=width)]
    if sum(bool(checked.findings) for checked in results) > MANY:
        from shapecalc.render.check import overview  # noqa: PLC0415 - brings tables, which few findings need
        from shapecalc.render.tables.text import table  # noqa: PLC0415

        page = Page(width, color=color, unicode=unicode)
        directories, codes = overview.directories(results), overview.codes(results, titles=True)
        drawn += [table(part, page) for part in ((directories, codes) if len(directories.rows) > 1 else (codes,))]
    return "\n\n".join([*drawn, verdict(results)])


def file_blocks(checked: Checked, *, color: bool = False, width: int | None = None) -> list[str]:
    """Return the text of each diagnostic of a file."""
    return blocks(checked.findings, checked.source, color=color, width=width, file_name=checked.name)


def _lines(source: Source) -> list[str]:
    return _LINE_BREAK.split(source.text)


def _render(
    diagnostic: Diagnostic,
    source: Source | None,
    lines_of: Callable[[Source], list[str]],
    *,
    color: bool,
    width: int | None,
    file_name: str,
) -> str:
    palette = Palette(diagnostic.severity.value, color)
    room = None if width is None else max(width, _NARROWEST)
    kind = f"{diagnostic.severity.value}[{diagnostic.code}]"
    line, *others = _lines_within(brief(diagnostic.message), room, indent=len(kind) + 2)
    rows = [palette.primary(kind) + palette.strong(f": {line}"), *map(palette.strong, others)]
    if file_name and diagnostic.span is None and file_name not in diagnostic.message:
        rows.append(f"{palette.gutter(' -->')} {terminal(file_name)}")
    files = _marks(diagnostic, source) if source else {}
    gutter = max((_digits(marks, lines_of(file)) for file, marks in files.items()), default=1)
    for file, marks in files.items():
        first = marks[0]
        if not first.primary:
            rows.append(palette.gutter(" " * gutter + " |"))
        arrow = palette.gutter(" " * gutter + ("-->" if first.primary else ":::"))
        rows.append(f"{arrow} {terminal(file.name)}:{first.span.line}:{first.span.column}")
        rows += draw(lines_of(file), marks, palette, gutter=gutter, width=room or _CUT_WIDTH)
    extras = [("help", diagnostic.help)] if diagnostic.help else []
    extras += [("note", note) for note in diagnostic.notes]
    sign = palette.gutter(" " * gutter + " =")
    for kind, text in extras:
        line, *others = _lines_within(brief(text), room, indent=gutter + len(f" = {kind}: "))
        rows += [f"{sign} {palette.strong(f'{kind}:')} {line}", *others]
    return "\n".join(rows)


def _lines_within(text: str, width: int | None, *, indent: int) -> list[str]:
    """Return the lines of a text that begins in column `indent`, and continues there."""
    if width is None:
        return [text]
    first, *others = wrapped(text, max(width - indent, _NARROWEST // 2))
    return [first, *(" " * indent + line for line in others)]


def _marks(diagnostic: Diagnostic, source: Source) -> dict[Source, list[SnippetMark]]:
    """Return the marks in each source: first the source of the diagnostic, then in the order of the labels."""
    if diagnostic.span is None:
        return {}
    marks = {source.of(diagnostic.span): [SnippetMark(diagnostic.span, brief(diagnostic.label), primary=True)]}
    for label in dict.fromkeys(diagnostic.labels):
        marks.setdefault(source.of(label.span), []).append(SnippetMark(label.span, brief(label.text), primary=False))
    return marks


def _digits(marks: list[SnippetMark], lines: list[str]) -> int:
    """Return the width of the largest line number shown of a text."""
    last = max(max(mark.span.line, mark.span.end_line) for mark in marks)
    return len(str(min(last, len(lines))))


def _summary(diagnostics: Sequence[Diagnostic]) -> str:
    counts = dict.fromkeys(Severity, 0)
    for diagnostic in diagnostics:
        counts[diagnostic.severity] += 1
    return ", ".join(plural(count, severity.value) for severity, count in counts.items() if count)
