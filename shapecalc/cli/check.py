"""`shapecalc check`: diagnostics of architecture files, for people, pull requests and other programs."""

from __future__ import annotations

import os
import sys
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import FINDINGS, UNREADABLE, Misuse
from shapecalc.cli.options.architecture import (
    BatchOption,
    LimitOption,
    SetOption,
    limits_of,
    refuse_unused,
    settings_of,
)
from shapecalc.cli.options.budget import MAX_FLOPS, MAX_MEMORY, MaxFlopsOption, MaxMemoryOption, budget_of
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.config import (
    ConfigOption,
    ExcludeOption,
    NoConfigOption,
    config_of,
    paths_of,
    show_configuration,
)
from shapecalc.cli.options.fail_on import conditions_of, of_one_network
from shapecalc.cli.options.formats import Format, format_of, format_option, output_option, target_of
from shapecalc.cli.options.lock_file import LockFileOption  # noqa: TC001 - typer reads the annotation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.cli.options.formats import Target

EXAMPLES = (
    "shapecalc init net.yaml && shapecalc check net.yaml",
    "shapecalc check lenet5 vgg16 --format junit --output check.xml",
)


FORMATS = (Format.TEXT, Format.JSON, Format.GITHUB, Format.GITLAB, Format.SARIF, Format.JUNIT, Format.MARKDOWN)


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...",
            help="Files, folders (all networks below them), patterns, - for standard input, names that "
            "`shapecalc list` shows; default: the `paths` of the configuration.",
        ),
    ] = None,
    set_: SetOption = None,
    batch: BatchOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            metavar="CODES",
            help="Report only these codes, such as SC3,SC501, instead of those of the configuration; may be repeated.",
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore",
            metavar="CODES",
            help="Ignore these codes, such as SC405, instead of those of the configuration; may be repeated.",
        ),
    ] = None,
    exclude: ExcludeOption = None,
    run: Annotated[bool, typer.Option("--run", help="Execute each network too, as `shapecalc verify` does.")] = False,
    max_memory: MaxMemoryOption = MAX_MEMORY,
    max_flops: MaxFlopsOption = MAX_FLOPS,
    locked: Annotated[bool, typer.Option("--locked", help="Compare each file with the lock file.")] = False,
    lock_file: LockFileOption = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            metavar="CONDITION",
            help="Report a network for which this is true, such as `params > 25M` or `memory > 4GiB and macs > 1G`, in "
            "addition to the conditions of the configuration; may be repeated.",
        ),
    ] = None,
    config: ConfigOption = None,
    no_config: NoConfigOption = False,
    show_config: Annotated[
        bool,
        typer.Option(
            "--show-config",
            help="Show the configuration that applies, to each PATH if given, with the origin of each value.",
        ),
    ] = False,
    changed_since: Annotated[
        str | None,
        typer.Option(
            "--changed-since",
            metavar="REV",
            help="Check only files that differ from a git revision, or that include such a file.",
        ),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="First apply all safe fixes to the files.")] = False,
    format_: Annotated[list[Format] | None, format_option(*FORMATS)] = None,
    output: Annotated[list[str] | None, output_option()] = None,
    stdin_filename: Annotated[
        str | None, typer.Option("--stdin-filename", metavar="NAME", help="Name for standard input.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("-j", "--jobs", min=1, help="Number of processes; default: one per core.")
    ] = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Check files and report all errors and warnings.

    Reports every error of the files and their shapes, every `expect:` that is not met, and warnings for what is valid
    but likely unintended. Exit code 0 if there is no error, 1 if there is one, 2 if a file cannot be read.

    --format and --output may be repeated: the first --output has the first --format, and so on; a format without a file
    goes to standard output.
    """
    from shapecalc.checking.check import check

    limits, budget = limits_of(limit), budget_of(max_memory, max_flops)
    given = settings_of(set_, batch)
    targets = _targets(format_ or [], output or [], color)
    configuration = config_of(config, no_config).with_options(
        select=_codes("--select", select),
        ignore=_codes("--ignore", ignore),
        strict=strict,
        fail_on=of_one_network(conditions_of(fail_on)),
        locked=locked,
        lock_file=lock_file,
    )
    if show_config:
        shown = configuration.with_options(exclude=tuple(exclude or ()))
        show_configuration(shown, given, paths or [], targets, searched=config is None and not no_config)
        return
    checked_paths = paths_of(paths, configuration)
    if fix:
        from shapecalc.checking.fix_files import fix_files
        from shapecalc.render.fix import edits

        unicode = (sys.stderr.encoding or "ascii").lower().startswith("utf")
        for fixed in fix_files(checked_paths, exclude or (), limits, configuration.excludes, changed_since):
            print(edits(fixed, unicode=unicode), file=sys.stderr)
    results = check(
        *checked_paths,
        exclude=exclude or (),
        run=run,
        budget=budget,
        lock=configuration.lock_file if configuration.locked else None,
        stdin_name=stdin_filename or "<stdin>",
        processes=jobs,
        limits=limits,
        settings=given,
        config=configuration,
        changed_since=changed_since,
        sources=False,
    )
    if not results.unchanged and all(result.used is not None for result in results):
        refuse_unused(given, chain(*(result.used or () for result in results)))
    for target in targets:
        target.write(_written(results, target, strict=strict, executed=run))
    if Format.GITHUB in (target.format for target in targets):
        _add_to_summary(results)
    if not all(result.readable for result in results):
        raise typer.Exit(UNREADABLE)
    if any(result.failed(strict=strict) for result in results):
        raise typer.Exit(FINDINGS)


def _targets(formats: list[Format], outputs: list[str], color: Color) -> list[Target]:
    """Return the target of each format: an output file, or standard output."""
    if not formats:
        formats = [format_of(name, FORMATS, otherwise=Format.TEXT) for name in outputs] or [Format.TEXT]
    if len(outputs) > len(formats):
        raise Misuse(f"`--output` is given {len(outputs)} times, `--format` {len(formats)}: give each file its format")
    if len(formats) > len(outputs) + 1:
        words = ", ".join(f"`{written.value}`" for written in formats[len(outputs) :])
        raise Misuse(f"one format goes to standard output, not {words}; give the others an `--output`")
    if len(set(outputs)) < len(outputs):
        raise Misuse(f"`--output {next(name for name in outputs if outputs.count(name) > 1)}` is given twice")
    places = [*outputs, *[None] * (len(formats) - len(outputs))]
    return [target_of(chosen, place, color, FORMATS) for place, chosen in zip(places, formats, strict=True)]


def _codes(option: str, given: list[str] | None) -> tuple[str, ...]:
    """Read codes and prefixes of codes; raise a usage error for a text that no code begins with."""
    if not given:
        return ()
    from shapecalc.diagnostics.rules import codes

    known = codes()
    wanted = tuple(code.strip().upper() for text in given for code in text.split(","))
    for code in wanted:
        if not code or not any(other.startswith(code) for other in known):
            raise Misuse(f"`{option}` expects codes such as SC301, or SC3 for all that begin so, receives `{code}`")
    return wanted


def _add_to_summary(results: Sequence[Checked]) -> None:
    """Append the diagnostics to the summary page of a GitHub Actions step, if there is one."""
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if not page:
        return
    from pathlib import Path

    from shapecalc.render.check.github import summary

    try:
        with Path(page).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(summary(results))
    except OSError as error:  # what only shows as it is written names no file
        raise type(error)(error.errno, error.strerror, page) from None


def _written(results: Sequence[Checked], target: Target, *, strict: bool, executed: bool) -> str:
    match target.format:
        case Format.TEXT:
            return _text(results, target)
        case Format.JUNIT:
            from shapecalc.render.check import junit

            return junit.checks(results, strict=strict, executed=executed)
        case format_:
            from importlib import import_module

            written: str = import_module(f"shapecalc.render.check.{format_.value}").checks(results)
            return written


def _text(results: Sequence[Checked], target: Target) -> str:
    """Return the text, fitted to the width and colours of the terminal."""
    from shapecalc.render.check import text
    from shapecalc.render.terminal.escaping import ascii_only

    manner = target.manner
    shown = text.checks(results, color=manner["color"], width=manner["width"], unicode=manner["unicode"])
    return shown if manner["unicode"] else ascii_only(shown)
