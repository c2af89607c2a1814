"""Atomic writing of files."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path


def write_atomic(path: str | os.PathLike[str], text: str | bytes) -> None:
    """Replace a file by a text, as UTF-8, or by bytes, atomically: a reader sees the old contents or the new ones.

    A temporary file in the same folder is written and renamed; if that fails, it is removed and the old file stays. The
    file's permissions are preserved, and of a symbolic link the target is replaced. A file that is not regular, such as
    `/dev/stdout`, is written directly.
    Raises `OSError` with the file's name if it cannot be written.
    """
    name = os.fspath(path)
    try:
        data = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
        _write(Path(os.path.realpath(name)), data)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, name) from None
    except ValueError:
        raise OSError(errno.EINVAL, "its name holds a null character", name) from None


def _write(path: Path, data: bytes) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        with path.open("wb") as file:
            file.write(data)
        return
    # The name is known before the file exists, so that it is removed whenever this is interrupted.
    temporary = path.with_name(f".{path.name[:100]}.{os.urandom(8).hex()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # a crash must not leave the new name on an empty file
        temporary.chmod(stat.S_IMODE(mode) if mode is not None else 0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _umask() -> int:
    """Return the umask of the process; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
