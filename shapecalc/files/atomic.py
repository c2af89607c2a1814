"""Atomic writing of files."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def write_atomic(path: str | os.PathLike[str], text: str | bytes) -> None:
    """Replace a file by a text, as UTF-8, or by bytes, as `open_atomic` does."""
    with open_atomic(path) as file:
        file.write(text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace"))


@contextmanager
def open_atomic(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file to replace it atomically: until the end of the context, a reader sees the old contents.

    A temporary file in the same folder is written and renamed; if that fails, or the context raises, it is removed and
    the old file stays. The file's permissions are preserved, and of a symbolic link the target is replaced. A file that
    is not regular, such as `/dev/stdout`, is written directly.
    Raises `OSError` with the file's name if it cannot be written.
    """
    name = os.fspath(path)
    if "\0" in name:
        raise OSError(errno.EINVAL, "its name holds a null character", name)
    try:
        real = Path(os.path.realpath(name))
    except OSError as error:  # the current folder was deleted
        raise type(error)(error.errno, error.strerror, name) from None
    try:
        with _replacing(real) as file:
            yield file
    except OSError as error:
        if error.filename is not None and Path(error.filename).parent != real.parent:
            raise  # of another file, that the context reads
        raise type(error)(error.errno, error.strerror, name) from None


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        with path.open("wb") as file:
            yield file
        return
    # The name is known before the file exists, so that it is removed whenever this is interrupted.
    temporary = path.with_name(f".{path.name[:100]}.{os.urandom(8).hex()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
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
