"""Diagnostics as a person reads them in a terminal."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Severity, Source
from shapecalc.render.escaping import terminal
from shapecalc.render.palette import Palette
from shapecalc.render.snippet import Mark, draw

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LONGEST = 1_000
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def render_diagnostics(
    diagnostics: Sequence[Diagnostic], source: Source | None, *, color: bool = False, width: int = 100
) -> str:
    r"""Render diagnostics one below the other, and count them in the last line; no line break at the end.

    Source lines that are wider than `width` columns are cut around what they are shown for. What lies in another
    file than the diagnostic itself follows in a block of its own, below `:::` and the name of that file.

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
    lines_of = cache(_lines)  # many diagnostics point into one text
    blocks = [_render(found, source, lines_of, color=color, width=width) for found in diagnostics]
    return "\n\n".join([*blocks, _summary(diagnostics)])


def _lines(source: Source) -> list[str]:
    return _LINE_BREAK.split(source.text)


def _render(
    found: Diagnostic, source: Source | None, lines_of: Callable[[Source], list[str]], *, color: bool, width: int
) -> str:
    palette = Palette(found.severity.value, color)
    head = palette.primary(f"{found.severity.value}[{found.code}]")
    rows = [head + palette.strong(f": {_brief(found.message)}")]
    files = _marks(found, source) if source else {}
    gutter = max((_digits(marks, lines_of(file)) for file, marks in files.items()), default=1)
    for file, marks in files.items():
        first = marks[0]
        if not first.primary:
            rows.append(palette.gutter(" " * gutter + " |"))
        arrow = palette.gutter(" " * gutter + ("-->" if first.primary else ":::"))
        rows.append(f"{arrow} {terminal(file.name)}:{first.span.line}:{first.span.column}")
        rows += draw(lines_of(file), marks, palette, gutter=gutter, width=width)
    extras = [("help", found.help)] if found.help else []
    extras += [("note", note) for note in found.notes]
    sign = palette.gutter(" " * gutter + " =")
    rows += [f"{sign} {palette.strong(f'{kind}:')} {_brief(text)}" for kind, text in extras]
    return "\n".join(rows)


def _marks(found: Diagnostic, source: Source) -> dict[Source, list[Mark]]:
    """Give what to mark in each text: first the one that the diagnostic is about, then in the order of the labels."""
    if found.span is None:
        return {}
    marks = {source.of(found.span): [Mark(found.span, _brief(found.label), primary=True)]}
    for label in dict.fromkeys(found.labels):
        marks.setdefault(source.of(label.span), []).append(Mark(label.span, _brief(label.text), primary=False))
    return marks


def _digits(marks: list[Mark], lines: list[str]) -> int:
    """Give how wide the line numbers of one text are."""
    last = max(max(mark.span.line, mark.span.end_line) for mark in marks)
    return len(str(min(last, len(lines))))


def _summary(diagnostics: Sequence[Diagnostic]) -> str:
    counts = dict.fromkeys(Severity, 0)
    for found in diagnostics:
        counts[found.severity] += 1
    return ", ".join(
        f"{count} {severity.value}" + ("s" if count > 1 else "") for severity, count in counts.items() if count
    )


def _brief(text: str) -> str:
    """Cut what quotes a whole file, and escape what is left."""
    return terminal(text if len(text) <= _LONGEST else text[:_LONGEST] + "...")
