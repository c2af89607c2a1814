"""How a command ends: diagnostics on stderr, an exit code, and never a traceback for a user's mistake."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from shapecalc.diagnostics.errors import LayerError, ShapecalcError

P = ParamSpec("P")

FINDINGS, UNREADABLE, INTERRUPTED, PIPE_CLOSED = 1, 2, 130, 141


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
            raise typer.BadParameter(error.message + (f"; {error.help}" if error.help else "")) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read the output has had enough; the interpreter must not complain about it while it closes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(PIPE_CLOSED) from None

    return run


def report(error: ShapecalcError) -> None:
    """Print the diagnostics of an error on stderr."""
    from shapecalc.cli.color import wants_color
    from shapecalc.render.text import render_diagnostics

    print(render_diagnostics(error.diagnostics, error.source, color=wants_color(sys.stderr)), file=sys.stderr)
