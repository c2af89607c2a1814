"""A file as it is saved again and again: what each version comes to, and what changed since the last good one."""

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
"""Looks that a file may be away, as one is that an editor or git replaces, before it is gone."""


class Version(NamedTuple):
    """One saved state of a file: its report, or the error that says what is wrong with it.

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
    """Yield a file as it is, and then each state that differs in content, of the file or of one that it includes.

    `inspect` says what the file comes to, `wait` passes the time between two looks. A state counts once two looks in a
    row have seen it, so that a file which is being written is never read by halves. A file that was there and is away
    for more than `patience` looks is a version as well, with the error that says so.
    """
    shown = seen = _texts(path, limits)
    last: Report | None = None
    while True:
        version = _version(inspect, last)
        last = version.report or last
        yield version
        before, away = None, 0
        while seen != before or seen == shown or 0 < away <= patience:
            wait()
            before, seen = seen, _texts(path, limits)
            away = away + 1 if _lacks(seen, shown) else 0
        shown = seen


def _lacks(seen: Texts, shown: Texts) -> bool:
    """Return whether a file is away that was there."""
    return any(data is None and shown.get(name) is not None for name, data in seen.items())


def _version(inspect: Callable[[], Report], last: Report | None) -> Version:
    try:
        report = inspect()
    except ShapecalcError as error:
        return Version(None, error, None)
    return Version(report, None, None if last is None else diff(last, report))


def _texts(path: str, limits: Limits) -> Texts:
    """Return the contents of a file and of all that it includes, by their names in it; None for what cannot be read."""
    own = _bytes(path, limits)
    found: Texts = {"": own}
    folder = Path(path).parent

    def read(name: str) -> bytes | None:
        found[name] = data = _bytes(folder / name, limits)
        return data

    if own is not None:
        included_sources(Source(path, own.decode("utf-8", "replace")), read, limits)
    return found


def _bytes(path: str | os.PathLike[str], limits: Limits) -> bytes | None:
    try:
        return read_bytes(os.fspath(path), limits)
    except ShapecalcError:
        return None
