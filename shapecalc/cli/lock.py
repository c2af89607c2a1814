"""`shapecalc lock`: the figures of networks, recorded for `shapecalc check --locked`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import FINDINGS, Misuse, report as say
from shapecalc.cli.options.architecture import LimitOption, limits_of

if TYPE_CHECKING:
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.shape_inference.report import Report

EXAMPLES = ("shapecalc init net.yaml && shapecalc lock net.yaml", "shapecalc check net.yaml --locked")


def command(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files, folders (every YAML file below them), patterns."),
    ],
    file: Annotated[str, typer.Option("--file", metavar="FILE", help="The lock file.")] = "shapecalc.lock.json",
    update: Annotated[bool, typer.Option("--update", help="Record changed figures; refused if `CI` is set.")] = False,
    limit: LimitOption = None,
) -> None:
    """Record the figures of networks in a lock file.

    The lock file has the params, MACs, FLOPs and shapes of each file and of each of its layers; files in it that are
    not named stay. `shapecalc check --locked` fails if a figure has changed, and so does this command without
    `--update`.
    """
    from shapecalc.diffing.lock.recording import record
    from shapecalc.render.terminal.escaping import terminal
    from shapecalc.version import __version__

    if update and _in_ci():
        raise Misuse(
            "`--update` is refused where `CI` is set: what a change moves, its author is to see; run it where you "
            "work, and commit the lock"
        )
    recorded = record(_reports(paths, limits_of(limit)), file, __version__, update=update)
    if recorded.moved and not update:
        for error in recorded.moved:
            say(error)
        raise typer.Exit(FINDINGS)
    for finding in (finding for error in recorded.moved for finding in error.diagnostics):
        print(f"updated: {terminal(finding.message)}")
    named = terminal(file)
    if not recorded.written:
        print(f"nothing has moved: {_files(recorded.given)} as locked in {named}")
        return
    added = f", {len(recorded.new)} of them new" if recorded.existed and recorded.new else ""
    print(f"{named} holds {_files(len(recorded.lock.files))}{added}")


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def _reports(paths: list[str], limits: Limits) -> dict[str, Report]:
    """Return the report of each network by its path; if there are errors, report all of them and exit."""
    from shapecalc.diffing.lock.recording import reports_of
    from shapecalc.files.discovery import expand_paths

    files = expand_paths(paths)
    if "-" in files:
        raise Misuse("`lock` expects files, receives `-`: a lock names what it holds")
    reports, errors = reports_of(files, limits)
    for error in errors:
        say(error)
    if errors:
        raise typer.Exit(max(error.exit_code for error in errors))
    return reports


def _in_ci() -> bool:
    return os.environ.get("CI", "").strip().lower() not in ("", "0", "false")
