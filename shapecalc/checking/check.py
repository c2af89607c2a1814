"""Checks of one or many files: reading, inference, lints, expectations, `where:`, a lock and a run."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import Architecture
from shapecalc.checking.diagnose import diagnose
from shapecalc.checking.keras import with_notes
from shapecalc.checking.lints.unused import unused
from shapecalc.checking.locked import lock_of_files, locked_blocks, locked_network, with_missing
from shapecalc.checking.result import Checked, CheckResults
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.diffing.lock import check_lock, load_lock
from shapecalc.diffing.lock.folder import former_key
from shapecalc.dims import show
from shapecalc.execution.budget import BUDGET
from shapecalc.files.config import NO_BUDGETS, NO_CONFIG, Config
from shapecalc.files.discovery import discover
from shapecalc.files.load import find_source, loads_source
from shapecalc.files.settings import NOTHING_SET, SetArchitecture, Settings, load_with
from shapecalc.parser.diagnostics import position
from shapecalc.parser.file_kind import FileKind, kind_of
from shapecalc.parser.include import diagnose_blocks
from shapecalc.shape_inference.engine import Reports
from shapecalc.shape_inference.report import batch_symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shapecalc.diagnostics import Source, Span
    from shapecalc.diffing.lock import Lock
    from shapecalc.execution.budget import Budget
    from shapecalc.execution.verify import Proof, ProofRow
    from shapecalc.files.config import FileConfig

PAYS_FROM = 64
"""The number of files from which on several processes are faster than one, which reads about 200 files per second."""

UNREADABLE = 2
"""The exit code of an error for a file that cannot be read."""


class CheckOptions(NamedTuple):
    """Options of a check: a run within a budget, and a comparison with a lock."""

    run: bool = False
    budget: Budget = BUDGET
    lock: Lock | None = None
    lock_file: str = ""
    stdin_name: str = "<stdin>"
    limits: Limits = LIMITS
    settings: Settings = NOTHING_SET
    config: Config = NO_CONFIG
    sources: bool = True
    """Whether a result without findings has its text, which takes memory for each file."""

    def narrowed(self, files: Iterable[str]) -> CheckOptions:
        """Return the options for some files: of a large lock, only what their comparison needs."""
        if self.lock is None:
            return self
        names = (self.stdin_name if file == "-" else file for file in files)
        return self._replace(lock=lock_of_files(self.lock, self.lock_file, names))


DEFAULTS = CheckOptions()


def check(
    *networks: Architecture | str | Path,
    exclude: Iterable[str] = (),
    run: bool = False,
    budget: Budget = BUDGET,
    lock: str | Path | None = None,
    stdin_name: str = "<stdin>",
    processes: int | None = None,
    limits: Limits = LIMITS,
    settings: Settings = NOTHING_SET,
    config: Config = NO_CONFIG,
    changed_since: str | None = None,
    sources: bool = True,
) -> CheckResults:
    """Return the results of checking files, folders and patterns, except those that a pattern of `exclude` matches.

    Architectures, checked with the parameters that they have, come after files. `settings` set the symbols and
    parameters of files that have them: `expect:` and `where:`, which are for a file's own sizes, then do not apply. A
    lock is compared at the sizes at which it was made. `config` has values for each file: codes, sizes, at which
    `expect:` and `where:` apply all the same, and limits of figures.
    `run` executes each network as `verify` does, within `budget`. Each network is compared with `lock`, a file that
    `shapecalc lock` has written; if networks of the lock are missing, the last result is that of the lock. Many files
    are distributed among `processes`, by default one per processor. With `changed_since`, a git revision, only files
    are checked whose text differs from that revision, or that of a file that they include; all of them if the
    configuration or the lock differs. Without `sources`, results without findings have no `source`: memory then grows
    by the names of files alone.
    Raises `ShapecalcError` (exit code 2) for a folder or a pattern without a file, and for an invalid lock. A file that
    cannot be read has a diagnostic in its result.

    >>> [(result.name, result.findings) for result in check("lenet5", "vgg16")]
    [('lenet5', ()), ('vgg16', ())]
    """
    paths = (str(each) for each in networks if not isinstance(each, Architecture))
    named, skipped = discover(paths, exclude, config.excludes)
    files, lock_file = named, "" if lock is None else str(lock)
    if changed_since is not None:
        from shapecalc.diffing.snapshot_pair import changed_files  # noqa: PLC0415 - brings git's processes

        for_all = (lock_file, config.source.name if config.source else "")
        files = changed_files(named, changed_since, limits, filter(None, for_all))
    loaded_lock = None if lock is None else load_lock(str(lock))
    options = CheckOptions(run, budget, loaded_lock, lock_file, stdin_name, limits, settings, config, sources)

    def narrowed(part: Sequence[str]) -> Callable[[str], Checked]:
        return partial(check_file, options=options.narrowed(part))

    pays_from = 2 if run else PAYS_FROM
    function = partial(check_file, options=options)
    results = tuple(map_files(function, files, processes, pays_from=pays_from, narrowed=narrowed))
    results += tuple(check_architecture(each, options) for each in networks if isinstance(each, Architecture))
    if loaded_lock is not None:
        results, missing = with_missing(results, loaded_lock, lock_file, skipped)
        results += (_selected(missing, config.at(lock_file)),) if missing.findings else ()
    return CheckResults(results, skipped, len(named) - len(files), changed_since or "")


def map_files(
    function: Callable[[str], Checked],
    files: Sequence[str],
    processes: int | None = None,
    *,
    pays_from: int = PAYS_FROM,
    narrowed: Callable[[Sequence[str]], Callable[[str], Checked]] | None = None,
) -> Iterator[Checked]:
    """Yield the result of `function` for each file, in their order, in several processes if that is faster."""
    processes = min(processes or _processors(), len(files))
    if processes < 2 or len(files) < pays_from:  # noqa: PLR2004 - one process is this one
        yield from map(function, files)
        return
    from shapecalc.checking.processes import map_in_processes  # noqa: PLC0415 - 30 ms, which few files need

    yield from map_in_processes(function, files, processes, narrowed)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_file(path: str, options: CheckOptions = DEFAULTS) -> Checked:
    """Return the result of checking one file, `-` for standard input, or a name of the zoo."""
    name = options.stdin_name if path == "-" else path
    try:
        source = find_source(path, options.limits)
    except ShapecalcError as error:
        return Checked(name, error.source, error.diagnostics, readable=error.exit_code != UNREADABLE)
    folder = None if path == "-" else Path(source.name).parent
    checked = check_source(source._replace(name=name), folder, options)
    return checked if options.sources or checked.findings else checked._replace(source=None)


def check_source(source: Source, folder: Path | None, options: CheckOptions = DEFAULTS) -> Checked:
    """Return the result of checking one text; all that it includes is in `folder` or below."""
    own = options.config.at(source.name)
    return _selected(_checked(source, folder, options, own), own)


def _checked(source: Source, folder: Path | None, options: CheckOptions, own: FileConfig) -> Checked:
    try:
        if kind_of(source, options.limits) is FileKind.BLOCKS:
            blocks = diagnose_blocks(source, folder, options.limits)
            diagnostics = blocks.diagnostics or tuple(unused(blocks.unused))
            if options.lock is not None:
                diagnostics += locked_blocks(source.name, options.lock, options.lock_file)
            return Checked(source.name, blocks.source, diagnostics)
        values = own.settings.replaced_by(options.settings)
        given = load_with(source, values, options.limits, folder, unused=True)
        written, source = source, given.architecture.file or source
        as_written = None
        if given.used and not options.settings.applies_to(given.architecture):
            # A configuration gives sizes, and the expectations of a file stay those of its own.
            as_written = loads_source(source, options.limits, folder)
        diagnostics = _diagnostics(given, options, own, as_written)
        former = None
        if options.lock is not None:
            at = (options.limits, options.lock, options.lock_file)
            changes, former = locked_network(given, written, folder, *at)
            diagnostics += changes
    except ShapecalcError as caught:
        error = _at_own_sizes(caught, source, folder, options, own) if own.settings != NOTHING_SET else caught
        readable = error.exit_code != UNREADABLE
        mistakes = with_notes(source, error.diagnostics, folder, options.limits)
        return Checked(source.name, error.source or source, mistakes, readable=readable)
    return Checked(source.name, source, tuple(sorted(diagnostics, key=position)), used=given.names, former=former)


def _at_own_sizes(
    error: ShapecalcError, source: Source, folder: Path | None, options: CheckOptions, own: FileConfig
) -> ShapecalcError:
    """Return the mistakes of a file at its own sizes; without any, those at the sizes of the configuration."""
    try:
        architecture = loads_source(source, options.limits, folder, unused=True)
        Reports(architecture).at({})
    except ShapecalcError as of_file:
        return of_file
    names = {*architecture.parameters, *architecture.symbols} - options.settings.values.keys()
    given = [f"{name} = {value}" for name, value in own.settings.values.items() if name in names]
    batch = own.settings.replaced_by(options.settings).batch if options.settings.batch is None else None
    given += [] if batch is None or batch_symbol(architecture) is None else [f"batch = {batch}"]
    if not given:
        return error
    note = f"the configuration sets {', '.join(given)}"
    diagnostics = tuple(each._replace(notes=(*each.notes, note)) for each in error.diagnostics)
    return ShapecalcError(diagnostics, error.source, exit_code=error.exit_code)


def check_architecture(architecture: Architecture, options: CheckOptions = DEFAULTS) -> Checked:
    """Return the result of checking an architecture, with the parameters that it has."""
    name = architecture.file.name if architecture.file else architecture.name
    try:
        given = SetArchitecture(architecture, {}, {}, frozenset())
        diagnostics = _diagnostics(given, options, options.config.at(name))
        former = None
        if options.lock is not None:
            report = Reports(architecture).at({})
            diagnostics += check_lock(report, name, options.lock, options.lock_file)
            former = former_key(report, name, options.lock, options.lock_file)
    except ShapecalcError as error:
        return Checked(name, error.source or architecture.file, error.diagnostics)
    checked = Checked(name, architecture.file, tuple(sorted(diagnostics, key=position)), former=former)
    return _selected(checked, options.config.at(name))


def _diagnostics(
    given: SetArchitecture, options: CheckOptions, own: FileConfig, as_written: Architecture | None = None
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics at the sizes given, and what `as_written` does not meet at its own."""
    reports = Reports(given.architecture)
    alone = not given.used
    diagnostics = diagnose(reports.at(given.sizes), reports, expectations=alone, where=alone)
    if as_written is not None:
        written = Reports(as_written)
        diagnostics += diagnose(written.at({}), written, lints=False)
    if own.fail_on or own.budgets != NO_BUDGETS:
        from shapecalc.checking.budgets import exceeded  # noqa: PLC0415 - most configurations limit nothing

        diagnostics += exceeded(reports, given.sizes, own)
    if options.run:
        diagnostics += _executed(reports, given.sizes, options.budget)
    return diagnostics


