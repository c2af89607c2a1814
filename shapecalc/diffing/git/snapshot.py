"""The files of a repository as of a revision, or as they are in the work tree."""

from __future__ import annotations

import hashlib
import os
import stat
from abc import ABC, abstractmethod
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.diffing.git.command import error_of, git, refuse
from shapecalc.parser.files import open_binary, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.diffing.git.objects import ObjectReader
    from shapecalc.diffing.git.repository import Repository

_FILES = ("100644", "100755", "100664")
"""The modes of regular files, as git lists them: neither a symbolic link nor a submodule."""
LINK = "120000"
_PART = 1 << 20
_LONGEST_PATH = 4096


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
    def identity(self, path: str) -> str | None:
        """Return the id of the contents of one file, whatever its ending; None if there is no such regular file."""

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
        self._known: dict[str, str | None] = {}

    def identities(self, endings: tuple[str, ...]) -> Mapping[str, str]:
        """Return the id of each file with one of these endings."""
        process = git(self._root, "ls-tree", "-r", "-z", "--full-tree", self._commit)
        if process.returncode:
            refuse(f"git cannot list the files of `{self.name}`: {error_of(process)}")
        self._known.update(
            (path, object_id)
            for mode, object_id, path in _listed(process.stdout)
            if mode in _FILES and path.endswith(endings)
        )
        return {path: object_id for path, object_id in self._known.items() if object_id is not None}

    def identity(self, path: str) -> str | None:
        """Return the id of a file, of a symbolic link that of the file that it names; None if there is none."""
        if path not in self._known:
            mode, object_id = self.mode_and_id(path)
            self._known[path] = object_id if mode in _FILES else None
            if mode == LINK:
                target = os.fsdecode(self._objects.read(object_id, _LONGEST_PATH))
                self._known[path] = self.identity(normpath(join(dirname(path), target)))
        return self._known[path]

    def mode_and_id(self, path: str) -> tuple[str, str]:
        """Return the mode and the id of a path as git lists them; empty if there is nothing of that name."""
        process = git(self._root, "ls-tree", "-z", "--full-tree", self._commit, "--", path)
        if process.returncode:
            refuse(f"git cannot read `{path}`: {error_of(process)}")
        return next(((mode, object_id) for mode, object_id, _ in _listed(process.stdout)), ("", ""))

    def read(self, path: str, limits: Limits = LIMITS) -> bytes | None:
        """Return the contents of a file."""
        object_id = self.identity(path)
        return None if object_id is None else self._objects.read(object_id, limits.file_size)

    def shown(self, path: str) -> str:
        """Return the path; diagnostics put the name of the revision before it, as git does: `HEAD~1:net.yaml`."""
        return path


class WorkTree(Snapshot):
    """The files of the work tree that git does not ignore, tracked or not.

    A file that a sparse checkout leaves out of the work tree is as in the index.
    """

    def __init__(self, repository: Repository, objects: ObjectReader) -> None:
        """Take the files of the work tree of `repository`; `objects` reads those of a sparse checkout."""
        self._root = repository.root
        self._objects = objects
        self._sparse: dict[str, str] = {}
        self._algorithm = ""

    def identities(self, endings: tuple[str, ...]) -> Mapping[str, str]:
        """Return the id of each file with one of these endings."""
        self._sparse = {path: object_id for path, object_id in self._left_out() if path.endswith(endings)}
        process = git(self._root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        if process.returncode:
            refuse(f"git cannot list the files of the work tree: {error_of(process)}")
        paths = {path for path in _names(process.stdout) if path.endswith(endings)}
        identities = {path: self.identity(path) for path in paths if not os.path.islink(self._path(path))}  # noqa: PTH114
        return {path: identity for path, identity in identities.items() if identity is not None}

    def identity(self, path: str) -> str | None:
        """Return the id that git would give to the contents of a file."""
        if path in self._sparse:
            return self._sparse[path]
        real = self._path(path)
        try:
            status = os.stat(real)  # noqa: PTH116 - a name may be anything that the system gives
            return self._hashed(real, status.st_size) if stat.S_ISREG(status.st_mode) else None
        except (OSError, ValueError):
            return None
        except ShapecalcError:  # its contents cannot be read, which reading it reports
            return "unreadable"

    def read(self, path: str, limits: Limits = LIMITS) -> bytes | None:
        """Return the contents of a file; raise `ShapecalcError` SC001 if it cannot be read."""
        if path in self._sparse:
            return self._objects.read(self._sparse[path], limits.file_size)
        real = self._path(path)
        there = os.path.lexists(real) and not os.path.isdir(real)  # noqa: PTH112
        return read_bytes(real, limits) if there else None

    def shown(self, path: str) -> str:
        """Return the path of the file, relative to the current folder if it is below it."""
        from shapecalc.files.discovery import display_path  # noqa: PLC0415 - imports the parser of files of blocks

        return display_path(self._path(path))

    def _path(self, path: str) -> str:
        return os.path.join(self._root, path)  # noqa: PTH118 - a name may be anything that the system gives

    def _hashed(self, real: str, size: int) -> str:
        if not self._algorithm:
            said = git(self._root, "rev-parse", "--show-object-format").stdout.decode().strip()
            self._algorithm = said if said in hashlib.algorithms_available else "sha1"
        digest = hashlib.new(self._algorithm, b"blob %d\0" % size, usedforsecurity=False)
        with open_binary(real) as file:
            while part := file.read(_PART):
                digest.update(part)
        return digest.hexdigest()

    def _left_out(self) -> Iterator[tuple[str, str]]:
        """Yield the path and id of each file that a sparse checkout leaves out."""
        process = git(self._root, "ls-files", "-z", "-t", "--stage")
        for entry in _names(process.stdout):
            tag, _, rest = entry.partition(" ")
            if tag == "S":
                words, _, path = rest.partition("\t")
                mode, object_id, _ = words.split(" ")
                if mode in _FILES:
                    yield path, object_id


def _names(output: bytes) -> Iterator[str]:
    return (os.fsdecode(name) for name in output.split(b"\0") if name)


def _listed(output: bytes) -> Iterator[tuple[str, str, str]]:
    """Yield the mode, the id and the path of each entry of a tree."""
    for entry in _names(output):
        words, _, path = entry.partition("\t")
        mode, _, object_id = words.split(" ")[:3]
        yield mode, object_id, path
