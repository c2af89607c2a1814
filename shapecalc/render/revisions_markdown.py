"""The networks that differ between two revisions as one comment on a pull request, within what GitHub takes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from shapecalc.diffing.diff import Change, ChangeKind
from shapecalc.render.check.text import blocks
from shapecalc.render.diff import MARKER, MOST_ROWS, layer_lines, markdown_figures, markdown_totals, tally
from shapecalc.render.revisions import (
    METRICS,
    ancestor,
    counted,
    figures,
    has_details,
    largest,
    moved,
    name_of,
    networks,
    others,
    paths_of,
    statuses,
)
from shapecalc.render.tables.model import Delta, Fixed, Path
from shapecalc.render.terminal.escaping import code_span, longest_run, markdown_code, markdown_figure, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from shapecalc.diagnostics import ShapecalcError
    from shapecalc.diffing.revisions import NetworkChange, RevisionComparison

LIMIT = 65_536
"""The most characters of a comment on GitHub.

Counted here are UTF-16 code units, of which a character beyond U+FFFF has two: a comment within the limit then has at
most 65,536 characters and at most 196,608 bytes, of which GitHub takes 262,144.
"""
_RESERVE = 2_000
"""The characters of the lines that name what is left out."""
_NAMES = 600
"""The characters of the names of networks whose details are left out."""
_MOST = (MOST_ROWS, 50, 10)
"""The most rows of layers of one network: the first of these numbers with which the details of all networks fit."""
_MOST_FINDINGS = 20
"""The most diagnostics of one network."""
_LEAST = 100
"""The characters with which no details fit."""
_WIDTH = 100
"""The columns of diagnostics."""
_HEAD = ("| | file | params | MACs | memory | largest change |", "| --- | --- | ---: | ---: | ---: | --- |")


def markdown(compared: RevisionComparison) -> str:
    """Return a table of the networks, and a collapsed section for each with its layers or its diagnostics.

    Nothing in a name or a path is markup or a mention. What exceeds `LIMIT` is left out and counted: details before
    rows of the table, layers before diagnostics.
    """
    start = [MARKER, f"### shapecalc: {_title(compared)}", ""]
    if compared.identical:
        return "\n".join([*start, f"No change in shapes, parameters or costs: {others(compared)}."])
    end = ["", f"{networks(len(compared.changes))} ({statuses(compared.changes)}), {others(compared)}."]
    room = LIMIT - _RESERVE - _size([*start, *_HEAD, *end])
    # Networks with errors come first if not all fit.
    order = sorted(enumerate(compared.changes), key=lambda each: each[1].new_error is None)
    rows = _fitting(((place, [_row(change)]) for place, change in order), room)
    details = _details(
        [each for each in order if has_details(each[1])], room - sum(_size(lines) for lines in rows.values())
    )
    return "\n".join(
        [
            *start,
            *_HEAD,
            *_in_order(rows),
            *_rows_left_out(
                [change for place, change in enumerate(compared.changes) if place not in rows], compared.changes
            ),
            *_in_order(details),
            *_details_left_out([change for place, change in order if place not in details and has_details(change)]),
            *end,
        ]
    )


def _size(lines: Iterable[str]) -> int:
    """Return the number of UTF-16 code units of lines, with their line breaks.

    >>> _size(["ab", "\N{MATHEMATICAL BOLD CAPITAL A}"])
    6
    """
    return sum(1 + len(line) + (0 if line.isascii() else sum(letter > "\uffff" for letter in line)) for line in lines)


def _fitting(texts: Iterable[tuple[int, list[str]]], room: int, least: int = 0) -> dict[int, list[str]]:
    """Return the lines that fit, by their places; no further ones are made if less than `least` is left."""
    shown: dict[int, list[str]] = {}
    for place, lines in texts:
        size = _size(lines)
        if size <= room:
            shown[place] = lines
            room -= size
        if room < least:
            break
    return shown


def _in_order(texts: Mapping[int, list[str]]) -> list[str]:
    return [line for _, lines in sorted(texts.items()) for line in lines]


def _title(compared: RevisionComparison) -> str:
    differ = networks(len(compared.changes), "differs", "differ") if compared.changes else "no network differs"
    base = ancestor(compared) + code_span(compared.base)
    return f"{differ} between {base} and {code_span(compared.head)}" if compared.head else f"{differ} from {base}"


def _row(change: NetworkChange) -> str:
    layer, by = largest(change)
    shown = markdown_code(layer.full) if isinstance(layer, Path) else layer.text()
    if by is not None:
        shown += f" {markdown_figure(Delta(by.delta).text())} {by.note}"
    cells = [
        change.status.value,
        _files(change, markdown_code),
        *(each.text() if isinstance(each, Fixed) else markdown_figure(each.text()) for each in figures(change)),
    ]
    return f"| {' | '.join([*cells, shown])} |"


def _files(change: NetworkChange, code: Callable[[str], str]) -> str:
    """Return the paths of a network, and of the files through which it differs."""
    paths = " → ".join(code(path) for path in paths_of(change))
    return f"{paths} through {', '.join(map(code, change.through))}" if change.through else paths


def _html_code(text: str) -> str:
    return f"<code>{escape(terminal(text))}</code>"


def _details(order: Sequence[tuple[int, NetworkChange]], room: int) -> dict[int, list[str]]:
    """Return the lines of the details of networks by their places, with as many rows each as fit for all."""
    shown: dict[int, list[str]] = {}
    for most in _MOST:
        shown = _fitting(((place, _section(change, most)) for place, change in order), room, _LEAST)
        if len(shown) == len(order):
            break
    return shown


def _section(change: NetworkChange, most: int) -> list[str]:
    """Return a collapsed section: the totals of a network and at most `most` of its layers, or its diagnostics."""
    compared, error = change.comparison, change.new_error
    said = counted(len(error.diagnostics), "error") if error else tally(compared) if compared else ""
    name = f" ({_html_code(name_of(change))})" if name_of(change) else ""
    summary = f"{change.status.value} {_files(change, _html_code)}{name}{f': {said}' if said else ''}"
    lines = ["", "<details open>" if error else "<details>", f"<summary>{summary}</summary>", ""]
    if compared is not None:
        layers = layer_lines(compared, most)
        lines += [*markdown_figures(compared), *([""] if layers else []), *layers]
    elif error is None:
        lines += markdown_totals(change.totals, is_gone=change.new_path is None)
    for failure, when in ((change.old_error, "before"), (error, "after")):
        if failure is not None:
            lines += [*([""] if lines[-1] else []), f"Errors {when} the change:", "", *_fenced(failure)]
    return [*lines, "", "</details>"]


def _fenced(error: ShapecalcError) -> list[str]:
    """Return diagnostics as `check` shows them, in a block of code."""
    text = "\n\n".join(blocks(error.diagnostics[:_MOST_FINDINGS], error.source, color=False, width=_WIDTH))
    fence = "`" * max(3, longest_run("`", text) + 1)
    left = len(error.diagnostics) - _MOST_FINDINGS
    return [
        f"{fence}text",
        *text.split("\n"),
        fence,
        *(["", f"… and {counted(left, 'error')} more"] if left > 0 else []),
    ]


def _rows_left_out(left: Sequence[NetworkChange], every: Sequence[NetworkChange]) -> list[str]:
    """Return lines with the number of networks that are not in the table, and the totals of all."""
    if not left:
        return []
    totals = ", ".join(f"{METRICS[name].heading} {_total(name, every)}" for name in METRICS)
    return ["", f"… and {networks(len(left))} more ({statuses(left)}).", "", f"All {networks(len(every))}: {totals}"]


def _total(name: str, changes: Sequence[NetworkChange]) -> str:
    """Return the change of a figure of all networks whose figures are numbers, and how many others there are."""
    before = after = unknown = 0
    for change in changes:
        each = getattr(change.totals, name)
        if isinstance(each.before, int) and isinstance(each.after, int):
            before, after = before + each.before, after + each.after
        else:
            unknown += 1
    text = markdown_figure(moved(name, Change(before, after)).text() or "0")
    return f"{text} without {networks(unknown)} that {'has' if unknown == 1 else 'have'} no number" if unknown else text


def _details_left_out(left: Sequence[NetworkChange]) -> list[str]:
    """Return lines that name the networks whose details are left out, as far as there is room."""
    if not left:
        return []
    names: list[str] = []
    for change in left:
        name = f"{code_span(change.path)} ({_amount([change])})"
        if _size([*names, name]) > _NAMES:
            break
        names.append(name)
    if len(names) < len(left):
        rest = left[len(names) :]
        names.append(f"{'and ' if names else ''}{networks(len(rest))}{' more' if names else ''} ({_amount(rest)})")
    return ["", f"Details left out, as a comment has at most {LIMIT:,} characters: {', '.join(names)}."]


def _amount(changes: Sequence[NetworkChange]) -> str:
    """Return how many layers that differ and errors networks have."""
    layers = sum(
        count
        for change in changes
        if change.comparison
        for kind, count in change.comparison.tally.items()
        if kind is not ChangeKind.SAME
    )
    errors = sum(
        len(error.diagnostics) for change in changes for error in (change.old_error, change.new_error) if error
    )
    said = [counted(layers, "layer")] if layers else []
    said += [counted(errors, "error")] if errors else []
    return ", ".join(said) or "totals"
