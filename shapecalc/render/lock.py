"""What `shapecalc lock` changes or would change, as a table and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.parser.scalars import shorten
from shapecalc.render.check.located import plural
from shapecalc.render.tables.model import (
    BLANK,
    Amount,
    Document,
    Fixed,
    Lines,
    Path,
    Table,
    TableColumn,
    TableRow,
    Words,
)
from shapecalc.render.terminal.numbers import grouped, rounded, share, signed
from shapecalc.render.terminal.palette import BAD, CAUTION, GOOD, PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shapecalc.diffing.lock.changes import FileChange
    from shapecalc.diffing.lock.entries import LockedCount
    from shapecalc.render.tables.model import Value
    from shapecalc.shape_inference.rows import Count

_STYLES = {"new": GOOD, "removed": BAD, "changed": CAUTION, "moved": CAUTION}
_ACTIVE = "active_params"
_COLUMNS = {
    name: TableColumn(name, heading)
    for name, heading in {
        "file": None,
        "params": None,
        _ACTIVE: "active params",
        "macs": "MACs",
        "change": None,
    }.items()
}
_LISTED = tuple(
    TableColumn(name)
    for name in (
        *("file", "change", "was", "params_before", "params_after", "macs_before", "macs_after"),
        *("layers_added", "layers_removed", "layers_changed"),
        *("active_params_before", "active_params_after"),
    )
)


class LockSummary(NamedTuple):
    """The lock file, the number of files in it, and what has changed in it; `files` are those locked again if not."""

    lock_file: str
    created: bool
    written: bool
    files: int
    new: tuple[str, ...]
    updated: Mapping[str, tuple[str, ...]]
    """The changes of each file that has changed since it was locked, if they were recorded."""
    changes: tuple[FileChange, ...] = ()
    causes: Mapping[str, tuple[str, ...]] = {}
    """The changes of each file, whether they were recorded or not."""
    skipped: tuple[str, ...] = ()
    """The YAML files of other tools that discovery passed over."""

    @property
    def moving(self) -> tuple[FileChange, ...]:
        """All changes if one is of an entry that the lock has: one that is new moves nothing."""
        return self.changes if any(change.kind != "new" for change in self.changes) else ()

    def to_dict(self) -> dict[str, Any]:
        """Return the values of the JSON document."""
        return {**self._asdict(), "changes": [_values(change) for change in self.changes]}


def _values(change: FileChange) -> dict[str, Any]:
    figures = {
        f"{name}_{when}": None if entry is None else getattr(entry, name)
        for name in ("params", "macs", "flops", _ACTIVE)
        for when, entry in (("before", change.before), ("after", change.after))
    }
    layers = change.layers._asdict()
    return {"file": change.key, "kind": change.kind, "was": change.was or None, **figures, "layers": layers}


def summary(done: LockSummary) -> Document:
    """Return a row for each file that moves, a line for each cause, and one for the lock file."""
    mixed = any(
        entry and entry.active_params is not None for each in done.moving for entry in (each.before, each.after)
    )
    columns = tuple(column for name, column in _COLUMNS.items() if mixed or name != _ACTIVE)
    table = Table(columns, [_row(change, mixed=mixed) for change in done.moving])
    return Document("", [[table] if done.moving else [], [Lines([*_lines(done)])]], table)


def listing(done: LockSummary) -> Table:
    """Return a row per file that is new, removed or changed, for programs."""
    return Table(_LISTED, [_listed(change) for change in done.changes])


def passed_over(files: Sequence[str]) -> str:
    """Return the end of the last line: the number of YAML files that are not networks, as `check` states it."""
    return f"; {plural(len(files), 'other YAML file')} passed over" if files else ""


def _lines(done: LockSummary) -> Iterator[str]:
    files, others = plural(done.files, "file"), passed_over(done.skipped)
    if not done.written and not done.moving:
        yield f"nothing has moved: {files} as locked in {done.lock_file}{others}"
        return
    if not done.written:
        yield f"{done.lock_file} is not written: `--update` records this{others}"
        return
    for name, messages in done.updated.items():
        yield from (f"updated: {message if f'`{name}`' in message else f'{name}: {message}'}" for message in messages)
    new = f", {len(done.new):,} of them new" if done.new and not done.created else ""
    yield f"{done.lock_file} holds {files}{new}{others}"


def _row(change: FileChange, *, mixed: bool) -> TableRow:
    counts = [_change(change, name) for name in ("params", *([_ACTIVE] if mixed else []), "macs")]
    style = _STYLES[change.kind]
    return TableRow((Path(change.key), *counts, _kind(change)), styles=(style, *(PLAIN for _ in counts), style))


def _kind(change: FileChange) -> Words:
    if change.kind == "moved":
        return Words(f"moved from {change.was}", "moved")
    if change.kind != "changed":
        return Words(change.kind)
    counts = [f"{count:,} {word}" for word, count in change.layers._asdict().items() if count]
    if not counts:
        return Words("no layer changed", "no layer")
    first, *others = counts
    number, word = first.split()
    return Words(", ".join([f"{number} layer{'' if number == '1' else 's'} {word}", *others]), ", ".join(counts))


def _change(change: FileChange, name: str) -> Value:
    """Return a count before and after, with the difference in percent; a single one if it did not change."""
    before, after = (getattr(entry, name) for entry in (change.before or change.after, change.after or change.before))
    if name == _ACTIVE and None in (before, after):
        before = after = before if after is None else after
        if after is None:
            return BLANK
    if before == after:
        return Words(_text(after, grouped), _text(after, rounded))
    full, brief = (f"{_text(before, write)} → {_text(after, write)}" for write in (grouped, rounded))
    if not isinstance(before, int) or not isinstance(after, int):
        return Words(full, brief)
    delta = after - before
    part = f" ({'+' if delta > 0 else '−'}{share(abs(delta), before)})" if before else ""
    if rounded(before) == rounded(after):
        brief = f"{rounded(after)}, {signed(delta, rounded)}"
    return Words(f"{full}, {signed(delta, grouped)}{part}", f"{brief}{part}")


def _text(count: LockedCount, write: Callable[[Count], str]) -> str:
    """Return a count as text; an expression of a lock may be any text, and is shown as it is."""
    return shorten(count) if isinstance(count, str) else write(count)


def _listed(change: FileChange) -> TableRow:
    sides = (change.before, change.after)
    params, macs, active = (
        [_exact(entry and getattr(entry, name)) for entry in sides] for name in ("params", "macs", _ACTIVE)
    )
    return TableRow(
        (
            Words(change.key),
            Fixed(change.kind),
            Words(change.was),
            *params,
            *macs,
            *map(Amount, change.layers),
            *active,
        ),
    )


def _exact(count: LockedCount) -> Value:
    return Words(count) if isinstance(count, str) else Fixed("") if count is None else Amount(count)
