"""Recording of networks in a lock file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diffing.lock.drift import drift
from shapecalc.diffing.lock.entries import Lock, entry_of, to_json
from shapecalc.diffing.lock.folder import key_of, load_lock, missing_files
from shapecalc.files.atomic import write_atomic
from shapecalc.files.load import loads_source
from shapecalc.parser.files import read_source
from shapecalc.parser.include import has_only_blocks
from shapecalc.shape_inference.engine import inspect_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.diagnostics.limits import Limits
    from shapecalc.shape_inference.report import Report


class Recorded(NamedTuple):
    """The lock of a file: how many networks were given, those that are new, and what differs from the old lock.

    `written` is whether the file has been written: it is not if nothing differs, or if something does that was not to
    be updated.
    """

    file: str
    lock: Lock
    given: int
    new: tuple[str, ...]
    moved: Mapping[str, ShapecalcError]
    existed: bool
    written: bool


def reports_of(files: Iterable[str], limits: Limits) -> tuple[dict[str, Report], tuple[ShapecalcError, ...]]:
    """Return the report of each network by its file, and the errors of the others.

    A file of blocks is skipped: its blocks are locked in the files that include it.
    """
    reports: dict[str, Report] = {}
    errors = []
    for file in files:
        try:
            source = read_source(file, limits)
            if not has_only_blocks(source, limits):
                reports[file] = inspect_at(loads_source(source, limits, Path(file).parent), {})
        except ShapecalcError as error:
            errors.append(error)
    return reports, tuple(errors)


def record(reports: Mapping[str, Report], file: str, version: str, *, update: bool = False) -> Recorded:
    """Record networks, by their paths, in a lock file; those of the file that are not given stay.

    With `update`, entries that differ are replaced, and those of missing files are removed; else nothing is written if
    there are any.
    """
    exists = os.path.lexists(file)
    lock = load_lock(file) if exists else Lock({}, version)
    left = missing_files(lock, file)
    moved = {file: ShapecalcError(tuple(left.values()))} if left else {}
    entries = {key: entry for key, entry in lock.files.items() if key not in left}
    new = []
    for path, report in reports.items():
        key = key_of(path, file)
        if key not in entries:
            new.append(key)
        elif drifted := drift(report, entries[key]):
            moved[path] = ShapecalcError(drifted, report.architecture.file)
        else:
            continue
        entries[key] = entry_of(report)
    written = not exists or bool(new or moved)
    if moved and not update:
        return Recorded(file, lock, len(reports), (), moved, exists, written=False)
    recorded = Lock(entries, version)
    if written:
        write_atomic(file, to_json(recorded))
    return Recorded(file, recorded, len(reports), tuple(new), moved, exists, written)