def _selected(checked: Checked, own: FileConfig) -> Checked:
    return select_codes(checked, own.select, own.ignore)._replace(strict=own.strict)


def select_codes(checked: Checked, select: Iterable[str], ignore: Iterable[str]) -> Checked:
    """Return a result with the diagnostics whose codes have a prefix of `select`, if any, and none of `ignore`."""
    wanted, unwanted = tuple(select), tuple(ignore)
    selected = tuple(
        diagnostic
        for diagnostic in checked.findings
        if (not wanted or diagnostic.code.startswith(wanted))
        and not (unwanted and diagnostic.code.startswith(unwanted))
    )
    return checked._replace(findings=selected)


def _executed(reports: Reports, sizes: Mapping[str, int], budget: Budget) -> tuple[Diagnostic, ...]:
    """Run a network, and return an SC601 error for the first layer of each trial that differs from its prediction."""
    from shapecalc.execution.verify import verify_at  # noqa: PLC0415 - brings NumPy

    try:
        proof = verify_at(reports, sizes, budget=budget)
    except ShapecalcError as error:  # too large to be run
        return error.diagnostics
    first: dict[Span | None, Diagnostic] = {}
    for diagnostic in _disagreements(proof):
        first.setdefault(diagnostic.span, diagnostic)
    return tuple(first.values())


