"""Recording of networks in a lock file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diffing.lock.changes import FileChange, moves
from shapecalc.diffing.lock.commands import lock_command
from shapecalc.diffing.lock.drift import drift
from shapecalc.diffing.lock.entries import Lock, entry_of, to_json
from shapecalc.diffing.lock.folder import equal_missing, former_file, key_of, load_lock, missing_files, moved_file
from shapecalc.files.atomic import write_atomic
from shapecalc.files.config import NO_CONFIG, Config
from shapecalc.files.load import find_source, importable_format
from shapecalc.files.settings import Settings, load_with
from shapecalc.parser.file_kind import FileKind, kind_of
from shapecalc.parser.files import read_source
from shapecalc.shape_inference.engine import inspect_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.diagnostics.limits import Limits
    from shapecalc.diffing.lock.entries import Entry
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
    changes: tuple[FileChange, ...] = ()
    """Each file whose entry differs, in the order of their keys, whether it was updated or not."""


class GivenReports(NamedTuple):
    """The report of each network by its file, with the settings that apply to it, and the errors of other files."""

    reports: dict[str, Report]
    settings: dict[str, Mapping[str, Any]]
    names: set[str]
    """The names of settings that apply to one of the files."""
    errors: tuple[ShapecalcError, ...]
    blocks: tuple[str, ...] = ()
    """The files of blocks."""


def reports_of(
    files: Iterable[str],
    limits: Limits,
    settings: Settings,
    lock_file: str,
    locked: Mapping[str, Mapping[str, Any]] | None = None,
    config: Config = NO_CONFIG,
) -> GivenReports:
    """Return the report of each network at the settings at which it is `locked`, by key, and those given.

    Settings given replace those of the configuration, which replace those at which a network is locked.
    By default, `locked` are the settings of the entries of the lock file, if it exists.
    A file of blocks is skipped: its blocks are locked in the files that include it.
    """
    if locked is None:
        entries = load_lock(lock_file).files if os.path.lexists(lock_file) else {}
        locked = {key: entry.settings for key, entry in entries.items()}
    reports: dict[str, Report] = {}
    used: dict[str, Mapping[str, Any]] = {}
    names: set[str] = set()
    blocks, errors = [], []
    for file in files:
        try:
            source = find_source(file, limits) if importable_format(file) else read_source(file, limits)
            if kind_of(source, limits) is FileKind.BLOCKS:
                blocks.append(file)
            else:
                before = locked.get(key_of(file, lock_file), {})
                wanted = Settings(before).replaced_by(config.at(file).settings).replaced_by(settings)
                given = load_with(source, wanted, limits, Path(file).parent)
                reports[file] = inspect_at(given.architecture, given.sizes)
                used[file] = given.used
                names |= given.names
        except ShapecalcError as error:
            errors.append(error)
    return GivenReports(reports, used, names, tuple(errors), tuple(blocks))


def record(
    reports: Mapping[str, Report],
    file: str,
    version: str,
    *,
    update: bool = False,
    settings: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    blocks: Iterable[str] = (),
    others: Iterable[str] = (),
) -> Recorded:
    """Record networks, by their paths, in a lock file, with the settings of each; others in the file stay.

    With `update`, entries that differ are replaced, and those of missing files, of files of `blocks` and of `others`,
    which discovery has skipped, are removed; else nothing is written if there are any. A new file that is equal to a
    missing one, and to no other, has been moved.
    """
    exists = os.path.lexists(file)
    lock = load_lock(file) if exists else Lock({}, version)
    paths = {key_of(path, file): path for path in reports}
    now = {key: entry_of(reports[path], settings.get(path, {})) for key, path in paths.items()}
    gone = missing_files(lock, file, others)
    gone |= {key: former_file(path, file) for path in blocks if (key := key_of(path, file)) in lock.files}
    new = [key for key in now if key not in lock.files]
    lost = {key: lock.files[key] for key in gone}
    former = moves({key: equal_missing(lock, now[key], file) for key in new})
    left = {key: finding for key, finding in gone.items() if key not in former.values()}
    moved = {file: ShapecalcError(tuple(left.values()))} if left else {}
    changes = [FileChange(key, lost[key], None) for key in left]
    for key, path in paths.items():
        error = None
        if key in former:
            error = ShapecalcError((moved_file(path, former[key], file),))
        elif key in lock.files:
            error = _difference(path, reports[path], lock.files[key], now[key], file)
            if error is None:
                continue
        changes.append(FileChange(key, lock.files.get(former.get(key, key)), now[key], former.get(key, "")))
        if error is not None:
            moved[path] = error
    changes.sort(key=lambda change: change.key)
    written = not exists or bool(changes)
    if moved and not update:
        return Recorded(file, lock, len(reports), (), moved, exists, False, tuple(changes))
    entries = {key: entry for key, entry in lock.files.items() if key not in gone}
    entries |= {change.key: change.after for change in changes if change.after is not None}
    recorded = Lock(entries, version)
    if written:
        write_atomic(file, to_json(recorded))
    added = tuple(key for key in new if key not in former)
    return Recorded(file, recorded, len(reports), added, moved, exists, written, tuple(changes))


def _difference(path: str, report: Report, locked: Entry, now: Entry, lock_file: str) -> ShapecalcError | None:
    """Return the error for a file that differs from its entry, None if it does not."""
    if locked.settings != now.settings:
        return ShapecalcError((_reset(path, locked.settings, now.settings, lock_file),))
    drifted = drift(report, locked, lock_file)
    return ShapecalcError(drifted, report.architecture.file) if drifted else None


def _reset(path: str, before: Mapping[str, Any], now: Mapping[str, Any], lock_file: str) -> Diagnostic:
    """Return an SC502 error for a file that was locked at other settings."""
    locked, given = (", ".join(f"{name} = {value}" for name, value in each.items()) for each in (before, now))
    words = [
        word
        for name, value in now.items()
        for word in ("--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}")
    ]
    return Diagnostic(
        code="SC502",
        message=f"`{path}` is at {given or 'its own sizes'}, locked at {locked or 'its own sizes'}",
        help=f"run `{lock_command(lock_file, '--update', *words, path=path)}` if the change is meant",
    )
