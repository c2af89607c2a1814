"""Lock files on disk: loading one, and checking files against it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.limits import Limits
from shapecalc.diffing.lock.commands import lock_command
from shapecalc.diffing.lock.drift import drift
from shapecalc.diffing.lock.reading import read_lock
from shapecalc.files.discovery import display_path
from shapecalc.parser.files import decode_within, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.diffing.lock.entries import Lock
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
    try:
        limits = Limits(file_size=MOST_BYTES)
        return decode_within(path, read_bytes(path, limits), limits).text
    except ShapecalcError as error:
        raise ShapecalcError(error.diagnostics, error.source, exit_code=2) from None


def key_of(path: str, lock_file: str) -> str:
    """Return the key of a file in a lock: its path relative to the folder of the lock, with `/` between folders.

    >>> key_of("nets/../nets/lenet5.yaml", "shapecalc.lock.json")
    'nets/lenet5.yaml'
    """
    folder = os.path.dirname(lock_file) or os.curdir  # noqa: PTH120 - a name may be anything that the system gives
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
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


def check_lock(report: Report, path: str, lock: Lock, lock_file: str) -> tuple[Diagnostic, ...]:
    """Return SC502 errors for the changes of a file since it was locked, or SC503 if the lock has no such file."""
    entry = lock.files.get(key_of(path, lock_file))
    if entry is None:
        message = f"`{path}` is not in `{lock_file}`"
        return (Diagnostic(code="SC503", message=message, help=f"lock it: `{lock_command(lock_file, path=path)}`"),)
    return drift(report, entry, lock_file)


def moved_file(path: str, was: str, lock_file: str) -> Diagnostic:
    """Return an SC503 error for a file that is in the lock under the name that it had before."""
    return Diagnostic(
        code="SC503",
        message=f"`{path}` is in `{lock_file}` as `{was}`, which is not there any more, with the same figures",
        help=f"run `{lock_command(lock_file, '--update', path=path)}` to lock it under its new name",
    )


def missing_files(lock: Lock, lock_file: str, others: Iterable[str] = ()) -> dict[str, Diagnostic]:
    """Return an SC503 error, about the lock file itself, for each locked file that is not a network, by its key.

    Such a file does not exist, or is one of `others`: a file of blocks, or of another purpose.
    """
    paths = {key: path_of(key, lock_file) for key in sorted(lock.files)}
    changed = {key_of(path, lock_file) for path in others}
    gone = {key: key not in changed for key, path in paths.items() if key in changed or not exists(path)}
    remedy = _removal([path for key, path in paths.items() if key not in gone], lock_file) if gone else ""
    return {key: _no_network(key, lock_file, remedy, missing=missing) for key, missing in gone.items()}


def _no_network(key: str, lock_file: str, remedy: str, *, missing: bool) -> Diagnostic:
    what = "not there any more" if missing else "not a network any more"
    return Diagnostic(code="SC503", message=f"`{key}` is in `{lock_file}`, and {what}", help=remedy)


def _removal(others: Sequence[str], lock_file: str) -> str:
    """Return how to remove missing files from a lock that has other files."""
    if not others:
        return f"delete `{lock_file}` if the file is gone for good"
    return f"run `{lock_command(lock_file, '--update', path=others[0])}` if it is gone for good"