def _disagreements(proof: Proof) -> Iterator[Diagnostic]:
    for trial in proof.trials:
        row = next((row for row in trial.rows if not row.ok), None)
        if row is None:
            continue
        at = ", ".join(f"{name} = {size}" for name, size in trial.sizes.items())
        spans = row.layer.step.spans
        yield Diagnostic(
            code="SC601",
            message=f"`{row.layer.path}` {_difference(row)}{f' at {at}' if at else ''}",
            span=spans.type if spans else None,
            notes=("the rule or the kernel is wrong, not this file",),
        )


def _difference(row: ProofRow) -> str:
    if row.failure:
        return f"fails when it is run: {row.failure}"
    if row.predicted != row.executed:
        done = " and ".join(map(show, row.executed or ()))
        return f"is predicted to give {' and '.join(map(show, row.predicted))}, gives {done}"
    if row.predicted_params != row.executed_params:
        return f"is predicted to have {row.predicted_params} parameters, has {row.executed_params}"
    if row.executed_own is not None and row.predicted_own != row.executed_own:
        own, has = row.predicted_own, row.executed_own
        return f"is predicted to own {own.params} params and {own.buffers} buffers, owns {has.params} and {has.buffers}"
    return f"is predicted to do {row.predicted_macs} multiply-accumulates, does {row.executed_macs}"
