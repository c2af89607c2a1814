"""Two snapshots of a repository: which files differ, by themselves or through what they include."""

from __future__ import annotations

import os
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.diffing.git.loading import LFS_POINTER, read_included
from shapecalc.diffing.git.objects import MissingObjectError, ObjectReader
from shapecalc.diffing.git.repository import repository_of
from shapecalc.diffing.git.snapshot import Revision, WorkTree
from shapecalc.files.discovery import ENDINGS, OWN_ENDINGS
from shapecalc.parser.file_kind import FileKind, kind_of
from shapecalc.parser.include import included_sources

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from shapecalc.diffing.git.snapshot import Snapshot


class SnapshotPair:
    """Two snapshots, compared by the ids of contents, so that most files are not parsed.

    `named` are files that are networks whatever their ending and their keys are.
    """

    def __init__(self, base: Snapshot, head: Snapshot, named: Collection[str] = (), limits: Limits = LIMITS) -> None:
        """Take the YAML files of both snapshots, and those that are named."""
        self.base = base
        self.head = head
        self.before = _with_named(base, named)
        self.after = _with_named(head, named)
        self._named = frozenset(named)
        self._limits = limits
        self._read = lru_cache(maxsize=64)(self._contents)  # files are read in the order of their paths
        self._is_same_included = lru_cache(maxsize=None)(self._is_same_file)

    def is_same(self, path: str) -> bool:
        """Return whether a file has the same text on both sides, or is on neither."""
        return self._is_same(path, self.before.get(path), self.after.get(path))

    def kind(self, snapshot: Snapshot, path: str) -> FileKind | None:
        """Return the kind of a file, a network if it is named or cannot be read; None if it does not exist."""
        if path not in (self.before if snapshot is self.base else self.after):
            return None
        if path in self._named or path.endswith(OWN_ENDINGS):
            return FileKind.NETWORK
        try:
            data = self.text(snapshot, path)
        except MissingObjectError:
            raise
        except ShapecalcError:
            return FileKind.NETWORK
        if data.startswith(LFS_POINTER):
            return FileKind.NETWORK
        return kind_of(Source(path, data.decode("utf-8", "replace").removeprefix("\ufeff")), self._limits)

    def _contents(self, snapshot: Snapshot, path: str) -> bytes | None:
        return snapshot.read(path, self._limits)

    def _is_same_file(self, path: str) -> bool:
        return self._is_same(path, self.base.identity(path), self.head.identity(path))

    def _is_same(self, path: str, before: str | None, after: str | None) -> bool:
        """Return whether a file has the same contents, but for line ends, which a checkout may convert."""
        if before == after or before is None or after is None:
            return before == after
        try:
            return _is_same_text(self.text(self.base, path), self.text(self.head, path))
        except ShapecalcError:  # which loading the file reports
            return False

    def through(self, path: str) -> tuple[str, ...]:
        """Return the files that a network includes on either side, and that differ."""
        included = self._included(self.head, path)
        if all(map(self._is_same_included, included)):  # so that both sides include the same files
            return ()
        included += self._included(self.base, path)
        return tuple(inner for inner in dict.fromkeys(included) if not self._is_same_included(inner))

    def _included(self, snapshot: Snapshot, path: str) -> list[str]:
        """Return the paths that a file of a snapshot includes, directly or not, whether they exist or not."""
        # Its own text is the same on both sides, and that of the work tree needs no process.
        text = self.text(self.head, path)
        folder = dirname(path)
        visited: list[str] = []

        def read(inner: str) -> bytes | None:
            visited.append(normpath(join(folder, inner)))
            return read_included(snapshot, folder, inner, partial(self._read, snapshot))

        included_sources(Source(path, text.decode("utf-8", "replace")), read, self._limits)
        return visited

    def text(self, snapshot: Snapshot, path: str) -> bytes:
        """Return the contents of a file of one of the snapshots, of a large one a byte more than the limit."""
        return self._read(snapshot, path) or b""  # None if it was deleted in the meantime


def _with_named(snapshot: Snapshot, named: Iterable[str]) -> Mapping[str, str]:
    """Return the id of each YAML file of a snapshot, and of each that is named, whatever its ending."""
    identities = dict(snapshot.identities(ENDINGS))
    for path in named:
        identity = None if path.endswith(ENDINGS) else snapshot.identity(path)
        if identity is not None:
            identities[path] = identity
    return identities


def _is_same_text(before: bytes, after: bytes) -> bool:
    """Return whether two contents differ in line ends only, or one is the pointer of Git LFS to the other."""
    if before.startswith(LFS_POINTER):
        return f"oid sha256:{sha256(after).hexdigest()}\n".encode() in before
    return b"\r\n" in before + after and before.replace(b"\r\n", b"\n") == after.replace(b"\r\n", b"\n")


def changed_files(
    files: Sequence[str], base: str, limits: Limits = LIMITS, for_all: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return the files whose text differs from that of a revision, or that of a file that they include.

    All are returned if one of `for_all` differs or is in no such repository, files such as a configuration, which apply
    to each. A file that does not exist, such as a name of the zoo, is returned too. Raises `ShapecalcError` SC001 (exit
    code 2) for a file in no repository or in another one than the first, and for what git does not know.
    """
    existing = [file for file in files if os.path.lexists(file)]
    if not existing:
        return tuple(files)
    repository = repository_of(Path(existing[0]).parent, existing[0])
    inside = {file: repository.relative(file) for file in existing}
    with ObjectReader(repository.root) as objects:
        before, now = Revision(repository, repository.commit(base), base, objects), WorkTree(repository, objects)
        pair = SnapshotPair(before, now, tuple(inside.values()), limits)
        for file in for_all:
            path = repository.relative(file) if repository.has(file) else None
            if path is None or before.identity(path) != now.identity(path):
                return tuple(files)
        # Git does not list what it ignores, links and what is in a submodule: whether these are the same is unknown.
        same = {
            file
            for file, path in inside.items()
            if path in pair.after and pair.is_same(path) and not pair.through(path)
        }
    return tuple(file for file in files if file not in same)
