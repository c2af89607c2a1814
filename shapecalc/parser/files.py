"""A path, or `-` for standard input, → a text."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.parser.foreign_files import HEAD, refuse_foreign_bytes, refuse_foreign_text
from shapecalc.parser.positions import span_between

if TYPE_CHECKING:
    from collections.abc import Iterator

_REASONS = {
    errno.ENOENT: "does not exist",
    errno.ENOTDIR: "does not exist",
    errno.EACCES: "cannot be read: permission denied",
    errno.EPERM: "cannot be read: permission denied",
    errno.ELOOP: "cannot be read: its symbolic links form a circle",
    errno.ENAMETOOLONG: "cannot be read: the name is too long",
}


def read_source(path_or_dash: str | os.PathLike[str], limits: Limits = LIMITS) -> Source:
    """Return the text of a UTF-8 file, or of standard input for `-`, up to `limits.file_size`.

    Only regular files are opened: reading a pipe or a device could block for ever.

    Raises `ShapecalcError` SC001 (exit code 2) if nothing can be read, SC006 (2) if it is a file of another format,
    SC002 if it is not UTF-8, SC010 if it is too large.
    """
    path = os.fspath(path_or_dash)
    if path == "-":
        name, data = "<stdin>", _read_standard_input(limits)
    else:
        name, data = path, read_bytes(path, limits)
    return decode_network(name, data, limits)


def decode_network(name: str, data: bytes, limits: Limits) -> Source:
    """Return the text of the bytes of a network; raise as `read_source` does for what they are."""
    refuse_foreign_bytes(name, data)
    if len(data) > limits.file_size:
        refuse_foreign_text(Source(name, data[:HEAD].decode("utf-8", "replace")))
    return decode_within(name, data, limits)


def decode_within(name: str, data: bytes, limits: Limits) -> Source:
    """Return the text of bytes up to `limits.file_size`; raise `ShapecalcError` SC010 for more, else as `decode`."""
    if len(data) > limits.file_size:
        raise ShapecalcError((too_large(name, limits),), Source(name, ""))
    return decode(name, data)


def too_large(name: str, limits: Limits) -> Diagnostic:
    """Return the diagnostic of a file above the limit."""
    message = f"`{name}` is larger than {limits.file_size} bytes"
    return Diagnostic(code="SC010", message=message, help=limits.raising("file_size"))


def decode(name: str, data: bytes) -> Source:
    """Return the text of bytes in strict UTF-8, with or without a byte order mark.

    Raises `ShapecalcError` SC002 at the first byte that is not valid.
    """
    try:
        text = data.decode("utf-8")
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        return Source(name, text.removeprefix(mark), mark=mark)
    except UnicodeDecodeError as error:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            _refuse("SC002", f"`{name}` is UTF-16, expects UTF-8", help_="save it as UTF-8")
        if b"\0" in data:
            _refuse("SC002", f"`{name}` is not a text", help_="")
        before = data[: error.start].decode("utf-8").removeprefix("\ufeff")
        # Each invalid byte is shown as U+FFFD, one character.
        source = Source(name, before + data[error.start :].decode("utf-8", "replace"))
        diagnostic = Diagnostic(
            code="SC002",
            message=f"`{name}` is not UTF-8: byte 0x{data[error.start]:02x} at position {error.start}",
            span=span_between(source.text, len(before), len(before) + 1),
            help="save it as UTF-8",
        )
        raise ShapecalcError((diagnostic,), source) from None


def read_bytes(path: str, limits: Limits) -> bytes:
    """Return the bytes of a regular file, at most one more than `limits.file_size`; raise as `read_source` does."""
    with open_binary(path) as file:
        return file.read(limits.file_size + 1)


@contextmanager
def open_binary(path: str) -> Iterator[BinaryIO]:
    """Open a regular file; raise `ShapecalcError` SC001 (exit code 2) if it cannot be opened or read."""
    try:
        # Opening a device can have effects, so the path is checked before; and again after opening, because another
        # process may have replaced it.
        _refuse_unless_regular(path, _status(path))
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            _refuse_unless_regular(path, os.fstat(descriptor))
            yield file
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or f"cannot be read: {(error.strerror or 'unknown reason').lower()}"
        _refuse("SC001", f"`{path}` {reason}", exit_code=2)


def _status(path: str) -> os.stat_result:
    try:
        return os.stat(path)  # noqa: PTH116 - a Path would refuse what os.fspath gives
    except ValueError:
        _refuse("SC001", f"`{path}` is no name of a file: it holds a null character", exit_code=2)


def _read_standard_input(limits: Limits) -> bytes:
    try:
        if sys.stdin is None:
            _refuse("SC001", "`<stdin>` is closed", exit_code=2)
        return sys.stdin.buffer.read(limits.file_size + 1)
    except (OSError, ValueError):
        _refuse("SC001", "`<stdin>` cannot be read", exit_code=2)


def _refuse_unless_regular(path: str, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        os.scandir(path).close()  # raises the reason if it cannot be listed
        _refuse("SC001", f"`{path}` is a directory, expects a file", exit_code=2)
    if not stat.S_ISREG(status.st_mode):
        _refuse("SC001", f"`{path}` is not a regular file", exit_code=2)


def _refuse(code: str, message: str, *, help_: str = "", exit_code: int = 1) -> NoReturn:
    raise ShapecalcError((Diagnostic(code=code, message=message, help=help_ or None),), exit_code=exit_code) from None
