"""The rules as text: the list of all codes, and the explanation of one with the diagnostics of its example."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from shapecalc.checking.check import check_source
from shapecalc.diagnostics import Source
from shapecalc.render.check.text import render_diagnostics
from shapecalc.render.json import document
from shapecalc.render.terminal.escaping import shown
from shapecalc.render.terminal.palette import Palette

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.diagnostics.rules import Rule

WIDEST = 100
"""Columns of running text, however wide the terminal is."""
_INDENT = "    "
_FIXED_SPACE = "\0"
"""Replaces a space at which no line is broken."""


def overview(rules: Iterable[Rule], width: int | None, *, unicode: bool = True) -> str:
    """Return a line per code: its title, cut to the width."""
    lines = []
    for rule in rules:
        line = f"{rule.code}  {shown(rule.title, unicode=unicode)}"
        if width is not None and len(line) > width:
            dots = "…" if unicode else "..."
            line = line[: width - len(dots)].rstrip() + dots
        lines.append(line)
    return "\n".join([*lines, "", "shapecalc rule CODE: one explained"])


def full(rule: Rule, *, width: int | None = None, color: bool = False, unicode: bool = True) -> str:
    """Return the explanation of a code: title, text, the broken example, its diagnostics, the fixed example."""
    columns = min(width or WIDEST, WIDEST)
    palette = Palette("error", color)
    parts = [f"{palette.primary(rule.code)}{palette.strong(f': {rule.title}')}"]
    parts += [_filled(shown(paragraph, unicode=unicode), columns) for paragraph in rule.text.split("\n\n")]
    parts += [
        palette.strong("Broken:" if rule.language == "yaml" else "For example:"),
        textwrap.indent(rule.broken, _INDENT),
    ]
    if rule.language == "yaml":
        said = diagnostics_text(rule, color=color, width=columns - len(_INDENT))
        parts += [palette.strong("shapecalc says:"), textwrap.indent(said, _INDENT)]
    parts += [palette.strong("Fixed:"), textwrap.indent(rule.mended, _INDENT)]
    return shown("\n\n".join(parts), unicode=unicode)


def _filled(paragraph: str, columns: int) -> str:
    """Return the lines of a paragraph, broken nowhere within a code span such as `padding: 1`."""
    text = re.sub("`[^`]+`", lambda span: span[0].replace(" ", _FIXED_SPACE), paragraph)
    return textwrap.fill(text, columns, break_long_words=False, break_on_hyphens=False).replace(_FIXED_SPACE, " ")


def diagnostics_text(rule: Rule, *, color: bool = False, width: int | None = None) -> str:
    """Return the diagnostics of a broken example, computed from it, so that they are never outdated."""
    checked = check_source(Source("net.yaml", rule.broken + "\n"), None)
    return render_diagnostics(checked.findings, checked.source, color=color, width=width)


def json(rules: Iterable[Rule], *, unicode: bool = True) -> str:
    """Return rules as a JSON document, with the texts of their explanations."""
    return document({"rules": [rule._asdict() for rule in rules]}, unicode=unicode)
