"""Recording of networks in a lock file."""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diffing.lock.drift import drift
from shapecalc.diffing.lock.entries import Lock, entry_of, to_json
from shapecalc.diffing.lock.folder import key_of, load_lock, missing_files
from shapecalc.files.atomic import write_atomic
from shapecalc.files.settings import Settings, load_with
from shapecalc.parser.file_kind import FileKind, kind_of
from shapecalc.parser.files import read_source
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


class GivenReports(NamedTuple):
    """The report of each network by its file, with the settings that apply to it, and the errors of other files."""

    reports: dict[str, Report]
    settings: dict[str, Mapping[str, Any]]
    names: set[str]
    """The names of settings that apply to one of the files."""
    errors: tuple[ShapecalcError, ...]


def reports_of(files: Iterable[str], limits: Limits, settings: Settings, lock_file: str) -> GivenReports:
    """Return the report of each network at the settings of its entry in the lock file, if any, and those given.

    A file of blocks is skipped: its blocks are locked in the files that include it.
    """
    entries = load_lock(lock_file).files if os.path.lexists(lock_file) else {}
    reports: dict[str, Report] = {}
    used: dict[str, Mapping[str, Any]] = {}
    names: set[str] = set()
    errors = []
    for file in files:
        try:
            source = read_source(file, limits)
            if kind_of(source, limits) is not FileKind.BLOCKS:
                before = entries[key].settings if (key := key_of(file, lock_file)) in entries else {}
                both = settings._replace(values={**before, **settings.values})
                given = load_with(source, both, limits, Path(file).parent)
                reports[file] = inspect_at(given.architecture, given.sizes)
                used[file] = given.used
                names |= given.names
        except ShapecalcError as error:
            errors.append(error)
    return GivenReports(reports, used, names, tuple(errors))


def record(
    reports: Mapping[str, Report],
    file: str,
    version: str,
    *,
    update: bool = False,
    settings: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> Recorded:
    """Record networks, by their paths, in a lock file, with the settings of each; others in the file stay.

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
        elif entries[key].settings != settings.get(path, {}):
            moved[path] = ShapecalcError((_reset(path, entries[key].settings, settings.get(path, {})),))
        elif drifted := drift(report, entries[key]):
            moved[path] = ShapecalcError(drifted, report.architecture.file)
        else:
            continue
        entries[key] = entry_of(report, settings.get(path, {}))
    written = not exists or bool(new or moved)
    if moved and not update:
        return Recorded(file, lock, len(reports), (), moved, exists, written=False)
    recorded = Lock(entries, version)
    if written:
        write_atomic(file, to_json(recorded))
    return Recorded(file, recorded, len(reports), tuple(new), moved, exists, written)


def _reset(path: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Diagnostic:
    """Return an SC502 error for a file that was locked at other settings."""
    locked, given = (", ".join(f"{name} = {value}" for name, value in each.items()) for each in (before, now))
    return Diagnostic(
        code="SC502",
        message=f"`{path}` is at {given or 'its own sizes'}, locked at {locked or 'its own sizes'}",
        help="run `shapecalc lock --update` with the same settings if the change is meant",
    )
