"""Lock files on disk: loading one, and checking files against it."""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.limits import Limits
from shapecalc.diffing.lock.commands import lock_command
from shapecalc.diffing.lock.drift import drift
from shapecalc.diffing.lock.entries import entry_of
from shapecalc.diffing.lock.reading import read_lock
from shapecalc.files.discovery import display_path
from shapecalc.parser.files import decode_within, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapecalc.diffing.lock.entries import Entry, Lock
    from shapecalc.shape_inference.report import Report

MOST_BYTES = 64 * 2**20
"""Of a lock file: some 400,000 layers."""


def load_lock(path: str) -> Lock:
    """Return the lock in a file.

    Raises `ShapecalcError` (exit code 2): SC503 if there is no such file, SC504 if it is not a lock, and the errors of
    `read_source` if it cannot be read.
    """
    return read_lock(read_text(path), path)


def read_text(path: str) -> str:
    """Return the text of a lock file; raise as `load_lock` does if it cannot be read."""
    if not os.path.lexists(path):
        message = f"there is no lock file `{path}`"
        finding = Diagnostic(code="SC503", message=message, help=f"write one: `{lock_command(path, path='PATH')}`")
        raise ShapecalcError((finding,), exit_code=2)
    return text_of(path, read_bytes(path, Limits(file_size=MOST_BYTES)))


def text_of(path: str, data: bytes) -> str:
    """Return the text of a lock file with these bytes; raise SC010 for too many, SC002 for other bytes than UTF-8."""
    try:
        return decode_within(path, data, Limits(file_size=MOST_BYTES)).text
    except ShapecalcError as error:
        raise ShapecalcError(error.diagnostics, error.source, exit_code=2) from None


def key_of(path: str, lock_file: str) -> str:
    """Return the key of a file in a lock: its path relative to the folder of the lock, with `/` between folders.

    >>> key_of("nets/../nets/lenet5.yaml", "shapecalc.lock.json")
    'nets/lenet5.yaml'
    """
    try:
        return os.path.relpath(path, _folder(lock_file)).replace(os.sep, "/")
    except FileNotFoundError:  # the current folder was deleted: no path is relative to it, and no lock is in it
        return path
    except ValueError:  # another drive has no path from here
        return Path(path).absolute().as_posix()


def path_of(key: str, lock_file: str) -> str:
    """Return the path of a file by its key in a lock.

    >>> path_of("../b.yaml", "nets/the.lock")
    'b.yaml'
    """
    return display_path(os.path.join(os.path.dirname(lock_file), key))  # noqa: PTH118, PTH120


def exists(path: str) -> bool:
    """Return whether there is a file of a name, which may be anything."""
    try:
        return os.path.exists(path)  # noqa: PTH110
    except ValueError:  # a null character
        return False


def check_lock(
    report: Report, path: str, lock: Lock, lock_file: str, settings: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Diagnostic, ...]:
    """Return SC502 errors for the changes of a file since it was locked, or SC503 if the lock has no such file.

    A file that is not in the lock was moved if it is equal, at its `settings`, to a single locked one that does not
    exist.
    """
    entry = lock.files.get(key_of(path, lock_file))
    if entry is not None:
        return drift(report, entry, lock_file)
    former = former_key(report, path, lock, lock_file, settings)
    return (unlocked_file(path, lock_file) if former is None else moved_file(path, former, lock_file),)


def former_key(
    report: Report, path: str, lock: Lock, lock_file: str, settings: Mapping[str, Any] = MappingProxyType({})
) -> str | None:
    """Return the key of the file that a file was before it was moved; None if it is locked, or no single one fits."""
    if key_of(path, lock_file) in lock.files:
        return None
    former = equal_missing(lock, entry_of(report, settings), lock_file)
    return former[0] if len(former) == 1 else None


def equal_missing(lock: Lock, entry: Entry, lock_file: str) -> tuple[str, ...]:
    """Return the keys of the files of a lock that have an equal entry and do not exist."""
    return tuple(
        key
        for key, other in lock.files.items()
        if other == entry.as_stated_by(other) and not exists(path_of(key, lock_file))
    )


def unlocked_file(path: str, lock_file: str) -> Diagnostic:
    """Return the SC503 error for a file that is not in the lock."""
    message = f"`{path}` is not in `{lock_file}`"
    return Diagnostic(code="SC503", message=message, help=f"lock it: `{lock_command(lock_file, path=path)}`")


def moved_file(path: str, was: str, lock_file: str) -> Diagnostic:
    """Return the SC503 error for a file that is in the lock under the name that it had before."""
    return Diagnostic(
        code="SC503",
        message=f"`{path}` is in `{lock_file}` as `{was}`, which is not there any more, with the same figures",
        help=f"run `{lock_command(lock_file, '--update', path=path)}` to lock it under its new name",
    )


def former_file(path: str, lock_file: str, *, folder: str = "") -> Diagnostic:
    """Return the SC503 error for a locked file that is not a network any more, but a file of blocks, or any other.

    A file of blocks leaves the lock by its own name, any other with its `folder`.
    """
    return Diagnostic(
        code="SC503",
        message=f"`{path}` is in `{lock_file}`, and not a network any more",
        help=f"run `{lock_command(lock_file, '--update', path=folder or path)}` if that is meant",
    )


def missing_files(lock: Lock, lock_file: str, others: Iterable[str] = ()) -> dict[str, Diagnostic]:
    """Return an SC503 error, about the lock file itself, for each locked file that is not a network, by its key.

    Such a file does not exist, or is one of `others`, which discovery has skipped.
    """
    paths = {key: path_of(key, lock_file) for key in sorted(lock.files)}
    skipped = {key_of(path, lock_file) for path in others}
    gone = [key for key, path in paths.items() if key in skipped or not exists(path)]
    remedy = _removal([path for key, path in paths.items() if key not in gone], lock_file) if gone else ""
    message = f"is in `{lock_file}`, and not there any more"
    return {
        key: former_file(key, lock_file, folder=_folder(paths[key]))
        if key in skipped
        else Diagnostic(code="SC503", message=f"`{key}` {message}", help=remedy)
        for key in gone
    }


def _folder(path: str) -> str:
    return os.path.dirname(path) or os.curdir  # noqa: PTH120 - a name may be anything that the system gives


def _removal(others: Sequence[str], lock_file: str) -> str:
    """Return how to remove missing files from a lock that has other files."""
    if not others:
        return f"delete `{lock_file}` if the file is gone for good"
    command = lock_command(lock_file, "--update", path=others[0])
    return f"if it is gone for good, run `{command}`: an update of any file removes those that are gone"
