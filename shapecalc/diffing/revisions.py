"""Comparison of all networks of a repository as of a revision with those of another, or of the work tree."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.diagnostics.presentation import Presented
from shapecalc.diffing.diff import Change, ChangeKind, Figures, diff, figures_of
from shapecalc.diffing.git.command import refuse
from shapecalc.diffing.git.loading import load_from
from shapecalc.diffing.git.objects import MissingObjectError, ObjectReader
from shapecalc.diffing.git.repository import repository_of
from shapecalc.diffing.git.snapshot import Revision, WorkTree
from shapecalc.diffing.renames import renames
from shapecalc.diffing.snapshot_pair import SnapshotPair
from shapecalc.files.config import NO_CONFIG, Config
from shapecalc.files.patterns import matches, within
from shapecalc.files.settings import NOTHING_SET, Settings
from shapecalc.parser.file_kind import FileKind
from shapecalc.shape_inference.engine import inspect_at
from shapecalc.shape_inference.rows import Sums, sums_of, total

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from shapecalc.diffing.diff import Comparison, DiffRow
    from shapecalc.diffing.git.snapshot import Snapshot
    from shapecalc.shape_inference.report import Report


_MISUSE = 2
"""The exit code of what is wrong whatever is in a file."""
_SHORT = 12
"""The digits of the id of a commit in a message."""


class NetworkStatus(Enum):
    """The kind of difference of a network between two revisions."""

    ADDED = "added"
    DELETED = "deleted"
    RENAMED = "renamed"
    CHANGED = "changed"


class NetworkChange(NamedTuple):
    """One network that differs; paths are relative to the root of the repository, with `/`.

    `comparison` is None for a network that was deleted, and if one side has errors. Counts of a side with errors are
    unknown (None) in `totals`. `through` has the included files through which a network differs, if its own text is the
    same.
    """

    status: NetworkStatus
    old_path: str | None
    new_path: str | None
    totals: Figures
    comparison: Comparison | None = None
    old_error: ShapecalcError | None = None
    new_error: ShapecalcError | None = None
    through: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The path after the change, or before it if the network was deleted."""
        path = self.new_path or self.old_path
        assert path is not None
        return path

    @property
    def codes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The codes of the errors before and after, each once."""
        before, after = (each.diagnostics if each else () for each in (self.old_error, self.new_error))
        return tuple(dict.fromkeys(each.code for each in before)), tuple(dict.fromkeys(each.code for each in after))

    @property
    def largest(self) -> DiffRow | None:
        """The layer whose params differ most, of equal ones that whose MACs do; None if no layer's do."""
        rows = [row for row in self.comparison.rows if row.kind is not ChangeKind.SAME] if self.comparison else []
        moved = [row for row in rows if any(_amount(row))]
        return max(moved, key=_amount, default=None)


def _amount(row: DiffRow) -> tuple[int, int]:
    """Return by how much the params and the MACs of a layer differ; 0 for an expression or an unknown number."""
    params, macs = row.figures.params.delta, row.figures.macs.delta
    return abs(params) if isinstance(params, int) else 0, abs(macs) if isinstance(macs, int) else 0


class _Revisions(NamedTuple):
    base: str
    head: str
    changes: tuple[NetworkChange, ...]
    unchanged: int
    without_effect: tuple[str, ...]
    skipped: int
    root: str = ""
    merge_base: str = ""


class RevisionComparison(Presented, _Revisions):
    """All networks that differ between `base` and `head`, which is "" for the work tree.

    `unchanged` is the number of networks whose text and included texts are the same. `without_effect` has the paths of
    those whose text differs, and no layer, shape or figure. `skipped` is the number of YAML files of other tools.
    `root` is the folder of the repository. `merge_base` is the id of the best common ancestor of both, if `head` was
    compared with it instead of with `base`, else "".
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Return both revisions and the number of networks of each status."""
        counts = ", ".join(f"{count} {status.value}" for status, count in self.tally.items() if count)
        head = self.head or "the work tree"
        return f"<RevisionComparison of {self.base} with {head}: {counts or 'no network differs'}>"

    @property
    def identical(self) -> bool:
        """Whether no network differs."""
        return not self.changes

    @property
    def failed(self) -> bool:
        """Whether a network of `head` has errors."""
        return any(change.new_error is not None for change in self.changes)

    @property
    def tally(self) -> Mapping[NetworkStatus, int]:
        """The number of networks of each status."""
        return {status: sum(change.status is status for change in self.changes) for status in NetworkStatus}


