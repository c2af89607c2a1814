"""The files of a repository as of a revision, or as they are in the work tree."""

from __future__ import annotations

import hashlib
import os
import stat
from abc import ABC, abstractmethod
from functools import lru_cache
from posixpath import dirname
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.diffing.git.command import error_of, git, refuse
from shapecalc.parser.files import open_binary, read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapecalc.diffing.git.objects import ObjectReader
    from shapecalc.diffing.git.repository import Repository

_FILES = ("100644", "100755", "100664")
"""The modes of regular files, as git lists them: neither a symbolic link nor a submodule."""
_LINK = "120000"
_PART = 1 << 20
_LONGEST_PATH = 4096
_MOST_LINKS = 40
"""The most links on the way to a file, as on Linux."""


class Snapshot(ABC):
    """The files of a repository at one time, by their paths from its root, with `/`."""

    name = ""
    """The revision as it was given, "" for the work tree."""

    @abstractmethod
    def identities(self, endings: tuple[str, ...]) -> Mapping[str, str]:
        """Return the id that git gives to the contents of each regular file with one of these endings.

        Files with the same contents have the same id, in every snapshot of a repository.
        """

    @abstractmethod
    def resolved(self, path: str) -> str | None:
        """Return a path with symbolic links resolved; None if one leads out of the repository, or in a circle."""

    @abstractmethod
    def identity(self, path: str) -> str | None:
        """Return the id of the contents of one file, whatever its ending; None if there is no such regular file.

        Of a symbolic link it is the id of the file that it names, of one out of the repository None.
        """

    @abstractmethod
    def read(self, path: str, limits: Limits = LIMITS) -> bytes | None:
        """Return the contents of a file, of a larger one a byte more than the limit; None if it does not exist."""

    @abstractmethod
    def shown(self, path: str) -> str:
        """Return the path of a file as people would write it."""


class Revision(Snapshot):
    """The files of a commit, read from git's objects: nothing is checked out."""

    def __init__(self, repository: Repository, commit: str, name: str, objects: ObjectReader) -> None:
        """Take the files of `commit`, which messages call `name`, and read them with `objects`."""
        self.name = name
        self._root = repository.root
        self._commit = commit
        self._objects = objects
        self._entries: dict[str, _Entry] = {}
        self._listed: tuple[str, ...] = ()

    def identities(self, endings: tuple[str, ...]) -> Mapping[str, str]:
        """Return the id of each file with one of these endings."""
        process = git(self._root, "ls-tree", "-r", "-z", "--full-tree", self._commit)
        if process.returncode:
            refuse(f"git cannot list the files of `{self.name}`: {error_of(process)}")
        for entry in _entries(process.stdout):
            if entry.mode == _LINK or (entry.mode in _FILES and entry.path.endswith(endings)):
                self._entries[entry.path] = entry
        self._listed = endings
        return {path: entry.object_id for path, entry in self._entries.items() if entry.mode in _FILES}

    def resolved(self, path: str) -> str | None:
        """Return a path with symbolic links resolved."""
        if not self._listed:
            self._entry(path)  # in one process with the folders on the way
        return _resolved(path, self._target)

    def identity(self, path: str) -> str | None:
        """Return the id of a file."""
        real = self.resolved(path)
        entry = None if real is None else self._entry(real)
        return entry.object_id if entry is not None and entry.mode in _FILES else None

    def is_link(self, path: str) -> bool:
        """Return whether a path is a symbolic link."""
        return self._entry(path).mode == _LINK

    def read(self, path: str, limits: Limits = LIMITS) -> bytes | None:
        """Return the contents of a file."""
        object_id = self.identity(path)
        return None if object_id is None else self._objects.read(object_id, limits.file_size)

    def shown(self, path: str) -> str:
        """Return the path; diagnostics put the name of the revision before it, as git does: `HEAD~1:net.yaml`."""
        return path

    def _entry(self, path: str) -> _Entry:
        """Return what git lists at a path, of which the mode is empty if it lists nothing."""
        known = self._entries.get(path)
        if known is None:
            known = _Entry("", "", path)
            if not (self._listed and path.endswith(self._listed)):
                parts = path.split("/")
                prefixes = ["/".join(parts[: end + 1]) for end in range(len(parts))]
                process = git(self._root, "ls-tree", "-z", "--full-tree", self._commit, "--", *prefixes)
                if process.returncode:
                    refuse(f"git cannot read `{path}`: {error_of(process)}")
                for prefix in prefixes:
                    self._entries.setdefault(prefix, _Entry("", "", prefix))
                self._entries.update((entry.path, entry) for entry in _entries(process.stdout))
                known = self._entries[path]
        return known

    def _target(self, path: str) -> str | None:
        entry = self._entries.get(path) if self._listed else self._entry(path)
        if entry is None or entry.mode != _LINK:
            return None
        return os.fsdecode(self._objects.read(entry.object_id, _LONGEST_PATH))


