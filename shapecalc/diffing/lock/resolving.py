"""Resolution of merge conflicts in a lock file: the files of both sides are locked as they are now."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diffing.git.unmerged import unmerged_sides
from shapecalc.diffing.lock.commands import lock_command
from shapecalc.diffing.lock.conflict import find_conflict
from shapecalc.diffing.lock.entries import Lock, entry_of
from shapecalc.diffing.lock.folder import MOST_BYTES, exists, key_of, path_of, read_text, text_of
from shapecalc.diffing.lock.reading import read_entry, read_lock, read_settings
from shapecalc.diffing.lock.recording import Recorded, reports_of
from shapecalc.files.config import NO_CONFIG, Config
from shapecalc.files.discovery import is_network
from shapecalc.parser.files import read_source
from shapecalc.parser.merge_conflict import explain_conflict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.diagnostics.limits import Limits
    from shapecalc.diffing.lock.entries import Entry
    from shapecalc.files.discovery import Discovered
    from shapecalc.files.settings import Settings

_HEAD = re.compile(r' {4}("(?:[^"\\]|\\.)*"): \{')
"""The first line of an entry, as `to_json` writes it."""
_END = re.compile(r" {0,4}\},?")
_SETTINGS = re.compile(r'^ {6}"settings": (\{.*\}),?$', re.MULTILINE)


class Side(Enum):
    """Which sides of a merge have the entry that a file has now."""

    BOTH = "both"
    OURS = "ours"
    THEIRS = "theirs"
    NEITHER = "neither"
    """The merge itself, or a later edit, has changed the network."""
    NEW = "new"
    """No side has the file."""


class SideEntry(NamedTuple):
    """The entry of a file on one side of a merge, None if it is not whole, and its settings."""

    entry: Entry | None
    settings: Mapping[str, Any]


class ResolvedFile(NamedTuple):
    """A file that was locked again: its entry now and on each side."""

    key: str
    side: Side
    entry: Entry
    ours: SideEntry | None
    theirs: SideEntry | None

    @property
    def settings_differ(self) -> bool:
        """Whether the sides locked it at different settings: those of ours apply."""
        return self.ours is not None and self.theirs is not None and self.ours.settings != self.theirs.settings


class Resolution(NamedTuple):
    """The lock that takes the place of one with conflicts, and each file of it, if no network has an error.

    `dropped` are files of either side that are not there any more, or are not networks any more, as the `former` ones.
    """

    file: str
    lock: Lock
    files: tuple[ResolvedFile, ...] = ()
    dropped: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    """The YAML files of other tools that discovery passed over."""
    names: frozenset[str] = frozenset()
    """The names of settings that apply to one of the files."""
    errors: tuple[ShapecalcError, ...] = ()
    former: frozenset[str] = frozenset()

    @property
    def recorded(self) -> Recorded:
        """The lock as one that was recorded."""
        new = tuple(file.key for file in self.files if file.side is Side.NEW)
        return Recorded(self.file, self.lock, len(self.files), new, {}, existed=True, written=True)


def resolved(
    named: Discovered, lock_file: str, version: str, limits: Limits, settings: Settings, config: Config = NO_CONFIG
) -> Resolution:
    """Return the lock of the files of both sides of a lock file with merge conflicts that exist, and of those `named`.

    Each file is locked as it is now, at `settings` and at those of its entry: of ours if the sides differ. One that is
    not a network any more is dropped, unless it is named.
    Raises `ShapecalcError` (exit code 2): SC503 if there is no lock file, SC504 if it has no conflict, or if no file is
    known.
    """
    ours, theirs = _sides(lock_file)
    given = {key_of(path, lock_file): path for path in named.files}
    locked = {**theirs, **ours}
    if not locked and not given:
        help_text = f"name the files: `{lock_command(lock_file, '--resolve', path='PATH')}`"
        _refuse(f"`{lock_file}` has no entry that can be read, on either side", help_text)
    there = {key: path for key in locked if exists(path := path_of(key, lock_file))}
    files = {key: path for key, path in there.items() if _may_be_network(path, limits)} | given
    before = {key: side.settings for key, side in locked.items()}
    reports = reports_of((files[key] for key in sorted(files)), limits, settings, lock_file, before, config)
    if reports.errors:
        return Resolution(lock_file, Lock({}, version), errors=reports.errors)
    entries = {
        key_of(path, lock_file): entry_of(report, reports.settings[path]) for path, report in reports.reports.items()
    }
    files_now = tuple(
        ResolvedFile(key, _side(entry, ours.get(key), theirs.get(key)), entry, ours.get(key), theirs.get(key))
        for key, entry in sorted(entries.items())
    )
    dropped = tuple(sorted(key for key in locked if key not in entries))
    former = frozenset(there).intersection(dropped)
    names = frozenset(reports.names)
    return Resolution(lock_file, Lock(entries, version), files_now, dropped, named.skipped, names, former=former)


def _may_be_network(path: str, limits: Limits) -> bool:
    """Return whether a file is a network, or has merge conflicts, so that it is not known what it will be."""
    with suppress(ShapecalcError):
        return is_network(path) or explain_conflict(read_source(path, limits).text) is not None
    return False


def _side(entry: Entry, ours: SideEntry | None, theirs: SideEntry | None) -> Side:
    if ours is None and theirs is None:
        return Side.NEW
    entries = [None if side is None else side.entry for side in (ours, theirs)]
    equal = [each is not None and each == entry.as_stated_by(each) for each in entries]
    match equal:
        case [True, True]:
            return Side.BOTH
        case [True, False]:
            return Side.OURS
        case [False, True]:
            return Side.THEIRS
    return Side.NEITHER


def _sides(lock_file: str) -> list[dict[str, SideEntry]]:
    """Return the entries of ours and of theirs: as git has them while it merges, else as the markers leave them.

    Where one side deletes an entry that the other changes, git may take its first line out of the text of both.
    """
    text = read_text(lock_file)
    conflict = find_conflict(text)
    if conflict is None:
        read_lock(text, lock_file)  # what is wrong otherwise is reported
        help_text = f"record changes of networks by `{lock_command(lock_file, '--update', path='PATH')}`"
        _refuse(f"`{lock_file}` has no merge conflict to resolve", help_text)
    staged = unmerged_sides(lock_file, MOST_BYTES)
    texts = (conflict.ours, conflict.theirs) if staged is None else (text_of(lock_file, side) for side in staged)
    return [_entries(text, lock_file) for text in texts]


def _refuse(message: str, help_text: str) -> NoReturn:
    raise ShapecalcError((Diagnostic("SC504", message, help=help_text),), exit_code=2)


def _entries(text: str, name: str) -> dict[str, SideEntry]:
    """Return the entries of one side, by key; what git has merged to no lock is read entry by entry."""
    try:
        return {key: SideEntry(entry, entry.settings) for key, entry in read_lock(text, name).files.items()}
    except ShapecalcError:
        return dict(_recovered(text))


def _recovered(text: str) -> Iterator[tuple[str, SideEntry]]:
    """Yield the entries of a text by their lines."""
    lines = text.splitlines()
    heads = [(at, match[1]) for at, line in enumerate(lines) if (match := _HEAD.fullmatch(line))]
    ends = [*(at for at, _ in heads[1:]), len(lines)]
    for (at, head), stop in zip(heads, ends, strict=False):
        block = lines[at + 1 : stop]
        end = next((number for number, line in enumerate(block) if _END.fullmatch(line)), len(block))
        block = block[:end]
        with suppress(ValueError):  # an invalid escape
            key = json.loads(head)
            yield key, _entry("\n".join(block), key)


def _entry(text: str, key: str) -> SideEntry:
    """Return the entry that lines are, or their settings only."""
    try:
        entry = read_entry("{" + text + "}", key)
        return SideEntry(entry, entry.settings)
    except ValueError:
        settings = _SETTINGS.search(text)
        with suppress(ValueError):
            return SideEntry(None, {} if settings is None else read_settings(settings[1]))
    return SideEntry(None, {})
