"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path


def write_whole(path: str | os.PathLike[str], text: str | bytes) -> None:
    """Put a text, as UTF-8, or bytes in place of a file: whoever reads it meanwhile sees the old text or the new one.

    The text goes into a file beside it, which then takes its place; where that fails, nothing is left behind and the
    old text stays. An old file keeps its permissions, and a link still leads to the file that it names. What is no
    regular file, such as `/dev/stdout`, is written into.
    Raises `OSError` with that file's name where it cannot be written.
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
    # The name is known before there is such a file: whatever ends this, and whenever, the file is taken away again.
    beside = path.with_name(f".{path.name[:100]}.{os.urandom(8).hex()}.tmp")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # a crash must not leave the new name on an empty file
        beside.chmod(stat.S_IMODE(mode) if mode is not None else 0o666 & ~_umask())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def _umask() -> int:
    """Return the permissions that new files lack; the system only tells it when it is set."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
