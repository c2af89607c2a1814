"""`shapecalc lock`: the figures of networks, recorded for `shapecalc check --locked`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import FINDINGS, Misuse, report as say
from shapecalc.cli.options.architecture import (
    BatchOption,
    LimitOption,
    SetOption,
    limits_of,
    refuse_unused,
    settings_of,
)
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import Format, OutputOption, TextOrJsonOption, show, target_of
from shapecalc.cli.options.lock_file import LOCK_FILE, LockFileOption

if TYPE_CHECKING:
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.diffing.lock.recording import GivenReports
    from shapecalc.files.settings import Settings

EXAMPLES = ("shapecalc init net.yaml && shapecalc lock net.yaml", "shapecalc check net.yaml --locked")


def command(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files, folders (every YAML file below them), patterns."),
    ],
    lock_file: LockFileOption = LOCK_FILE,
    set_: SetOption = None,
    batch: BatchOption = None,
    update: Annotated[bool, typer.Option("--update", help="Record changed figures; refused if `CI` is set.")] = False,
    fail_if_written: Annotated[
        bool, typer.Option("--fail-if-written", help="Exit with 1 if the lock file was written, as a hook does.")
    ] = False,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Record the figures of networks in a lock file.

    The lock file has the params, MACs, FLOPs and shapes of each file and of each of its layers; files in it that are
    not named stay. With --set or --batch a file is locked at these sizes, and compared at them. `shapecalc check
    --locked` fails if a figure has changed, and so does this command without `--update`.
    """
    from shapecalc.diffing.lock.recording import record
    from shapecalc.render.lock import LockSummary, summary
    from shapecalc.version import __version__

    target = target_of(format_, output, color)
    if update and _in_ci():
        raise Misuse(
            "`--update` is refused if `CI` is set: the author of a change reviews what it changes in the lock; run it "
            "on your machine, and commit the lock"
        )
    given = _given(paths, limits_of(limit), settings_of(set_, batch), lock_file, color)
    recorded = record(given.reports, lock_file, __version__, update=update, settings=given.settings)
    if recorded.moved and not update:
        for error in recorded.moved.values():
            say(error, color)
        raise typer.Exit(FINDINGS)
    updated = {path: tuple(one.message for one in error.diagnostics) for path, error in recorded.moved.items()}
    files = len(recorded.lock.files) if recorded.written else recorded.given
    done = LockSummary(lock_file, not recorded.existed, recorded.written, files, recorded.new, updated)
    show(target, {Format.TEXT: lambda **_: summary(done), Format.JSON: done.to_dict})
    if fail_if_written and recorded.written:
        from shapecalc.render.terminal.escaping import terminal

        print(f"error: `{terminal(lock_file)}` was written: add it to the commit", file=sys.stderr)
        raise typer.Exit(FINDINGS)


def _given(paths: list[str], limits: Limits, settings: Settings, lock_file: str, color: Color) -> GivenReports:
    """Return the report of each network by its path; if there are errors, report all of them and exit."""
    from shapecalc.diffing.lock.recording import reports_of
    from shapecalc.files.discovery import discover

    files = discover(paths).files
    if "-" in files:
        raise Misuse("`lock` expects files, receives `-`: a lock names what it holds")
    given = reports_of(files, limits, settings, lock_file)
    for error in given.errors:
        say(error, color)
    if given.errors:
        raise typer.Exit(max(error.exit_code for error in given.errors))
    refuse_unused(settings, given.names)
    return given


def _in_ci() -> bool:
    return os.environ.get("CI", "").strip().lower() not in ("", "0", "false")
