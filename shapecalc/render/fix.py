"""The edits of `check --fix`, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.checking.fix import CONVERTED
from shapecalc.render.terminal.escaping import ascii_only, terminal

if TYPE_CHECKING:
    from shapecalc.checking.fix import FixedText
    from shapecalc.diagnostics import Diagnostic


def edits(fixed: FixedText, *, unicode: bool = True) -> str:
    """Return the fixes of a file, in the order of its text; no line break at the end.

    >>> from shapecalc.diagnostics import Source
    >>> from shapecalc.checking.fix import fix_text
    >>> print(edits(fix_text(Source("net.yaml", "{input: [N, 8], layers: [linaer: 4]}"))))
    fixed SC101 at net.yaml:1:26: `linaer` → `linear`
    """
    lines = []
    for edit in fixed.edits:
        at = f"{fixed.source.name}:{edit.span.line}:{edit.span.column}"
        change = f"`{edit.before}` → `{edit.after}`" if edit.after else f"`{edit.before}` removed"
        done = "converted" if edit.diagnostic is CONVERTED else f"fixed {edit.diagnostic.code}"
        lines.append(f"{done} at {at}: {change}")
    lines += [f"{fixed.source.name}: {note}" for note in fixed.notes]
    if fixed.refusal is not None:
        lines.append(_refused(fixed.source.name, fixed.refusal))
    text = "\n".join(map(terminal, lines))
    return text if unicode else ascii_only(text.replace("→", "->"))


def _refused(name: str, refusal: Diagnostic) -> str:
    at = f"{name}:{refusal.span.line}:{refusal.span.column}" if refusal.span is not None else name
    notes = "".join(f"; {note}" for note in refusal.notes)
    help_text = f"; help: {refusal.help}" if refusal.help else ""
    return f"{at}: {refusal.message}{notes}{help_text}"
