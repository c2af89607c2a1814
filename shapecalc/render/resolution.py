"""The lock file that `shapecalc lock --resolve` has rebuilt, as a table and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.diffing.lock.resolving import Side
from shapecalc.parser.scalars import shorten
from shapecalc.render.check.located import plural
from shapecalc.render.lock import passed_over
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
from shapecalc.render.terminal.palette import CAUTION, DIM, PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.diffing.lock.entries import Entry, LockedCount
    from shapecalc.diffing.lock.resolving import Resolution, ResolvedFile, SideEntry
    from shapecalc.render.tables.model import Value

_SHOWN = (
    TableColumn("file"),
    TableColumn("side", "as on"),
    TableColumn("params", right=True),
    TableColumn("macs", "MACs", right=True),
)
_LISTED = tuple(
    TableColumn(name)
    for name in ("file", "side", "params", "macs", "params_ours", "macs_ours", "params_theirs", "macs_theirs")
)
_WORDS = {Side.BOTH: "both sides", Side.NEITHER: "neither side", Side.NEW: "(new)"}


def resolution(done: Resolution) -> Document:
    """Return a row per file that is not the same on both sides, and what else has to be known."""
    shown = [file for file in done.files if file.side is not Side.BOTH or file.settings_differ]
    table = Table(_SHOWN, [row for file in shown for row in _rows(file)], legend=True)
    return Document("", [[table] if shown else [], [Lines([*_lines(done, len(shown))])]], table)


def listing(done: Resolution) -> Table:
    """Return a row per file, with the figures of each side, for programs."""
    return Table(
        _LISTED,
        [
            TableRow(
                (Words(file.key), Fixed(file.side.value), *_figures(file.entry), *_of(file.ours), *_of(file.theirs))
            )
            for file in done.files
        ],
    )


def values(done: Resolution) -> dict[str, Any]:
    """Return the values of the JSON document: those of `shapecalc lock`, and each file with its sides."""
    return {
        "lock_file": done.file,
        "created": False,
        "written": True,
        "files": len(done.files),
        "new": [file.key for file in done.files if file.side is Side.NEW],
        "updated": {},
        "resolved": [
            {
                "file": file.key,
                "side": file.side.value,
                "params": file.entry.params,
                "macs": file.entry.macs,
                "settings": dict(file.entry.settings),
                "ours": _side_values(file.ours),
                "theirs": _side_values(file.theirs),
            }
            for file in done.files
        ],
        "dropped": list(done.dropped),
        "skipped": list(done.skipped),
    }


def _side_values(side: SideEntry | None) -> dict[str, Any] | None:
    if side is None:
        return None
    params, macs = (None, None) if side.entry is None else (side.entry.params, side.entry.macs)
    return {"params": params, "macs": macs, "settings": dict(side.settings)}


def _rows(file: ResolvedFile) -> Iterator[TableRow]:
    """Yield the row of a file, and if it is as on neither side a row for each side."""
    style = CAUTION if file.side is Side.NEITHER else PLAIN
    word = Fixed(_WORDS.get(file.side, file.side.value))
    yield TableRow((Path(file.key), word, *_figures(file.entry)), styles=(style, style, PLAIN, PLAIN))
    if file.side is Side.NEITHER:
        for name, side in (("ours", file.ours), ("theirs", file.theirs)):
            if side is not None:
                yield TableRow((Path(name, level=1), BLANK, *_of(side)), DIM)


def _of(side: SideEntry | None) -> tuple[Value, Value]:
    return (BLANK, BLANK) if side is None or side.entry is None else _figures(side.entry)


def _figures(entry: Entry) -> tuple[Value, Value]:
    return _count(entry.params), _count(entry.macs)


def _count(count: LockedCount) -> Value:
    """Return a count as a value; an expression of a lock may be any text, and is shown as it is."""
    return Fixed(shorten(count)) if isinstance(count, str) else Amount(count)


def _lines(done: Resolution, shown: int) -> Iterator[str]:
    for file in done.files:
        if file.settings_differ and file.ours is not None and file.theirs is not None:
            ours, theirs = (_at(side.settings) for side in (file.ours, file.theirs))
            yield f"{file.key}: ours is locked at {ours}, theirs at {theirs}: locked at {_at(file.entry.settings)}"
    for key in done.dropped:
        yield f"dropped: {key} is not {'a network' if key in done.former else 'there'} any more"
    same = len(done.files) - shown
    if same:
        yield f"{plural(same, 'file')} as on both sides"
    yield f"{done.file} is rebuilt, and holds {plural(len(done.files), 'file')}{passed_over(done.skipped)}"


def _at(settings: Any) -> str:
    return ", ".join(f"{name} = {value}" for name, value in settings.items()) or "its own sizes"