class PathSelection(NamedTuple):
    """The networks to compare: in files, folders and patterns, from the root of the repository, "." for all."""

    paths: tuple[str, ...] = (".",)
    excluded: Callable[[str], bool] = lambda _: False

    def names(self, path: str) -> bool:
        """Return whether a file is named itself: it is a network whatever its keys are."""
        return path in self.paths

    def of(self, files: Collection[str]) -> list[str]:
        """Return the selected ones of all files, in alphabetical order.

        Raises `ShapecalcError` SC001 (exit code 2) for a path that selects none, unless they are excluded.
        """
        every = sorted(files)
        selected = set()
        for each in self.paths:
            # The name of a file is not a pattern, whatever characters it has.
            matching = [each] if each in files else [path for path in every if within(path, each, hidden=False)]
            if not matching and each != ".":
                refuse(
                    f"`{each}` has no YAML file that git lists, neither then nor now",
                    "name files or folders of the repository that git does not ignore",
                )
            selected.update(matching)
        return [path for path in every if path in selected and not self.excluded(path)]


class CompareOptions(NamedTuple):
    """Options of a comparison: the settings of each file by its path, and whether all symbols are left unbound."""

    settings_of: Callable[[str], Settings] = lambda _: NOTHING_SET
    symbolic: bool = False
    limits: Limits = LIMITS


DEFAULTS = CompareOptions()


def diff_revisions(
    base: str,
    head: str | None = None,
    paths: Iterable[str] = (),
    *,
    exclude: Iterable[str] = (),
    merge_base: bool = False,
    options: CompareOptions = DEFAULTS,
    config: Config = NO_CONFIG,
) -> RevisionComparison:
    """Return the comparison of all networks of a repository between `base` and `head`, None for the work tree.

    `paths` are files, folders and patterns in one repository, relative to the current folder; without any, those of
    `config`, else all of the repository of the current folder. Settings of `options` replace those of `config`.
    `merge_base` compares with the best common ancestor of `base` and `head`, or `HEAD`. Raises `ShapecalcError` SC001
    (exit code 2) for what git does not know, and for a path without a network on either side.
    """
    given = tuple(paths) or config.paths
    repository = repository_of(_folder(given[0]) if given else Path(), given[0] if given else ".")
    if head is None and repository.bare:
        refuse("a bare repository has no work tree", "compare two of its revisions: `--head REV`")
    commit, name, ancestor = repository.commit(base), base, ""
    if merge_base:
        after = repository.commit("HEAD" if head is None else head)
        nearest = repository.merge_base(commit, after)
        if nearest != commit:
            commit, name, ancestor = nearest, nearest[:_SHORT], nearest
    # As for one file, a symbolic link is what it names today.
    inside = tuple(repository.relative(_real(path)) for path in given) or (".",)
    excluded = tuple(exclude)

    def leaves_out(path: str) -> bool:
        return any(matches(path, pattern) for pattern in excluded) or config.excludes(str(repository.root / path))

    def settings_of(path: str) -> Settings:
        return config.at(str(repository.root / path)).settings.replaced_by(options.settings_of(path))

    selection, options_of_config = PathSelection(inside, leaves_out), options._replace(settings_of=settings_of)
    with ObjectReader(repository.root) as objects:
        before = Revision(repository, commit, name, objects)
        if head is None:
            compared = compare_revisions(before, WorkTree(repository, objects), selection, options_of_config)
        else:
            now = Revision(repository, repository.commit(head), head, objects)
            compared = compare_revisions(before, now, selection, options_of_config)
    return compared._replace(base=base, root=str(repository.root), merge_base=ancestor)


def _folder(path: str) -> Path:
    """Return the innermost folder of a path that exists: a folder that was deleted has a repository too."""
    try:
        folder = os.path.abspath(path)  # noqa: PTH100 - a name may be anything that the system gives
    except OSError:
        refuse(f"`{path}` does not exist, nor does the current folder")
    while not os.path.isdir(folder):  # noqa: PTH112
        folder = os.path.dirname(folder)  # noqa: PTH120
    return Path(folder)


def _real(path: str) -> str:
    return os.path.realpath(path) if os.path.exists(path) else path  # noqa: PTH110 - a name may be too long for a Path


