"""Networks compared with each other, with what a file should be, and with a lock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shapecalc.api.load import Bound, bound
from shapecalc.architecture import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapecalc.api.load import Network, Setting
    from shapecalc.api.results import Locked
    from shapecalc.checking.result import CheckResults
    from shapecalc.diagnostics import ShapecalcError
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.diffing.diff import Comparison
    from shapecalc.diffing.revisions import RevisionComparison
    from shapecalc.execution.budget import Budget
    from shapecalc.files.config import Config
    from shapecalc.shape_inference.report import Report


def check(
    *networks: Network,
    exclude: Iterable[str] = (),
    run: bool = False,
    budget: Budget | None = None,
    lock: str | os.PathLike[str] | None = None,
    stdin_name: str = "<stdin>",
    processes: int | None = None,
    limits: Limits | None = None,
    config: bool | str | os.PathLike[str] | None = None,
    changed_since: str | None = None,
) -> CheckResults:
    """Return the result of checking each file of files, folders and patterns, then of each architecture.

    Files that a pattern of `exclude` matches are skipped. `run` executes each network as `verify` does, within
    `budget`. Each network is compared with `lock`, a file that `lock` or `shapecalc lock` has written; if networks of
    the lock are missing, the last result is that of the lock. Many files are distributed among `processes`, by default
    one per processor. `stdin_name` names standard input, `-`.
    `skipped` of the results names the YAML files of folders and patterns that are no networks. With `changed_since`, a
    git revision, only files are checked that differ from it, or that include a file that does, unless the lock or the
    configuration differs; `unchanged` of the results is the number of the others.
    Raises `ShapecalcError` (exit code 2) for a folder or a pattern without a network, and for an invalid lock. A file
    that cannot be read has a diagnostic in its result.

    >>> check("lenet5", "vgg16")
    <CheckResults of 2 files: ok>
    """
    from shapecalc.checking.check import check as check_networks
    from shapecalc.diagnostics.limits import LIMITS
    from shapecalc.execution.budget import BUDGET

    read = _configuration(config)
    if lock is None and read.locked:
        lock = read.lock_file
    return check_networks(
        *(each if isinstance(each, Architecture) else os.fspath(each) for each in networks or read.existing_paths()),
        exclude=exclude,
        run=run,
        budget=budget or BUDGET,
        lock=None if lock is None else os.fspath(lock),
        stdin_name=stdin_name,
        processes=processes,
        limits=limits or LIMITS,
        config=read,
        changed_since=changed_since,
    )


def _configuration(given: bool | str | os.PathLike[str] | None) -> Config:
    from shapecalc.files.config import NO_CONFIG, find_config, load_config

    if given is None or given is False:
        return NO_CONFIG
    return find_config() if given is True else load_config(given)


def diff(
    old: Report | Network | None,
    new: Report | Network,
    *,
    symbolic: bool = False,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> Comparison:
    """Return the comparison of two networks; `old` is None for one that did not exist: every layer is added.

    Layers are paired by name, type and fields with the fewest edits: an inserted layer is one added row, although it
    renumbers all unnamed layers after it. Symbols and parameters are given as in `inspect`, and one that a single
    network has is of that network; reports are compared as they are.
    Raises `ShapecalcError` for mistakes in a file, or if neither network has a symbol or parameter of a name.

    >>> change = diff("vgg11", "vgg13")
    >>> change.totals.params.delta
    184512
    """
    from shapecalc.diffing.diff import diff as compare, sizes_of_export
    from shapecalc.shape_inference.engine import inspect_at
    from shapecalc.shape_inference.report import Report

    def inspected(entry: Report | Bound) -> Report:
        if isinstance(entry, Report):
            return entry
        # A name that only the other network has is the other's.
        own = {
            name: size for name, size in entry.sizes.items() if name in entry.architecture.symbols or name not in known
        }
        return inspect_at(entry.architecture, own, symbolic=symbolic)

    before, after = (
        each if each is None or isinstance(each, Report) else bound(each, settings, sizes) for each in (old, new)
    )
    assert after is not None  # as the annotation says
    loaded = [each.architecture for each in (before, after) if isinstance(each, Bound)]
    known = {name for each in loaded for name in (*each.parameters, *each.symbols)}
    if isinstance(before, Bound) and isinstance(after, Bound):
        pairs = ((before, after), (after, before))
        before, after = (
            one._replace(sizes={**sizes_of_export(one.architecture, other.architecture), **one.sizes})
            for one, other in pairs
        )
    return compare(None if before is None else inspected(before), inspected(after))


def diff_revisions(
    base: str,
    head: str | None = None,
    *paths: str | os.PathLike[str],
    exclude: Iterable[str] = (),
    merge_base: bool = False,
    symbolic: bool = False,
    limits: Limits | None = None,
    config: bool | str | os.PathLike[str] | None = None,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> RevisionComparison:
    """Return the comparison of all networks of a git repository between two revisions: those that differ.

    `head` is None for the work tree. `paths` are files, folders and patterns of one repository; without any, all of the
    repository of the current folder. Files that a pattern of `exclude` matches are skipped. `merge_base` compares with
    the best common ancestor of both revisions. Symbols and parameters are given as in `inspect`, and each network takes
    those that it has. A network with mistakes has its error in its change. Paths, excluded files and settings of
    `config` apply: a configuration file, or True for that of the current folder.
    Raises `ShapecalcError` (exit code 2) for what git does not know, and for a path without a YAML file.

    >>> import subprocess, tempfile
    >>> from pathlib import Path
    >>> def git(*words):
    ...     done = subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=folder, check=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     network = Path(folder, "net.yaml")
    ...     written = network.write_text("{input: [N, 8], layers: [linear: 4]}")
    ...     git("init", "-q")
    ...     git("add", "net.yaml")
    ...     git("commit", "-qm", "first")
    ...     written = network.write_text("{input: [N, 8], layers: [linear: 5]}")
    ...     diff_revisions("HEAD", None, folder)
    <RevisionComparison of HEAD with the work tree: 1 changed>
    """
    from shapecalc.api.load import values_of
    from shapecalc.diagnostics.limits import LIMITS
    from shapecalc.diffing.revisions import CompareOptions, diff_revisions as compare
    from shapecalc.files.settings import Settings

    given = Settings(values_of({**(settings or {}), **sizes}))
    return compare(
        base,
        head,
        [os.fspath(path) for path in paths],
        exclude=exclude,
        merge_base=merge_base,
        options=CompareOptions(lambda _: given, symbolic, limits or LIMITS),
        config=_configuration(config),
    )


def lock(
    *networks: Network,
    file: str | os.PathLike[str] = "shapecalc.lock.json",
    update: bool = False,
    exclude: Iterable[str] = (),
    resolve: bool = False,
    limits: Limits | None = None,
) -> Locked:
    """Record the figures of networks in a lock file, with which `check(lock=file)` compares them later.

    Networks are files, folders, patterns, or architectures that were loaded from files; others in the lock stay. Files
    that a pattern of `exclude` matches are skipped, and YAML files of other tools in folders and patterns.
    Without `update`, nothing is written if a figure has changed since it was locked, or if a locked file is missing.
    `resolve` rebuilds a lock file that has merge conflicts: the files of both sides are locked as they are now, and
    those of `networks`.
    Raises `ShapecalcError` for mistakes in a file, SC502 for changes, SC503 for a missing file, SC504 for a lock file
    that cannot be read, and if there is no conflict to resolve.

    >>> import tempfile
    >>> from shapecalc import load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(lock(load("lenet5"), load("vgg16"), file=f"{folder}/shapecalc.lock.json").new)
    2
    """
    from shapecalc.api.results import Locked
    from shapecalc.diagnostics.limits import LIMITS
    from shapecalc.diffing.lock.entries import to_json
    from shapecalc.diffing.lock.recording import record, reports_of
    from shapecalc.diffing.lock.resolving import resolved
    from shapecalc.files.atomic import write_atomic
    from shapecalc.files.discovery import discover
    from shapecalc.files.settings import NOTHING_SET
    from shapecalc.shape_inference.engine import inspect_at
    from shapecalc.version import __version__

    name = os.fspath(file)
    discovered = discover((os.fspath(each) for each in networks if not isinstance(each, Architecture)), exclude)
    loaded = {_file_of(each): each for each in networks if isinstance(each, Architecture)}
    if resolve:
        named = discovered._replace(files=(*discovered.files, *loaded))
        resolution = resolved(named, name, __version__, limits or LIMITS, NOTHING_SET)
        _raise_first(resolution.errors)
        write_atomic(name, to_json(resolution.lock))
        return Locked(resolution.recorded, resolution)
    given = reports_of(discovered.files, limits or LIMITS, NOTHING_SET, name)
    _raise_first(given.errors)
    reports = given.reports
    for path, architecture in loaded.items():
        reports[path] = inspect_at(architecture, {})
    recorded = record(
        reports,
        name,
        __version__,
        update=update,
        settings=given.settings,
        blocks=given.blocks,
        others=discovered.skipped,
    )
    if not update:
        _raise_first([*recorded.moved.values()])
    return Locked(recorded)


def _file_of(architecture: Architecture) -> str:
    """Return the file of an architecture; raise `ShapecalcError` SC001 if it was read from a text."""
    file = "" if architecture.file is None else architecture.file.name
    if not os.path.exists(file):  # noqa: PTH110 - a name may be too long for a Path
        from shapecalc.diagnostics import misuse

        raise misuse("SC001", f"a lock names files, `{architecture.name}` is in none", "write it to a file first")
    return file


def _raise_first(errors: Sequence[ShapecalcError]) -> None:
    """Raise the first of several errors, with the others as its notes."""
    if errors:
        for other in errors[1:]:
            errors[0].add_note(str(other))
        raise errors[0]
