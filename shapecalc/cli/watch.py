"""`shapecalc watch`: the inspection of a file, repeated whenever it is saved."""

from __future__ import annotations

import gc
import math
import time
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import UNREADABLE, Misuse, report as say
from shapecalc.cli.options.architecture import BatchOption, LimitOption, SetOption, limits_of, load_bound
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.terminal import stdout_manner
from shapecalc.diagnostics.errors import ShapecalcError

if TYPE_CHECKING:
    from shapecalc.diffing.watch import Version
    from shapecalc.shape_inference.report import Report

EXAMPLES = ("shapecalc init net.yaml && shapecalc watch net.yaml", "shapecalc watch net.yaml --set N=8")


AWAY = 1
"""Seconds that a file may be missing before this is reported."""


def command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file to watch, with the files that it includes.")],
    set_: SetOption = None,
    batch: BatchOption = None,
    interval: Annotated[
        float,
        typer.Option("--interval", metavar="SECONDS", min=0.01, max=3600, help="Time between two checks of the file."),
    ] = 0.2,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Inspect a file, and show the changes whenever it is saved.

    A version is compared with the last one without errors. Ctrl-C ends the command.
    """
    from shapecalc.diffing.watch import versions

    if file == "-":
        raise Misuse("`watch` expects a file, receives `-`: standard input is not saved")
    limits = limits_of(limit)
    gc.enable()  # `__main__` disables it for commands that end
    patience = math.ceil(AWAY / interval)
    inspect = partial(_inspected, file, set_, limit, batch)
    for number, version in enumerate(versions(file, inspect, partial(time.sleep, interval), patience, limits)):
        if number == 0 and version.error is not None and version.error.exit_code == UNREADABLE:
            raise version.error
        _show(version, file, color, as_written=not set_ and batch is None)


def _inspected(file: str, set_: list[str] | None, limit: list[str] | None, batch: str | None) -> Report:
    from shapecalc.shape_inference.engine import inspect_at

    return inspect_at(*load_bound(file, set_, limit, batch=batch))


def _show(version: Version, file: str, color: Color, *, as_written: bool) -> None:
    """Print a version, and on stderr its diagnostics."""
    from shapecalc.checking.diagnose import diagnose
    from shapecalc.render.diff import comparison
    from shapecalc.render.inspect.table import inspection
    from shapecalc.render.tables import text
    from shapecalc.render.terminal.escaping import terminal
    from shapecalc.render.terminal.grid import Page

    if version.report is None:
        assert version.error is not None
        say(version.error, color=color)
        return
    if version.comparison is None:
        result = inspection(version.report)
    else:
        print(f"\n{terminal(file)} was saved")
        result = comparison(version.comparison)
    print(text.document(result, Page(**stdout_manner(color))))
    findings = diagnose(version.report, brief=True, expectations=as_written, where=as_written)
    if findings:
        say(ShapecalcError(findings, version.report.architecture.file), color=color)
    # The reader of a pipe gets each version when it is saved.
    print(end="", flush=True)
