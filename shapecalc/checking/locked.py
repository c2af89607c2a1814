"""Comparison of the files of a check with a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.checking.result import Checked
from shapecalc.diffing.lock import check_lock, key_of, missing_files
from shapecalc.diffing.lock.changes import moves
from shapecalc.diffing.lock.folder import exists, former_file, former_key, moved_file, path_of, unlocked_file
from shapecalc.files.settings import NOTHING_SET, SetArchitecture, Settings, load_with
from shapecalc.shape_inference.engine import inspect_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from shapecalc.diagnostics import Diagnostic, Source
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.diffing.lock import Lock


def lock_of_files(lock: Lock, lock_file: str, names: Iterable[str]) -> Lock:
    """Return a lock with the entries of some files, and those of files that do not exist, which may have been moved."""
    keys = {key_of(name, lock_file) for name in names}
    files = {key: entry for key, entry in lock.files.items() if key in keys or not exists(path_of(key, lock_file))}
    return lock._replace(files=files)


def locked_network(
    given: SetArchitecture, source: Source, folder: Path | None, limits: Limits, lock: Lock, lock_file: str
) -> tuple[tuple[Diagnostic, ...], str | None]:
    """Return the differences of a network from its entry in a lock, at the settings of the entry.

    For a network that is not in the lock, the second value is the key of the file that it was before, None without one.
    """
    entry = lock.files.get(key_of(source.name, lock_file))
    if entry is not None and entry.settings != given.used:
        given = load_with(source, Settings(entry.settings), limits, folder)
    report = inspect_at(given.architecture, given.sizes)
    former = former_key(report, source.name, lock, lock_file, given.used)
    if entry is None and former is None and given.used:
        # It may have been locked, under another name, at its own sizes.
        given = load_with(source, NOTHING_SET, limits, folder)
        return locked_network(given, source, folder, limits, lock, lock_file)
    return check_lock(report, source.name, lock, lock_file, given.used), former


def locked_blocks(name: str, lock: Lock, lock_file: str) -> tuple[Diagnostic, ...]:
    """Return the error for a file of blocks that is locked as a network."""
    return (former_file(name, lock_file),) if key_of(name, lock_file) in lock.files else ()


def with_missing(
    results: Sequence[Checked], lock: Lock, lock_file: str, skipped: Iterable[str] = ()
) -> tuple[tuple[Checked, ...], Checked]:
    """Return results, and that of the lock file itself: an error for each locked file that is missing or was skipped.

    A missing file that was moved is in the result of the file that it is now; if several are equal to it, none is.
    """
    missing = missing_files(lock, lock_file, skipped)
    former = moves({result.name: () if result.former is None else (result.former,) for result in results})
    left = tuple(finding for key, finding in missing.items() if key not in {*former.values()})
    corrected = (
        result if result.former is None or result.name in former else _unmoved(result, result.former, lock_file)
        for result in results
    )
    return tuple(corrected), Checked(lock_file, None, left)


def _unmoved(result: Checked, former: str, lock_file: str) -> Checked:
    """Return the result of a file with the error that it is not in the lock in place of that of a move."""
    moved, unlocked = moved_file(result.name, former, lock_file), unlocked_file(result.name, lock_file)
    return result._replace(findings=tuple(unlocked if each == moved else each for each in result.findings))
