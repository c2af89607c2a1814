"""`shapecalc diff`: the effect of a change of a file on layers, shapes and costs."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import FINDINGS, UNREADABLE, Misuse
from shapecalc.cli.options.architecture import (
    BatchOption,
    LimitOption,
    SetOption,
    count,
    integer,
    limits_of,
    parameter,
    settings,
    settings_of,
    single,
)
from shapecalc.cli.options.batch import named_batch
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.config import ConfigOption, ExcludeOption, NoConfigOption, config_of
from shapecalc.cli.options.fail_on import conditions_of
from shapecalc.cli.options.formats import TABULAR, Format, OutputOption, format_option, show, target_of, writers_of
from shapecalc.layers.fields import LARGEST_DIM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.cli.options.formats import Target
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.diffing.diff import Comparison, Figures
    from shapecalc.diffing.revisions import NetworkChange, RevisionComparison
    from shapecalc.files.config import Config
    from shapecalc.files.config_keys import FailOn
    from shapecalc.files.settings import Settings
    from shapecalc.parser.thresholds import Alternatives, Threshold
    from shapecalc.shape_inference.report import Report

EXAMPLES = ("shapecalc diff resnet18 resnet34", "shapecalc diff vgg11 vgg13 --format markdown")


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OLD NEW|PATH...]",
            help="Two networks; with --base files, folders and patterns of a repository, by default the `paths` of the "
            "configuration, without one all of it.",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="REV", help="Compare with a git revision: one file, or all that differ."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="REV", help="With --base: the revision after; default: the work tree."),
    ] = None,
    merge_base: Annotated[
        bool,
        typer.Option("--merge-base", help="With --base: compare with the best common ancestor of both revisions."),
    ] = False,
    exclude: ExcludeOption = None,
    config: ConfigOption = None,
    no_config: NoConfigOption = False,
    set_: SetOption = None,
    batch: BatchOption = None,
    symbolic: Annotated[
        bool, typer.Option("--symbolic", help="Leave every symbol unbound, also those that the file's `sizes:` bind.")
    ] = False,
    format_: Annotated[Format | None, format_option(*TABULAR)] = None,
    output: OutputOption = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            metavar="CONDITION",
            help="Exit with 1 if this is true: `params > +2%` and `macs > +1M` compare the change, `memory > 4GiB` the "
            "new figure; of params, buffers, macs, flops, memory, activations, layers, active_params. Join conditions "
            "by `and` and `or`. A percentage does not apply to a network that was added to a repository. May be "
            "repeated.",
        ),
    ] = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Compare two networks, or all networks of a git repository.

    Takes two networks, or one file and `--base REV`. With `--base REV` and anything else, all networks below the paths
    that differ between the revision and the work tree, or `--head REV`: changed, added, deleted, renamed, and changed
    through a file that they include. The exit code is 0 also if they differ, and 1 if one of them has errors now.
    """
    target, conditions = target_of(format_, output, color, TABULAR), conditions_of(fail_on)
    given, limits = paths or [], limits_of(limit)
    of_repository = head is not None or merge_base or bool(exclude) or config is not None
    if base is None and of_repository:
        missing = "`--config` expects" if config is not None else "`--head`, `--merge-base` and `--exclude` expect"
        raise Misuse(f"{missing} `--base REV`")
    if base is not None and (base.startswith("-") or not base):
        raise Misuse(f"`--base` expects a git revision such as `HEAD` or `main`, receives `{base}`")
    if base is not None and (of_repository or not _is_one_file(given)):
        from shapecalc.diffing.revisions import CompareOptions, diff_revisions

        wanted = settings_of(set_, batch)
        options = CompareOptions(lambda _: wanted, symbolic, limits)
        configuration = config_of(config, no_config).with_options(fail_on=conditions)
        compared = diff_revisions(
            base, head, given, exclude=exclude or (), merge_base=merge_base, options=options, config=configuration
        )
        _note_unused(wanted, compared)
        _show_revisions(compared, target, configuration)
    else:
        comparison = _compared(given, base, single(settings(set_)), batch, limits, symbolic=symbolic)
        _show_networks(comparison, target, conditions)


def _is_one_file(paths: list[str]) -> bool:
    """Return whether one network is named: a file that exists, standard input or a name of the zoo."""
    path = paths[0] if len(paths) == 1 else ""
    # A name may be too long for a Path.
    return os.path.isfile(path) or path == "-" or (not os.path.lexists(path) and _ships(path))  # noqa: PTH113


def _compared(
    paths: list[str], base: str | None, texts: dict[str, str], batch: str | None, limits: Limits, *, symbolic: bool
) -> Comparison:
    from shapecalc.diffing.diff import diff, sizes_of_export

    before, after = _loaded(paths, base, texts, limits)
    if before is None:
        revision = _shown(base or "")
        print(
            f"note: `{_shown(paths[0])}` does not exist in {revision}: everything is added; `shapecalc diff --base "
            f"{revision}` finds the former name of a file that was renamed",
            file=sys.stderr,
        )
    known = _known(after) | (_known(before) if before else set())
    if before is None:
        return diff(None, _inspected(after, texts, known, batch, {}, symbolic=symbolic))
    return diff(
        _inspected(before, texts, known, batch, sizes_of_export(before, after), symbolic=symbolic),
        _inspected(after, texts, known, batch, sizes_of_export(after, before), symbolic=symbolic),
    )


def _show_networks(comparison: Comparison, target: Target, conditions: tuple[FailOn, ...]) -> None:
    from shapecalc.render import diff as rendered

    writers = writers_of(
        partial(rendered.comparison, comparison), comparison.to_dict, listing=partial(rendered.listing, comparison)
    )
    show(target, {**writers, Format.MARKDOWN: partial(rendered.markdown, comparison)})
    code = max((_judged(each.alternatives, comparison.totals) for each in conditions), default=0)
    if code:
        raise typer.Exit(code)