class WorkTree(Snapshot):
    """The files of the work tree that git does not ignore, tracked or not.

    A file that a sparse checkout leaves out of the work tree is as in the index.
    """

    def __init__(self, repository: Repository, objects: ObjectReader) -> None:
        """Take the files of the work tree of `repository`; `objects` reads those of a sparse checkout."""
        self._root = repository.root
        self._algorithm = repository.algorithm
        self._objects = objects
        self._sparse: dict[str, str] = {}
        self._is_folder = lru_cache(maxsize=None)(self._is_real_folder)

    def identities(self, endings: tuple[str, ...]) -> Mapping[str, str]:
        """Return the id of each file with one of these endings."""
        identities = {}
        for path in self._listed(endings):
            identity = self._sparse.get(path)
            if identity is None and self._is_folder(dirname(path)) and not os.path.islink(self._path(path)):  # noqa: PTH114
                identity = self._identity(self._path(path))
            if identity is not None:
                identities[path] = identity
        return identities

    def resolved(self, path: str) -> str | None:
        """Return a path with symbolic links resolved."""
        if path in self._sparse:
            return path
        try:
            real = os.path.relpath(os.path.realpath(self._path(path)), self._root).replace(os.sep, "/")
        except ValueError:  # a null character
            return None
        return None if real == ".." or real.startswith("../") else real

    def identity(self, path: str) -> str | None:
        """Return the id that git would give to the contents of a file."""
        real = self.resolved(path)
        return None if real is None else self._sparse.get(real) or self._identity(self._path(real))

    def read(self, path: str, limits: Limits = LIMITS) -> bytes | None:
        """Return the contents of a file; raise `ShapecalcError` SC001 if it cannot be read."""
        real = self.resolved(path)
        if real is None:
            return None
        if real in self._sparse:
            return self._objects.read(self._sparse[real], limits.file_size)
        file = self._path(real)
        there = os.path.lexists(file) and not os.path.isdir(file)  # noqa: PTH112
        return read_bytes(file, limits) if there else None

    def shown(self, path: str) -> str:
        """Return the path of the file, relative to the current folder if it is below it."""
        from shapecalc.files.discovery import display_path  # noqa: PLC0415 - imports the parser of files of blocks

        return display_path(self._path(path))

    def _listed(self, endings: tuple[str, ...]) -> Iterator[str]:
        """Yield the paths that git lists, and note those that a sparse checkout leaves out."""
        words = ("-z", "-t", "--stage", "--cached", "--others", "--exclude-standard")
        process = git(self._root, "ls-files", *words)
        if process.returncode:
            refuse(f"git cannot list the files of the work tree: {error_of(process)}")
        for listed in _names(process.stdout):
            tag, _, path = listed.partition(" ")
            if tag != "?":
                details, _, path = path.partition("\t")
                mode, object_id, _ = details.split(" ")
                if tag == "S" and mode in _FILES:
                    self._sparse[path] = object_id
            if path.endswith(endings):
                yield path

    def _path(self, path: str) -> str:
        return os.path.join(self._root, path)  # noqa: PTH118 - a name may be anything that the system gives

    def _is_real_folder(self, folder: str) -> bool:
        """Return whether neither a folder nor one around it is a symbolic link, through which git sees no file."""
        link = folder and os.path.islink(self._path(folder))  # noqa: PTH114
        return not folder or (not link and self._is_folder(dirname(folder)))

    def _identity(self, file: str) -> str | None:
        try:
            status = os.stat(file)  # noqa: PTH116 - a name may be anything that the system gives
            return self._hashed(file, status.st_size) if stat.S_ISREG(status.st_mode) else None
        except (OSError, ValueError):
            return None
        except ShapecalcError:  # its contents cannot be read, which reading it reports
            return "unreadable"

    def _hashed(self, file: str, size: int) -> str:
        digest = hashlib.new(self._algorithm, b"blob %d\0" % size, usedforsecurity=False)
        with open_binary(file) as opened:
            while part := opened.read(_PART):
                digest.update(part)
        return digest.hexdigest()


def _resolved(path: str, target_of: Callable[[str], str | None]) -> str | None:
    """Return a path with links resolved; `target_of` returns the target of a link, None for anything else."""
    waiting = path.split("/")[::-1]
    parts: list[str] = []
    links = 0
    while waiting:
        part = waiting.pop()
        if part == ".." and not parts:
            return None
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            target = target_of("/".join((*parts, part)))
            if target is None:
                parts.append(part)
                continue
            links += 1
            if links > _MOST_LINKS or target.startswith("/") or "\0" in target:
                return None
            waiting += target.split("/")[::-1]
    return "/".join(parts)


class _Entry(NamedTuple):
    """An entry of a tree as git lists it."""

    mode: str
    object_id: str
    path: str


def _names(output: bytes) -> Iterator[str]:
    return (os.fsdecode(name) for name in output.split(b"\0") if name)


def _entries(output: bytes) -> Iterator[_Entry]:
    for listed in _names(output):
        details, _, path = listed.partition("\t")
        mode, _, object_id = details.split(" ")
        yield _Entry(mode, object_id, path)
