"""How a command ends: diagnostics on stderr, an exit code, and never a traceback for a user's mistake."""

from __future__ import annotations

import os
import sys
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TextIO

import typer

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
        except ShapecalcError as error:
            report(error)
            raise typer.Exit(error.exit_code) from None
        except LayerError as error:
            # A calculator has no file to point into: its fields are the options.
            raise Misuse(error.message + (f"; {error.help}" if error.help else "")) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read the output has had enough.
            _close_quietly(sys.stdout)
            raise typer.Exit(PIPE_CLOSED) from None
        except MemoryError:
            print("error: out of memory; `--max-memory` refuses such a run before it starts", file=sys.stderr)
            raise typer.Exit(FINDINGS) from None
        except OSError as error:
            # Files are read in the parser, which has words for each mistake; what is left is writing.
            what = "the output"
            if error.filename is None:
                _close_quietly(sys.stdout)
            else:
                from shapecalc.render.escaping import terminal

                what = f"`{terminal(str(error.filename))}`"
            print(f"error: {what} cannot be written: {(error.strerror or str(error)).lower()}", file=sys.stderr)
            raise typer.Exit(UNREADABLE) from None

    return run


def report(error: ShapecalcError) -> None:
    """Print the diagnostics of an error on stderr."""
    from shapecalc.cli.color import wants_color
    from shapecalc.render.text import render_diagnostics

    # What has been found so far comes first where both streams go to one place.
    sys.stdout.flush()
    print(render_diagnostics(error.diagnostics, error.source, color=wants_color(sys.stderr)), file=sys.stderr)


def tolerant_streams() -> None:
    """Let no character stop the output: what the encoding lacks is escaped, as Python does for stderr.

    A stream that the caller has closed is replaced by one that goes nowhere.
    """
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and sys.stdout.errors == "strict":
        reconfigure(errors="backslashreplace")


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - stands in for a stream until the end


def _close_quietly(stream: TextIO) -> None:
    """Point a stream that nobody reads to nowhere, so that the interpreter does not complain while it closes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
