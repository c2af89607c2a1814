"""`shapecalc lock`: the figures of networks, recorded for `shapecalc check --locked`."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated, NoReturn

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
from shapecalc.cli.options.config import ConfigOption, ExcludeOption, NoConfigOption, config_of, paths_of
from shapecalc.cli.options.formats import (
    TABULAR,
    Format,
    OutputOption,
    format_option,
    show,
    target_of,
    writers_of,
)
from shapecalc.cli.options.lock_file import LockFileOption  # noqa: TC001 - typer reads the annotation

if TYPE_CHECKING:
    from shapecalc.cli.options.formats import Target
    from shapecalc.diagnostics import ShapecalcError
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.diffing.lock.recording import GivenReports
    from shapecalc.files.config import Config
    from shapecalc.files.discovery import Discovered
    from shapecalc.files.settings import Settings

EXAMPLES = ("shapecalc init net.yaml && shapecalc lock net.yaml", "shapecalc check net.yaml --locked")


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...",
            help="Files, folders (every network below them), patterns; default: the `paths` of the configuration.",
        ),
    ] = None,
    lock_file: LockFileOption = None,
    set_: SetOption = None,
    batch: BatchOption = None,
    exclude: ExcludeOption = None,
    config: ConfigOption = None,
    no_config: NoConfigOption = False,
    update: Annotated[bool, typer.Option("--update", help="Record changed figures; refused if `CI` is set.")] = False,
    fail_if_written: Annotated[
        bool, typer.Option("--fail-if-written", help="Exit with 1 if the lock file was written, as a hook does.")
    ] = False,
    resolve: Annotated[
        bool,
        typer.Option(
            "--resolve", help="Rebuild a lock file that has merge conflicts, from the files of both sides and PATH."
        ),
    ] = False,
    format_: Annotated[Format | None, format_option(*TABULAR)] = None,
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
    from shapecalc.render.lock import LockSummary, listing, summary
    from shapecalc.version import __version__

    target = target_of(format_, output, color, TABULAR)
    if update and resolve:
        raise Misuse("`--update` and `--resolve` exclude each other: `--resolve` records changed figures too")
    if (update or resolve) and _in_ci():
        raise Misuse(
            f"`--{'update' if update else 'resolve'}` is refused if `CI` is set: the author of a change reviews what "
            "it changes in the lock; run it on your machine, and commit the lock"
        )
    configuration = config_of(config, no_config).with_options(lock_file=lock_file)
    lock_file = configuration.lock_file
    wanted = paths_of(paths, configuration) if paths or not resolve else []
    discovered = _discovered(wanted, exclude or [], configuration)
    limits, settings = limits_of(limit), settings_of(set_, batch)
    if resolve:
        _resolve(discovered, lock_file, limits, settings, target, configuration)
        if fail_if_written:
            _fail_as_written(lock_file)
        return
    given = _given(discovered, limits, settings, lock_file, color, configuration)
    recorded = record(
        given.reports,
        lock_file,
        __version__,
        update=update,
        settings=given.settings,
        blocks=given.blocks,
        others=discovered.skipped,
    )
    causes = {path: tuple(one.message for one in error.diagnostics) for path, error in recorded.moved.items()}
    if recorded.moved and not update:
        say(*recorded.moved.values(), color=color)
    count = len(recorded.lock.files) if recorded.written else recorded.given
    done = LockSummary(
        lock_file,
        not recorded.existed,
        recorded.written,
        count,
        recorded.new,
        causes if update else {},
        recorded.changes,
        causes,
        discovered.skipped,
    )
    writers = writers_of(partial(summary, done), done.to_dict, listing=partial(listing, done))
    show(target, writers, ok=update or not recorded.moved)
    if fail_if_written and recorded.written:
        _fail_as_written(lock_file)


def _discovered(paths: list[str], exclude: list[str], config: Config) -> Discovered:
    from shapecalc.files.discovery import discover

    discovered = discover(paths, exclude, config.excludes)
    if "-" in discovered.files:
        raise Misuse("`lock` expects files, receives `-`: a lock names what it holds")
    return discovered


def _given(
    discovered: Discovered, limits: Limits, settings: Settings, lock_file: str, color: Color, config: Config
) -> GivenReports:
    """Return the report of each network by its path; if there are errors, report all of them and exit."""
    from shapecalc.diffing.lock.recording import reports_of

    given = reports_of(discovered.files, limits, settings, lock_file, config=config)
    _stop_at(given.errors, color)
    refuse_unused(settings, given.names)
    return given


def _resolve(
    discovered: Discovered, lock_file: str, limits: Limits, settings: Settings, target: Target, config: Config
) -> None:
    """Rebuild a lock file that has merge conflicts, and show how; if there are errors, report all of them and exit."""
    from shapecalc.diffing.lock.entries import to_json
    from shapecalc.diffing.lock.resolving import resolved
    from shapecalc.files.atomic import write_atomic
    from shapecalc.render import resolution
    from shapecalc.version import __version__

    done = resolved(discovered, lock_file, __version__, limits, settings, config)
    _stop_at(done.errors, target.color)
    refuse_unused(settings, done.names)
    write_atomic(lock_file, to_json(done.lock))
    writers = writers_of(
        partial(resolution.resolution, done),
        partial(resolution.values, done),
        listing=partial(resolution.listing, done),
    )
    show(target, writers)


def _stop_at(errors: tuple[ShapecalcError, ...], color: Color) -> None:
    if errors:
        say(*errors, color=color)
        raise typer.Exit(max(error.exit_code for error in errors))


def _fail_as_written(lock_file: str) -> NoReturn:
    from shapecalc.render.terminal.escaping import terminal

    print(f"error: `{terminal(lock_file)}` was written: add it to the commit", file=sys.stderr)
    raise typer.Exit(FINDINGS)


def _in_ci() -> bool:
    return os.environ.get("CI", "").strip().lower() not in ("", "0", "false")
