"""The networks of a repository that differ between two revisions: a table of them, then the layers of each."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.dims import as_json
from shapecalc.render.diff import comparison, share_of_before, totals
from shapecalc.render.tables.model import (
    BLANK,
    Amount,
    Bytes,
    Delta,
    Document,
    Drawing,
    Fixed,
    Lines,
    Path,
    RelativeDelta,
    Table,
    TableColumn,
    TableRow,
)
from shapecalc.render.terminal.palette import BAD, BOLD, CAUTION, DIM, GOOD, PLAIN
from shapecalc.shape_inference.report import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shapecalc.diagnostics import ShapecalcError
    from shapecalc.diffing.diff import Change
    from shapecalc.diffing.revisions import NetworkChange, RevisionComparison
    from shapecalc.render.tables.model import Part, Value
    from shapecalc.render.terminal.grid import Page


class Metric(NamedTuple):
    """The heading of a figure, and what its counts are."""

    heading: str
    kind: type[Amount]


_STYLES = {"added": GOOD, "deleted": BAD, "changed": CAUTION, "renamed": CAUTION}
METRICS: Mapping[str, Metric] = {
    name: Metric(*row)
    for name, row in {"params": ("params", Amount), "macs": ("MACs", Amount), "memory": ("memory", Bytes)}.items()
}
"""The figures of the table."""
_COLUMNS = (
    TableColumn("status", ""),
    TableColumn("file"),
    *(TableColumn(name, metric.heading, right=True) for name, metric in METRICS.items()),
    TableColumn("largest", "largest change", drops=3),
    TableColumn("amount", "", right=True, drops=2),
)
_LISTING = tuple(
    TableColumn(name)
    for name in (
        *("status", "path_before", "path_after", "through"),
        *(f"{name}_{when}" for name in METRICS for when in ("before", "after")),
        *("largest", "largest_params", "largest_macs", "errors_before", "errors_after"),
    )
)
_LEAST = 20
"""The columns that a path has at least before a terminal leaves out the largest change."""

_LONGEST = 12
"""The characters that a formula has at most in the table of networks."""


def revisions(compared: RevisionComparison, most: int | None = None) -> Document:
    """Return a row per network that differs, then the totals and layers of `most` of them, or their diagnostics."""
    if compared.identical:
        return Document("", [[Lines([sentence(compared)])]], Table(_COLUMNS, []))
    table = Table(_COLUMNS, [_row(change) for change in compared.changes], legend=True, least=_LEAST)
    shown = [change for change in compared.changes if has_details(change)]
    details = [block for change in shown[:most] for block in _details(change)]
    below = [sentence(compared)]
    if most is not None and len(shown) > most:
        below.append(f"the details of {networks(len(shown) - most)} are left out; to_dict() has all")
    title = f"{ancestor(compared)}{compared.base} → {compared.head or 'work tree'}"
    return Document(title, [[table], *details, [Lines(below)]], table)


def listing(compared: RevisionComparison) -> Table:
    """Return a row per network that differs, with its figures before and after, for programs."""
    return Table(_LISTING, [_listed(change) for change in compared.changes])


def sentence(compared: RevisionComparison) -> str:
    """Return the numbers of networks that differ, by status, and of the others."""
    if compared.identical:
        before, after = ancestor(compared) + compared.base, compared.head or "the work tree"
        return f"no network differs between {before} and {after}: {others(compared)}"
    changes = compared.changes
    return f"{networks(len(changes), 'differs', 'differ')} ({statuses(changes)}), {others(compared)}"


def ancestor(compared: RevisionComparison) -> str:
    """Return the words before the name of the base if its common ancestor with the head was compared instead."""
    return "the merge base with " if compared.merge_base else ""


def statuses(changes: Iterable[NetworkChange]) -> str:
    """Return the number of networks of each status, and of those with errors."""
    counts = Counter(change.status for change in changes)
    said = [f"{count:,} {status.value}" for status, count in sorted(counts.items(), key=lambda each: each[0].value)]
    broken = sum(change.new_error is not None for change in changes)
    return ", ".join([*said, *([f"{broken:,} with errors"] if broken else [])])


def others(compared: RevisionComparison) -> str:
    """Return the numbers of networks that do not differ, and of files that are no networks."""
    same = f"{compared.unchanged:,} unchanged"
    if compared.without_effect:
        same += f", {len(compared.without_effect):,} changed without effect"
    return f"{same}; {counted(compared.skipped, 'other YAML file')} passed over" if compared.skipped else same


def networks(count: int, singular: str = "", plural: str = "") -> str:
    """Return a number of networks, with its verb.

    >>> networks(1, "differs", "differ"), networks(1_000)
    ('1 network differs', '1,000 networks')
    """
    return f"{counted(count, 'network')} {singular if count == 1 else plural}".strip()


def counted(count: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "layer"), counted(1_000, "layer")
    ('1 layer', '1,000 layers')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def moved(name: str, change: Change) -> Value:
    """Return the change of a figure with its percentage of the former figure; nothing if it is 0.

    Of a long formula, which the totals of the network have, only that it is one.
    """
    if change.before == change.after and change.before is not None:
        return BLANK
    part = share_of_before(change)
    delta = RelativeDelta(METRICS[name].kind(change.delta), f"({part})" if part else "")
    return Fixed("formula") if delta.is_closed_form and len(delta.text()) > _LONGEST else delta


def paths_of(change: NetworkChange) -> tuple[str, ...]:
    """Return the path of a network, both if it was renamed."""
    return tuple(dict.fromkeys(path for path in (change.old_path, change.new_path) if path is not None))


def name_of(change: NetworkChange) -> str:
    """Return the name of a network after the change, "" if it is unknown or that of its file."""
    name = "" if change.comparison is None else change.comparison.new.architecture.name
    return "" if name in paths_of(change) else name


def has_details(change: NetworkChange) -> bool:
    """Return whether more than the name of a file has changed."""
    return change.comparison is None or not change.comparison.identical


def figures(change: NetworkChange) -> list[Value]:
    """Return the changes of params, MACs and memory."""
    return [moved(name, getattr(change.totals, name)) for name in METRICS]


def largest(change: NetworkChange) -> tuple[Value, Delta | None]:
    """Return the path of the layer that differs most, and by how much; the codes of errors if the network has any."""
    if change.new_error is not None:
        return Fixed(f"error {_codes(change.codes[1])}"), None
    if change.old_error is not None:
        return Fixed(f"before: error {_codes(change.codes[0])}"), None
    row = None if change.new_path is None else change.largest
    if row is None:
        return BLANK if has_details(change) else Fixed("no other change"), None
    params, macs = row.figures.params.delta, row.figures.macs.delta
    by = Delta(Amount(params), "params") if isinstance(params, int) and params else Delta(Amount(macs), "MACs")
    return Path(row.layer.path), by


def heading(change: NetworkChange) -> str:
    """Return a line with the status of a network, its path, its name and the files through which it differs."""
    name = f" ({name_of(change)})" if name_of(change) else ""
    through = f", through {', '.join(change.through)}" if change.through else ""
    return f"{change.status.value} {' → '.join(paths_of(change))}{name}{through}"


def _codes(codes: tuple[str, ...]) -> str:
    return f"{codes[0]} and {len(codes) - 1} more" if len(codes) > 2 else ", ".join(codes)  # noqa: PLR2004 - two fit


def _row(change: NetworkChange) -> TableRow:
    status, broken = change.status.value, change.new_error is not None
    layer, by = largest(change)
    values = (Fixed(status), Path(" → ".join(paths_of(change))), *figures(change), layer, by or BLANK)
    styles = (_STYLES[status], *(PLAIN,) * 4, BAD if broken else PLAIN, PLAIN)
    return TableRow(values, styles=styles)


def _details(change: NetworkChange) -> Iterator[Sequence[Part]]:
    title = Lines([heading(change)], BOLD)
    if change.comparison is not None:
        first, *others = comparison(change.comparison).blocks
        yield [title, *first]
        yield from others
        return
    # What did not exist has no figures; those of a text with errors are unknown.
    is_new, is_gone = change.old_path is None, change.new_path is None
    yield [title, *([] if change.new_error else [totals(change.totals, is_new=is_new, is_gone=is_gone)])]
    for error, when in ((change.old_error, "before"), (change.new_error, "after")):
        if error is not None:
            yield [Lines([f"errors {when} the change:"], DIM), _diagnostics(error)]


def _diagnostics(error: ShapecalcError) -> Drawing:
    return Drawing(partial(_drawn, error))


def _drawn(error: ShapecalcError, page: Page) -> list[str]:
    """Return the lines of diagnostics, as `check` shows them."""
    from shapecalc.render.check.text import blocks  # noqa: PLC0415 - most networks have no errors
    from shapecalc.render.terminal.escaping import shown  # noqa: PLC0415

    text = "\n\n".join(blocks(error.diagnostics, error.source, color=page.color, width=page.width))
    return shown(text, unicode=page.unicode).split("\n")


def values(compared: RevisionComparison) -> dict[str, Any]:
    """Return the values of the JSON document."""
    return {
        "schema_version": SCHEMA_VERSION,
        "base": compared.base,
        "head": compared.head or None,
        "merge_base": compared.merge_base or None,
        "identical": compared.identical,
        "failed": compared.failed,
        "tally": {status.value: count for status, count in compared.tally.items()},
        "networks": [_values(change) for change in compared.changes],
        "unchanged": compared.unchanged,
        "without_effect": list(compared.without_effect),
        "skipped": compared.skipped,
    }


def _values(change: NetworkChange) -> dict[str, Any]:
    row = change.largest
    return {
        "status": change.status.value,
        "before": change.old_path,
        "after": change.new_path,
        "through": list(change.through),
        "totals": _changes(change.totals._asdict()),
        "largest": row
        and {"path": row.layer.path, **_changes({"params": row.figures.params, "macs": row.figures.macs})},
        "errors": {
            "before": _findings(change.old_path, change.old_error),
            "after": _findings(change.new_path, change.new_error),
        },
        "comparison": change.comparison.to_dict() if change.comparison else None,
    }


def _changes(changes: Mapping[str, Change]) -> dict[str, Any]:
    return {
        name: {"before": as_json(each.before), "after": as_json(each.after), "delta": as_json(each.delta)}
        for name, each in changes.items()
    }


def _findings(path: str | None, error: ShapecalcError | None) -> list[dict[str, Any]]:
    """Return diagnostics as the JSON of `check` has them."""
    if error is None:
        return []
    from shapecalc.checking.result import Checked  # noqa: PLC0415 - most networks have no errors
    from shapecalc.render.check.json import values as checked  # noqa: PLC0415

    findings: list[dict[str, Any]] = checked([Checked(path or "", error.source, error.diagnostics)])["files"][0][
        "findings"
    ]
    return findings


def _listed(change: NetworkChange) -> TableRow:
    def path(text: str | None) -> Value:
        return Path(text) if text else BLANK

    row = change.largest
    by: Iterable[Value] = (BLANK,) * 3
    if row is not None:
        by = Path(row.layer.path), Amount(row.figures.params.delta), Amount(row.figures.macs.delta)
    both = (count for name in METRICS for count in getattr(change.totals, name))
    return TableRow(
        (
            *(Fixed(change.status.value), path(change.old_path), path(change.new_path)),
            *(Path(" ".join(change.through)), *map(Amount, both), *by),
            *(Fixed(" ".join(codes)) for codes in change.codes),
        )
    )
