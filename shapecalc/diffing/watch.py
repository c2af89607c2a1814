"""Watching a file: a report of each saved version, and the changes since the last valid one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.diffing.diff import diff
from shapecalc.parser.files import read_bytes
from shapecalc.parser.include import included_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapecalc.diffing.diff import Comparison
    from shapecalc.shape_inference.report import Report

    Texts = dict[str, bytes | None]


PATIENCE = 5
"""Polls for which a file may be missing, as while an editor or git replaces it, before it counts as deleted."""


class Version(NamedTuple):
    """One saved state of a file: its report, or its error.

    `comparison` is with the last version that had a report; None for the first.
    """

    report: Report | None
    error: ShapecalcError | None
    comparison: Comparison | None


def versions(
    path: str,
    inspect: Callable[[], Report],
    wait: Callable[[], object],
    patience: int = PATIENCE,
    limits: Limits = LIMITS,
) -> Iterator[Version]:
    """Yield the current version, and then one for each change in content, of the file or of one that it includes.

    `inspect` returns the report of the file, `wait` sleeps between two polls. A state counts once two polls in a row
    have read it, so that a file which is being written is not read half-way. A file that is missing for more than
    `patience` polls is a version as well, with an error.
    """
    yielded = seen = _texts(path, limits)
    last: Report | None = None
    while True:
        version = _version(inspect, last)
        last = version.report or last
        yield version
        before, missing = None, 0
        while seen != before or seen == yielded or 0 < missing <= patience:
            wait()
            before, seen = seen, _texts(path, limits)
            missing = missing + 1 if _is_missing_one(seen, yielded) else 0
        yielded = seen


def _is_missing_one(seen: Texts, before: Texts) -> bool:
    """Return whether a file is missing that existed before."""
    return any(data is None and before.get(name) is not None for name, data in seen.items())


def _version(inspect: Callable[[], Report], last: Report | None) -> Version:
    try:
        report = inspect()
    except ShapecalcError as error:
        return Version(None, error, None)
    return Version(report, None, None if last is None else diff(last, report))


def _texts(path: str, limits: Limits) -> Texts:
    """Return the contents of a file and of all that it includes, by their names in it; None for unreadable ones."""
    own = _bytes(path, limits)
    texts: Texts = {"": own}
    folder = Path(path).parent

    def read(name: str) -> bytes | None:
        texts[name] = data = _bytes(folder / name, limits)
        return data

    if own is not None:
        included_sources(Source(path, own.decode("utf-8", "replace")), read, limits)
    return texts


def _bytes(path: str | os.PathLike[str], limits: Limits) -> bytes | None:
    try:
        return read_bytes(os.fspath(path), limits)
    except ShapecalcError:
        return None
