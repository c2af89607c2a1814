"""`shapecalc lock`: the figures of networks, recorded for `shapecalc check --locked`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import FINDINGS, Misuse, report as say
from shapecalc.cli.options.architecture import LimitOption, limits_of
from shapecalc.diagnostics.errors import ShapecalcError

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
    from shapecalc import __version__
    from shapecalc.diffing.lock import Lock, drift, entry_of, key_of, load_lock, missing_files, to_json
    from shapecalc.files.atomic import write_atomic
    from shapecalc.render.terminal.escaping import terminal

    if update and _in_ci():
        raise Misuse(
            "`--update` is refused where `CI` is set: what a change moves, its author is to see; run it where you "
            "work, and commit the lock"
        )
    reports = _reports(paths, limits_of(limit))
    exists = os.path.lexists(file)
    lock = load_lock(file) if exists else Lock({}, __version__)
    left = missing_files(lock, file)
    moved = [ShapecalcError(tuple(left.values()))] if left else []
    entries = {key: entry for key, entry in lock.files.items() if key not in left}
    new = 0
    for path, report in reports.items():
        key = key_of(path, file)
        if key not in entries:
            new += 1
        elif drifted := drift(report, entries[key]):
            moved.append(ShapecalcError(drifted, report.architecture.file))
        else:
            continue
        entries[key] = entry_of(report)
    if moved and not update:
        for error in moved:
            say(error)
        raise typer.Exit(FINDINGS)
    named = terminal(file)
    for error in moved:
        for finding in error.diagnostics:
            print(f"updated: {terminal(finding.message)}")
    if exists and not new and not moved:
        print(f"nothing has moved: {_files(len(reports))} as locked in {named}")
        return
    write_atomic(file, to_json(Lock(entries, __version__)))
    print(f"{named} holds {_files(len(entries))}" + (f", {new} of them new" if exists and new else ""))


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def _reports(paths: list[str], limits: Limits) -> dict[str, Report]:
    """Return the report of each network by its path; if there are errors, report all of them and exit."""
    from shapecalc.files.discovery import expand_paths
    from shapecalc.files.load import loads_source
    from shapecalc.parser.files import read_source
    from shapecalc.parser.include import has_only_blocks
    from shapecalc.shape_inference.engine import inspect_at

    reports: dict[str, Report] = {}
    worst = 0
    for path in expand_paths(paths):
        if path == "-":
            raise Misuse("`lock` expects files, receives `-`: a lock names what it holds")
        try:
            source = read_source(path, limits)
            if not has_only_blocks(source, limits):  # a file of blocks, which are locked in the files that include it
                reports[path] = inspect_at(loads_source(source, limits, Path(path).parent), {})
        except ShapecalcError as error:
            say(error)
            worst = max(worst, error.exit_code)
    if worst:
        raise typer.Exit(worst)
    return reports


def _in_ci() -> bool:
    return os.environ.get("CI", "").strip().lower() not in ("", "0", "false")
