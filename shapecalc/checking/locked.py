"""Comparison of the files of a check with a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.checking.result import Checked
from shapecalc.diffing.lock import check_lock, key_of, missing_files
from shapecalc.diffing.lock.changes import moves
from shapecalc.diffing.lock.folder import former_file, moved_file, unlocked_file
from shapecalc.files.settings import NOTHING_SET, SetArchitecture, Settings, load_with
from shapecalc.shape_inference.engine import inspect_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from shapecalc.diagnostics import Diagnostic, Source
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.diffing.lock import Lock


def locked_network(
    given: SetArchitecture, source: Source, folder: Path | None, limits: Limits, lock: Lock, lock_file: str
) -> tuple[Diagnostic, ...]:
    """Return the differences of a network from its entry in a lock, at the settings of the entry."""
    entry = lock.files.get(key_of(source.name, lock_file))
    if entry is not None and entry.settings != given.used:
        given = load_with(source, Settings(entry.settings), limits, folder)
    report = inspect_at(given.architecture, given.sizes)
    findings = check_lock(report, source.name, lock, lock_file, given.used)
    if entry is None and given.used and unlocked_file(source.name, lock_file) in findings:
        # It may have been locked, under another name, at its own sizes.
        given = load_with(source, NOTHING_SET, limits, folder)
        return locked_network(given, source, folder, limits, lock, lock_file)
    return findings


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
    claims = {
        result.name: [key for key in missing if moved_file(result.name, key, lock_file) in result.findings]
        for result in results
        if any(finding.code == "SC503" for finding in result.findings)
    }
    former = moves(claims)
    for name, keys in claims.items():
        for key in keys if name not in former else ():
            results = [_unmoved(result, name, key, lock_file) for result in results]
    left = tuple(finding for key, finding in missing.items() if key not in former.values())
    return tuple(results), Checked(lock_file, None, left)


def _unmoved(result: Checked, name: str, key: str, lock_file: str) -> Checked:
    """Return the result of a file of this name with the error that it is not in the lock."""
    if result.name != name:
        return result
    moved, unlocked = moved_file(name, key, lock_file), unlocked_file(name, lock_file)
    return result._replace(findings=tuple(unlocked if finding == moved else finding for finding in result.findings))
