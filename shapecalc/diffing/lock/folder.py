"""Lock files on disk: loading one, and checking files against it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.limits import Limits
from shapecalc.diffing.lock.drift import drift
from shapecalc.diffing.lock.reading import read_lock
from shapecalc.parser.files import decode_within, read_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.diffing.lock.entries import Lock
    from shapecalc.shape_inference.report import Report

LOCK_FILE = "shapecalc.lock.json"

MOST_BYTES = 64 * 2**20
"""Of a lock file: some 400,000 layers."""


def load_lock(path: str) -> Lock:
    """Return the lock in a file.

    Raises `ShapecalcError` (exit code 2): SC503 if there is no such file, SC504 if it is not a lock, and the errors of
    `read_source` if it cannot be read.
    """
    if not os.path.lexists(path):
        message = f"there is no lock file `{path}`"
        finding = Diagnostic(code="SC503", message=message, help="write one: `shapecalc lock PATH`")
        raise ShapecalcError((finding,), exit_code=2)
    try:
        limits = Limits(file_size=MOST_BYTES)
        source = decode_within(path, read_bytes(path, limits), limits)
    except ShapecalcError as error:
        raise ShapecalcError(error.diagnostics, error.source, exit_code=2) from None
    return read_lock(source.text, path)


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


def check_lock(report: Report, path: str, lock: Lock, lock_file: str) -> tuple[Diagnostic, ...]:
    """Return SC502 errors for the changes of a file since it was locked, or SC503 if the lock has no such file."""
    entry = lock.files.get(key_of(path, lock_file))
    if entry is None:
        message = f"`{path}` is not in `{lock_file}`"
        return (Diagnostic(code="SC503", message=message, help=f"lock it: `shapecalc lock {shlex.quote(path)}`"),)
    return drift(report, entry)


def missing_files(lock: Lock, lock_file: str) -> dict[str, Diagnostic]:
    """Return an SC503 error, about the lock file itself, for each locked file that does not exist, by its key."""
    paths = {key: os.path.join(os.path.dirname(lock_file), key) for key in sorted(lock.files)}  # noqa: PTH118, PTH120
    gone = [key for key, path in paths.items() if not _exists(path)]
    remedy = _removal([path for key, path in paths.items() if key not in gone], lock_file) if gone else ""
    message = f"is in `{lock_file}`, and not there any more"
    return {key: Diagnostic(code="SC503", message=f"`{key}` {message}", help=remedy) for key in gone}


def _removal(others: Sequence[str], lock_file: str) -> str:
    """Return how to remove missing files from a lock that has other files."""
    if not others:
        return f"delete `{lock_file}` if the file is gone for good"
    file = "" if lock_file == LOCK_FILE else f" --lock-file {shlex.quote(lock_file)}"
    return f"run `shapecalc lock --update {shlex.quote(others[0])}{file}` if it is gone for good"


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)  # noqa: PTH110
    except ValueError:  # a null character
        return False