def compare_revisions(
    base: Snapshot, head: Snapshot, selection: PathSelection | None = None, options: CompareOptions = DEFAULTS
) -> RevisionComparison:
    """Return the comparison of all selected networks of two snapshots of a repository.

    A network is compared if its text differs, or that of a file that it includes on either side. Mistakes in a text are
    recorded in its change. Raises `ShapecalcError` (exit code 2) if git cannot read an object.
    """
    return _Comparer(base, head, selection or PathSelection(), options).compared()


class _Comparer:
    """Finds the networks that differ between two snapshots, and compares them."""

    def __init__(self, base: Snapshot, head: Snapshot, selection: PathSelection, options: CompareOptions) -> None:
        self._base = base
        self._head = head
        named = [path for path in selection.paths if path != "."]
        self._pair = SnapshotPair(base, head, named, options.limits)
        self._selection = selection
        self._options = options

    def compared(self) -> RevisionComparison:
        pair = self._pair
        unchanged = skipped = 0
        deleted: list[str] = []
        added: list[str] = []
        both: list[tuple[str, tuple[str, ...]]] = []
        for path in self._selection.of({*pair.before, *pair.after}):
            same = pair.is_same(path)
            is_now = pair.kind(self._head, path)
            was = is_now if same else pair.kind(self._base, path)
            if FileKind.NETWORK not in (was, is_now):
                skipped += FileKind.BLOCKS not in (was, is_now)
            elif was is FileKind.NETWORK and path in pair.after and is_now is not FileKind.BLOCKS:
                through = pair.through(path) if same else ()
                if through or not same:
                    both.append((path, through))
                else:
                    unchanged += 1
            elif was is FileKind.NETWORK:
                deleted.append(path)
            else:
                added.append(path)
        moved = renames(
            {path: pair.before[path] for path in deleted},
            {path: pair.after[path] for path in added},
            lambda path, is_added: pair.text(self._head if is_added else self._base, path),
        )
        came = set(moved.values())
        differing = [
            *((NetworkStatus.CHANGED, path, path, through) for path, through in both),
            *((NetworkStatus.RENAMED, old, new, ()) for old, new in moved.items()),
            *((NetworkStatus.DELETED, path, None, ()) for path in deleted if path not in moved),
            *((NetworkStatus.ADDED, None, path, ()) for path in added if path not in came),
        ]
        changes = []
        without_effect = []
        for each in sorted(differing, key=lambda each: each[2] or each[1] or ""):
            change = self._change(*each)
            if _is_equal(change):
                without_effect.append(change.path)  # of which the layers are not kept
            else:
                changes.append(change)
        names = self._base.name, self._head.name
        return RevisionComparison(*names, tuple(changes), unchanged, tuple(without_effect), skipped)

    def _change(
        self, status: NetworkStatus, old: str | None, new: str | None, through: tuple[str, ...] = ()
    ) -> NetworkChange:
        before, old_error = self._report(self._base, old)
        after, new_error = self._report(self._head, new)
        if after is not None and old_error is None:
            comparison = diff(before, after)
            return NetworkChange(status, old, new, comparison.totals, comparison, through=through)
        totals = totals_of(before, after, unknown=(old_error is not None, new_error is not None))
        return NetworkChange(status, old, new, totals, None, old_error, new_error, through)

    def _report(self, snapshot: Snapshot, path: str | None) -> tuple[Report | None, ShapecalcError | None]:
        if path is None:
            return None, None
        try:
            given = load_from(snapshot, path, self._options.settings_of(path), self._options.limits)
            return inspect_at(given.architecture, given.sizes, symbolic=self._options.symbolic), None
        except MissingObjectError:
            raise
        except ShapecalcError as error:
            if error.exit_code == _MISUSE and error.diagnostics[0].code != "SC001":  # of a setting, not of this file
                raise ShapecalcError(error.diagnostics, exit_code=_MISUSE) from None
            return None, error


def _is_equal(change: NetworkChange) -> bool:
    """Return whether the text of a network differs, and nothing else."""
    compared = change.comparison
    return change.status is NetworkStatus.CHANGED and compared is not None and compared.identical


def totals_of(before: Report | None, after: Report | None, *, unknown: tuple[bool, bool]) -> Figures:
    """Return the totals of two networks of which one at least does not exist or cannot be read."""
    sides = [() if each is None else each.layers for each in (before, after)]
    figures = figures_of(*(total([Sums(), *map(sums_of, layers)]) for layers in sides))
    figures = figures._replace(layers=Change(*map(len, sides)))
    old, new = unknown
    return Figures(*(Change(None if old else was, None if new else now) for was, now in figures))
