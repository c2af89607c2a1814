"""Networks from the files of a repository, with what they included at that time."""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path
from posixpath import dirname, join
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.diffing.git.command import refuse
from shapecalc.diffing.git.objects import MissingObjectError, ObjectReader
from shapecalc.diffing.git.repository import repository_of
from shapecalc.diffing.git.snapshot import Revision
from shapecalc.files.load import loads_source
from shapecalc.files.settings import SetArchitecture, Settings, load_with
from shapecalc.parser.files import decode_network
from shapecalc.parser.include import included_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from shapecalc.architecture import Architecture
    from shapecalc.diffing.git.snapshot import Snapshot

    T = TypeVar("T")

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""The first bytes of what git has of a file in Git LFS."""


def load_at(path: str, revision: str, parameters: Mapping[str, Any], limits: Limits = LIMITS) -> Architecture | None:
    """Return the architecture of a file as of a revision; None if the file did not exist then.

    Included files are read from the same revision. A symbolic link is resolved to the file that it names today. Nothing
    is checked out, so no filter of the repository is run. Raises `ShapecalcError` SC001 (exit code 2) if git is not
    installed, the file is in no repository or was a symbolic link, or there is no such revision; other mistakes are
    those of the old text, named as git names it, `HEAD~1:net.yaml`.
    """
    real = Path(os.path.realpath(path))
    repository = repository_of(real.parent, path)
    with ObjectReader(repository.root) as objects:
        snapshot = Revision(repository, repository.commit(revision), revision, objects)
        inside = repository.relative(str(real))
        if snapshot.is_link(inside):
            what = f"`{real.name}` was a symbolic link then, which `--base` does not follow"
            refuse(what, "compare two files: `diff OLD NEW`")
        if snapshot.identity(inside) is None:
            return None
        return _loaded(
            snapshot, inside, path, limits, lambda source, folder: loads_source(source, limits, folder, parameters)
        )


def load_from(snapshot: Snapshot, path: str, settings: Settings, limits: Limits = LIMITS) -> SetArchitecture:
    """Return the architecture of a file of a snapshot, with the settings that apply to it.

    Raises `ShapecalcError` for mistakes in the text or in one that it includes, named by the snapshot.
    """
    return _loaded(
        snapshot, path, snapshot.shown(path), limits, lambda source, folder: load_with(source, settings, limits, folder)
    )


def _loaded(snapshot: Snapshot, path: str, name: str, limits: Limits, load: Callable[[Source, Path], T]) -> T:
    """Return what `load` makes of a text and a folder with what it includes, which `include:` reads."""
    folder = dirname(path)
    data = snapshot.read(path, limits)
    assert data is not None  # the caller has its identity
    try:
        if data.startswith(LFS_POINTER):
            refuse(
                f"`{name}` is in Git LFS, of which git has a pointer only", "keep networks in git itself: they are text"
            )
        source = decode_network(name, data, limits)
        # `include:` reads files, so what it names is written to a temporary folder.
        with tempfile.TemporaryDirectory(prefix="shapecalc-") as temporary:
            included = included_sources(
                source,
                lambda inner: read_included(snapshot, folder, inner, partial(snapshot.read, limits=limits)),
                limits,
            )
            for inner, text in included.items():
                target = Path(temporary) / inner
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(text)
            return load(source, Path(temporary))
    except MissingObjectError:
        raise
    except ShapecalcError as error:
        source = _named(error.source or Source(name, ""), snapshot.name)
        raise ShapecalcError(error.diagnostics, source, exit_code=error.exit_code) from None


def read_included(snapshot: Snapshot, folder: str, name: str, read: Callable[[str], bytes | None]) -> bytes | None:
    """Return the bytes of a file that one in `folder` includes; None if it does not exist, or if links lead out."""
    real = snapshot.resolved(join(folder, name))
    if real is None or (folder and not real.startswith(f"{folder}/")):
        return None
    try:
        return read(real)
    except MissingObjectError:
        raise
    except ShapecalcError:  # a device, a circle of links, a file without permission
        return None


def _named(source: Source, revision: str) -> Source:
    """Return a source and those that it includes under git's names for them: `HEAD~1:net.yaml`."""
    if not revision:
        return source
    included = tuple(_named(inner, revision) for inner in source.included)
    return source._replace(name=f"{revision}:{source.name}", included=included)
