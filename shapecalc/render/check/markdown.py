"""Diagnostics as Markdown for a comment or a summary page: tables of files and codes, then foldable code blocks."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Severity
from shapecalc.render.check.located import path_of, plural, verdict
from shapecalc.render.check.overview import named, tables
from shapecalc.render.check.text import file_blocks
from shapecalc.render.tables import markdown
from shapecalc.render.terminal.escaping import code_span, longest_run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.checking.result import Checked

MARKER = "<!-- shapecalc check -->"
"""The first line, by which a workflow finds its comment to update it."""
MOST_CHARACTERS = 65_536
"""The length of a comment that GitHub takes, in code points: of issues and pull requests, 262,144 bytes or fewer."""
_MOST_NAMED = 10
_RESERVED = 6_000
"""What the last paragraph has at most: the names of the files of which something is left out."""
_MOST_OPEN = 3


def checks(results: Sequence[Checked]) -> str:
    """Return a comment: what does not fit is left out, files without errors first, and counted in the last line."""
    head = f"{MARKER}\n"
    room = MOST_CHARACTERS - len(head)
    return head + page(results, room, len, f"a comment has at most {MOST_CHARACTERS:,} characters").rstrip("\n")


def page(results: Sequence[Checked], most: int, size: Callable[[str], int], reason: str) -> str:
    """Return the verdict, tables, and the diagnostics of each file, within the size `most`.

    Files with errors come first. `reason` explains in the last line why something is left out.
    """
    parts = [f"### shapecalc: {verdict(results)}\n"]
    affected = [checked for checked in results if checked.findings]
    if len(affected) > 1:
        parts += [f"{markdown.table(table)}\n" for table in tables(results)]
    room = most - _RESERVED - sum(size(part) + 1 for part in parts)
    left: dict[str, Counter[Severity]] = {}
    for checked in sorted(affected, key=lambda checked: not checked.failed()):
        section, left_out = _section(checked, room, size, unfolded=len(affected) <= _MOST_OPEN)
        if left_out:
            left[path_of(checked)] = left_out
        if section:
            parts.append(section)
            room -= size(section) + 1
    if left:
        parts.append(_left_out(left, reason))
    return "\n".join(parts)


def _section(
    checked: Checked, room: int, size: Callable[[str], int], *, unfolded: bool
) -> tuple[str, Counter[Severity]]:
    """Return the diagnostics of a file that fit, in order, and the number of others."""
    left: Counter[Severity] = Counter()
    blocks: list[str] = []
    # The summary, two fences (of a run of backquotes each) and the line breaks around them.
    room -= size(_folded(checked, "", unfolded=unfolded)) + 2
    for diagnostic, block in zip(checked.findings, file_blocks(checked), strict=True):
        taken = size(block) + 2 + 2 * longest_run("`", block)
        if taken > room:
            left[diagnostic.severity] += 1
        else:
            room -= taken
            blocks.append(block)
    return (_folded(checked, "\n\n".join(blocks), unfolded=unfolded) if blocks else "", left)


def _folded(checked: Checked, text: str, *, unfolded: bool) -> str:
    fence = "`" * max(3, longest_run("`", text) + 1)
    counted = _counted(Counter(diagnostic.severity for diagnostic in checked.findings))
    # Markdown is not read in the lines of an element, only HTML.
    summary = f"<summary><code>{escape(named(path_of(checked)))}</code>: {counted}</summary>"
    opened = "<details open>" if unfolded else "<details>"
    return f"{opened}\n{summary}\n\n{fence}text\n{text}\n{fence}\n\n</details>\n"


def _left_out(left: dict[str, Counter[Severity]], reason: str) -> str:
    total = sum(left.values(), Counter[Severity]())
    names = [f"{code_span(named(path))} ({counted.total()})" for path, counted in [*left.items()][:_MOST_NAMED]]
    if len(left) > _MOST_NAMED:
        names.append(plural(len(left) - _MOST_NAMED, "other file"))
    return f"Left out, as {reason}: {_counted(total)} of {', '.join(names)}.\n"


def _counted(severities: Counter[Severity]) -> str:
    return ", ".join(plural(severities[severity], severity.value) for severity in Severity if severities[severity])
