"""The end of a command: diagnostics on stderr, an exit code, and never a traceback for a user's mistake."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from contextlib import suppress
from functools import wraps
from typing import IO, TYPE_CHECKING, Any, ParamSpec, TextIO

import typer

from shapecalc.cli.options.color import Color, wants_color
from shapecalc.cli.options.terminal import width_of
from shapecalc.cli.signals import Terminated
from shapecalc.diagnostics.errors import LayerError, ShapecalcError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")

FINDINGS, UNREADABLE, INTERRUPTED, PIPE_CLOSED = 1, 2, 130, 141


UsageError: type[Any] = typer.BadParameter.__bases__[0]
"""The base class of typer's usage errors; typer gives neither this class nor its base a public name."""


class Misuse(typer.BadParameter):
    """Usage error whose message names the option: "`--set` expects NAME=SIZE, receives `N`"."""

    help = ""
    """What to write; by default the help of the command is named."""

    def format_message(self) -> str:
        """Return the message without typer's "Invalid value" before it."""
        return self.message

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message as that of a diagnostic without a code, with a reference to the help of the command."""
        from shapecalc.render.terminal.palette import Palette

        stream = file or sys.stderr
        palette = Palette("error", wants_color(stream))
        width = width_of(stream)
        first, *more = _lines(self.message, width, "error: ")
        print(f"{palette.primary('error')}{palette.strong(f': {first}')}", file=stream)
        for line in more:
            print(palette.strong(line), file=stream)
        hint = self.help or (f"`{self.ctx.command_path} --help` shows its options" if self.ctx is not None else "")
        if hint:
            shown = "\n".join(_lines(hint, width, "  = help: "))
            print(f"{palette.gutter('  =')} {palette.strong('help:')} {shown}", file=stream)


def _lines(text: str, width: int | None, lead: str) -> list[str]:
    """Return the lines of a text behind a lead, all but the first indented below its text."""
    if width is None:
        return [text]
    from shapecalc.render.terminal.grid import wrapped

    first, *more = wrapped(text, max(width - len(lead), 1))
    return [first, *(" " * len(lead) + line for line in more)]


def guarded(function: Callable[P, None]) -> Callable[P, None]:
    """Return a command whose exceptions become diagnostics and the documented exit codes."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
            sys.stdout.flush()
        except LayerError as error:
            # A calculator has no file to refer to: its fields are the options.
            raise Misuse(error.message + (f"; {error.help}" if error.help else "")) from None
        except ENDS as error:
            color = kwargs.get("color")
            limited = kwargs.get("max_memory") is not None and kwargs.get("run") is not False
            ended = ended_by(error, color if isinstance(color, Color) else Color.AUTO, limited=limited)
            raise typer.Exit(ended) from None

    return run


ENDS = (ShapecalcError, KeyboardInterrupt, MemoryError, OSError, ImportError)
"""The exceptions that end a command without being a bug in it."""


def ended_by(error: BaseException, color: Color = Color.AUTO, *, limited: bool = False) -> int:
    """Report on stderr what ended a command, and return its exit code; `limited`: whether `--max-memory` bounds it.

    Raises the error again if it is a bug.
    """
    try:
        try:
            return _report_end(error, color, limited=limited)
        finally:
            sys.stderr.flush()
    except Terminated:
        raise
    except KeyboardInterrupt:
        return INTERRUPTED
    except MemoryError:
        return FINDINGS
    except OSError as failure:
        # stderr is closed
        _close_quietly(sys.stdout)
        _close_quietly(sys.stderr)
        return PIPE_CLOSED if isinstance(failure, BrokenPipeError) else UNREADABLE


def _report_end(error: BaseException, color: Color, *, limited: bool) -> int:
    match error:
        case ShapecalcError():
            report(error, color=color)
            return error.exit_code
        case Terminated():
            raise error
        case KeyboardInterrupt():
            return INTERRUPTED
        case BrokenPipeError():
            # The reader has closed the pipe.
            _close_quietly(sys.stdout)
            return PIPE_CLOSED
        case _ if _out_of_memory(error):
            error.__traceback__ = None  # it refers to the objects that fill the memory
            hint = "; `--max-memory` refuses such a run before it starts" if limited else ""
            reason = f": {error}" if type(error) is MemoryError and error.args else ""
            print(f"error: out of memory{reason}{hint}", file=sys.stderr)
            return FINDINGS
        case OSError():
            # The parser reports each failure to read a file; what is left is writing.
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
    """Return whether memory was refused: to Python, to the system, or to its loader, by its message."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno == errno.ENOMEM):
            return True
        if isinstance(cause, ImportError) and _UNLOADABLE.search(str(cause)):
            return True
        cause = cause.__cause__ or cause.__context__
    # Imports and other libraries that run out of memory raise exceptions of any kind.
    return not isinstance(error, OSError) and _is_scarce()


def _is_scarce() -> bool:
    try:
        bytearray(_SPARE)
    except MemoryError:
        return True
    return False


def report(*errors: ShapecalcError, color: Color = Color.AUTO) -> None:
    """Print the diagnostics of errors on stderr, with their number below the last one."""
    from shapecalc.cli.options.terminal import width_of
    from shapecalc.render.check.text import render_errors

    # If both streams go to one file, earlier results come first.
    sys.stdout.flush()
    coloured, width = wants_color(sys.stderr, color), width_of(sys.stderr)
    print(render_errors(errors, color=coloured, width=width), file=sys.stderr)


def tolerant_streams() -> None:
    """Escape characters that the encoding of stdout lacks, as Python does for stderr.

    A stream that the caller has closed is replaced by one to the null device.
    """
    sys.stdout = _complete_writer(sys.stdout) if sys.stdout else _null_stream()
    sys.stderr = _complete_writer(sys.stderr) if sys.stderr else _null_stream()
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    # In the C locale, Python would write the bytes of a name that is not valid text unchanged.
    if reconfigure is not None and sys.stdout.errors in ("strict", "surrogateescape"):
        reconfigure(errors="backslashreplace")


def _complete_writer(stream: TextIO) -> TextIO:
    """Return a stream that writes all of a text or raises.

    If PYTHONUNBUFFERED is set, Python drops the part of a text that the system does not accept immediately: on a disk
    that is nearly full, or in a pipe whose reader closes it.
    """
    raw = getattr(stream, "buffer", None)
    if not isinstance(raw, io.RawIOBase):
        return stream
    buffered = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffered, encoding=stream.encoding, errors=stream.errors, line_buffering=True)


def _null_stream() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - open until the end


def _close_quietly(stream: TextIO) -> None:
    """Redirect a stream without a reader to the null device, so that the interpreter closes without an error."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
