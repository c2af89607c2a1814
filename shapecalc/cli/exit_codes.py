"""How a command ends: diagnostics on stderr, an exit code, and never a traceback for a user's mistake."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TextIO

import typer

from shapecalc.cli.signals import Terminated
from shapecalc.diagnostics.errors import LayerError, ShapecalcError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")

FINDINGS, UNREADABLE, INTERRUPTED, PIPE_CLOSED = 1, 2, 130, 141


class Misuse(typer.BadParameter):
    """A usage error whose message names the option itself: "`--set` expects NAME=SIZE, receives `N`"."""

    def format_message(self) -> str:
        """Return the message without typer's "Invalid value" before it."""
        return self.message


def guarded(function: Callable[P, None]) -> Callable[P, None]:
    """Turn what a command raises into diagnostics and the documented exit codes."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
            sys.stdout.flush()
        except LayerError as error:
            # A calculator has no file to point into: its fields are the options.
            raise Misuse(error.message + (f"; {error.help}" if error.help else "")) from None
        except ENDS as error:
            raise typer.Exit(
                ended_by(error, limited="max_memory" in kwargs and kwargs.get("run") is not False)
            ) from None

    return run


ENDS = (ShapecalcError, KeyboardInterrupt, MemoryError, OSError, ImportError)
"""What ends a command without being a mistake in it."""


def ended_by(error: BaseException, *, limited: bool = False) -> int:
    """Say on stderr what has ended a command, and return its exit code; `limited` says that `--max-memory` bounds it.

    Raises again what is no way to end.
    """
    try:
        try:
            return _told(error, limited=limited)
        finally:
            sys.stderr.flush()
    except Terminated:
        raise
    except KeyboardInterrupt:
        return INTERRUPTED
    except MemoryError:
        return FINDINGS
    except OSError as failure:
        # There is nowhere left to say it.
        _close_quietly(sys.stdout)
        _close_quietly(sys.stderr)
        return PIPE_CLOSED if isinstance(failure, BrokenPipeError) else UNREADABLE


def _told(error: BaseException, *, limited: bool) -> int:
    match error:
        case ShapecalcError():
            report(error)
            return error.exit_code
        case Terminated():
            raise error
        case KeyboardInterrupt():
            return INTERRUPTED
        case BrokenPipeError():
            # Whoever read the output has had enough.
            _close_quietly(sys.stdout)
            return PIPE_CLOSED
        case _ if _out_of_memory(error):
            error.__traceback__ = None  # it keeps alive what has filled the memory
            hint = "; `--max-memory` refuses such a run before it starts" if limited else ""
            reason = f": {error}" if type(error) is MemoryError and error.args else ""
            print(f"error: out of memory{reason}{hint}", file=sys.stderr)
            return FINDINGS
        case OSError():
            # Files are read in the parser, which has words for each mistake; what is left is writing.
            what = "the output"
            if error.filename is None:
                _close_quietly(sys.stdout)
            else:
                from shapecalc.render.terminal.escaping import terminal

                what = f"`{terminal(os.fsdecode(error.filename))}`"
            print(f"error: {what} cannot be written: {(error.strerror or str(error)).lower()}", file=sys.stderr)
            return UNREADABLE
        case _:
            raise error


_UNLOADABLE = re.compile("cannot (allocate|map)|failed to map", re.IGNORECASE)
_SPARE = 2**26


def _out_of_memory(error: BaseException) -> bool:
    """Return whether memory was refused: to Python, to the system, or to its loader, which has words for it alone."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno == errno.ENOMEM):
            return True
        if isinstance(cause, ImportError) and _UNLOADABLE.search(str(cause)):
            return True
        cause = cause.__cause__ or cause.__context__
    # What fails for want of memory in the middle of an import or of another library says anything at all.
    return not isinstance(error, OSError) and _is_scarce()


def _is_scarce() -> bool:
    try:
        bytearray(_SPARE)
    except MemoryError:
        return True
    return False


def report(error: ShapecalcError) -> None:
    """Print the diagnostics of an error on stderr."""
    from shapecalc.cli.options.color import wants_color
    from shapecalc.render.check.text import render_diagnostics

    # What has been found so far comes first where both streams go to one place.
    sys.stdout.flush()
    print(render_diagnostics(error.diagnostics, error.source, color=wants_color(sys.stderr)), file=sys.stderr)


def tolerant_streams() -> None:
    """Let no character stop the output: what the encoding lacks is escaped, as Python does for stderr.

    A stream that the caller has closed is replaced by one that goes nowhere.
    """
    sys.stdout = _whole(sys.stdout) if sys.stdout else _nowhere()
    sys.stderr = _whole(sys.stderr) if sys.stderr else _nowhere()
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    # Where the locale is C, Python would write the bytes of a name that is no text as they are.
    if reconfigure is not None and sys.stdout.errors in ("strict", "surrogateescape"):
        reconfigure(errors="backslashreplace")


def _whole(stream: TextIO) -> TextIO:
    """Return a stream that writes all of a text or raises.

    Where PYTHONUNBUFFERED is set, Python drops what the system does not take at once: of a disk that is nearly full, of
    a pipe whose reader leaves.
    """
    raw = getattr(stream, "buffer", None)
    if not isinstance(raw, io.RawIOBase):
        return stream
    buffered = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffered, encoding=stream.encoding, errors=stream.errors, line_buffering=True)


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - stands in for a stream until the end


def _close_quietly(stream: TextIO) -> None:
    """Point a stream that nobody reads to nowhere, so that the interpreter does not complain while it closes."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