def _show_revisions(compared: RevisionComparison, target: Target, config: Config) -> None:
    from shapecalc.render import revisions as rendered

    writers = writers_of(
        partial(rendered.revisions, compared),
        partial(rendered.values, compared),
        listing=partial(rendered.listing, compared),
    )

    def markdown() -> str:
        from shapecalc.render.revisions_markdown import markdown as comment

        return comment(compared)

    show(target, {**writers, Format.MARKDOWN: markdown})
    codes = [FINDINGS] if compared.failed else []
    for change in compared.changes:
        if change.new_path is not None and change.new_error is None:
            conditions = config.at(os.path.join(compared.root, change.path)).fail_on  # noqa: PTH118 - any name
            codes += [_judged(_applicable(each, change), change.totals, change.path) for each in conditions]
    if any(codes):
        raise typer.Exit(max(codes))


def _note_unused(given: Settings, compared: RevisionComparison) -> None:
    """Report on stderr each setting that no network that differs has; one with errors, or deleted, may have it."""
    comparisons = [change.comparison for change in compared.changes]
    if not comparisons or None in comparisons:
        return
    reports = [report for each in comparisons if each for report in (each.old, each.new) if report]
    singles = [(f"--set {name}", given._replace(values={name: None}, batch=None)) for name in given.values]
    singles += [] if given.batch is None else [(f"--batch {given.batch}", given._replace(values={}))]
    for option, one in singles:
        if not any(one.applies_to(report.architecture) for report in reports):
            print(f"note: `{_shown(option)}` applies to no network that differs", file=sys.stderr)


def _applicable(condition: FailOn, change: NetworkChange) -> Alternatives:
    """Return the conditions that apply: none on a percentage of nothing, or on a change of what had errors."""
    if change.comparison is not None and change.old_path is not None:
        return condition.alternatives

    def compares(threshold: Threshold) -> bool:
        return threshold.percent if change.old_error is None else threshold.signed

    return tuple(group for group in condition.alternatives if not any(map(compares, group)))


def _loaded(
    paths: list[str], base: str | None, texts: dict[str, str], limits: Limits
) -> tuple[Architecture | None, Architecture]:
    from shapecalc.files.load import load_set

    values = {name: parameter(text) for name, text in texts.items()}
    if base is None:
        if len(paths) != 2:  # noqa: PLR2004 - before and after
            raise Misuse(f"`diff` expects two networks, or `--base REV`, receives {len(paths)}")
        old, new = paths
        if old == new == "-":
            raise Misuse("`diff` expects one network on standard input, receives `-` twice")
        return load_set(old, values, limits)[0], load_set(new, values, limits)[0]
    from shapecalc.diffing.git.loading import load_at

    (path,) = paths
    if not os.path.exists(path):  # noqa: PTH110 - a name may be too long for a Path
        raise Misuse(f"`--base` expects a file that git has a history of, receives `{path}`")
    after = load_set(path, values, limits)[0]
    return load_at(path, base, values, limits), after


def _ships(name: str) -> bool:
    from shapecalc.files import zoo

    return zoo.path(name) is not None


def _known(architecture: Architecture) -> set[str]:
    """Return the names that `--set` can bind in an architecture: its parameters and its symbols."""
    return {*architecture.parameters, *architecture.symbols}


def _inspected(
    architecture: Architecture,
    texts: dict[str, str],
    known: set[str],
    batch: str | None,
    default: Mapping[str, int],
    *,
    symbolic: bool,
) -> Report:
    """Inspect one of two networks, at `default` sizes; ignore settings of names that only the other one has."""
    from shapecalc.shape_inference.engine import inspect_at

    own = _known(architecture)
    wanted = [name for name in texts if name not in architecture.parameters and (name in own or name not in known)]
    sizes = {**default, **{name: integer(texts[name], f"--set {name}") for name in wanted}}
    if batch is not None:
        sizes[named_batch(architecture, batch, texts)] = count(batch, "--batch", LARGEST_DIM)
    return inspect_at(architecture, sizes, symbolic=symbolic)


def _judged(alternatives: Alternatives, figures: Figures, path: str = "") -> int:
    """Return 1 if a condition holds, 2 if it is undecided, else 0; report the first two on stderr."""
    from shapecalc.parser.thresholds import judged
    from shapecalc.render.diff import moved

    where = f"{_shown(path)}: " if path else ""
    holds, deciding = judged(alternatives, figures)
    if holds:
        text = " and ".join(threshold.text for threshold in deciding)
        lines = dict.fromkeys(moved(threshold.metric, figures) for threshold in deciding)
        print(f"error: {where}`{_shown(text)}` is met: {_shown('; '.join(lines))}", file=sys.stderr)
        return FINDINGS
    for threshold in deciding:
        said = f"`{_shown(threshold.text)}` {_shown(_undecided(threshold, figures))}"
        print(f"error: {where}{said}", file=sys.stderr)
    return UNREADABLE if deciding else 0


def _undecided(threshold: Threshold, figures: Figures) -> str:
    names = threshold.open_symbols(figures)
    if not names:
        return f"is undecided: {threshold.metric} is unknown before or after"
    quoted = " and ".join(f"`{name}`" for name in names)
    options = " ".join(f"--set {name}=…" for name in names)
    return f"depends on {quoted}; give {'it' if len(names) == 1 else 'each'} a size: {options}"


def _shown(text: str) -> str:
    """Return text for stderr, which itself escapes characters that its encoding lacks."""
    from shapecalc.render.terminal.escaping import terminal

    return terminal(text)
