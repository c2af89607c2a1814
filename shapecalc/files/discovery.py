"""Expansion of file names, folders and glob patterns into a list of networks."""

from __future__ import annotations

import glob
import os
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import ShapecalcError, misuse
from shapecalc.files import zoo
from shapecalc.files.patterns import matches
from shapecalc.parser.file_kind import is_of_another_tool
from shapecalc.parser.files import read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ENDINGS = (".yaml", ".yml")
OWN_ENDINGS = (".shapecalc.yaml", ".shapecalc.yml")
"""Of files that are networks whatever they hold."""
WILDCARDS = frozenset("*?[")
"""The characters that make a path a pattern."""


class Discovered(NamedTuple):
    """Files to read, each once, and those that were passed over: YAML files that describe no network and no blocks."""

    files: tuple[str, ...]
    skipped: tuple[str, ...]


def discover(
    paths: Iterable[str], exclude: Iterable[str] = (), excluded: Callable[[str], bool] | None = None
) -> Discovered:
    """Return every file that is named; of folders and patterns, all networks and files of blocks.

    Files of a folder are those below it, in alphabetical order. In folders and patterns, names that begin with a dot
    are passed over; a file that a pattern of `exclude` matches, or for which `excluded` is true, is left out in any
    case. `-`, names of the zoo and missing files are returned as they are: reading them reports the mistake. A file
    that cannot be read is taken for a network, and so is a folder that cannot be listed. Symbolic links to folders are
    not followed, unless a path names one, before the wildcards of a pattern. Raises `ShapecalcError` SC001 (exit code
    2) for a folder or a pattern without a network, unless files of it are excluded.
    """
    patterns = tuple(exclude)

    def left_out(file: str) -> bool:
        return any(matches(file, pattern) for pattern in patterns) or (excluded is not None and excluded(file))

    result: dict[str, None] = {}
    skipped: dict[str, None] = {}
    for path in paths:
        expanded = _expanded(path)
        if expanded is None:
            named = path if path == "-" or zoo.path(path) is not None else display_path(path)
            if not left_out(named):
                result[named] = None
            continue
        files = tuple(expanded)
        wanted = [file for file in files if not left_out(file)]
        other = [file for file in wanted if not is_network(file)]
        if not files or (wanted and len(other) == len(wanted)):
            raise _nothing_in(path, len(other))
        skipped |= dict.fromkeys(other)
        result |= dict.fromkeys(file for file in wanted if file not in skipped)
    return Discovered(tuple(result), tuple(file for file in skipped if file not in result))


def _nothing_in(path: str, others: int) -> ShapecalcError:
    folder = Path(path).is_dir()
    kind = "no YAML file below it" if folder else "no file that it matches"
    if others:
        kind = (
            f"no network {'below it' if folder else 'that it matches'}: {others} file{'s' * (others > 1)} of other keys"
        )
    return misuse("SC001", f"`{path}` has {kind}", "name a file, or a folder of files")


def is_network(file: str) -> bool:
    """Return whether a file is a network or a file of blocks, or cannot be read, which its check reports."""
    if file.endswith(OWN_ENDINGS):
        return True
    try:
        return not is_of_another_tool(read_source(file))
    except ShapecalcError as error:
        return all(diagnostic.code != "SC006" for diagnostic in error.diagnostics)


def _expanded(path: str) -> Iterator[str] | None:
    """Return the YAML files of a folder or pattern; None for anything else, which names one file."""
    # `Path.is_dir` and `Path.exists` would raise where a name is too long for a file.
    if os.path.isdir(path):  # noqa: PTH112
        return _below(path)
    if path != "-" and not os.path.exists(path) and WILDCARDS & set(path):  # noqa: PTH110
        # Some shells do not expand patterns, and none does in quotes.
        is_link = cache(os.path.islink)
        start = len(without_wildcards(path))
        return (
            display_path(name)
            for name in sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - takes absolute patterns too
            if os.path.isfile(name) and not any(map(is_link, _folders_beyond(name, start)))  # noqa: PTH113
        )
    return None


def without_wildcards(pattern: str) -> str:
    """Return the folders at the start of a pattern, before the first part with a wildcard.

    >>> without_wildcards("nets/edge/*/a.yaml")
    'nets/edge'
    """
    return "/".join(takewhile(lambda part: not WILDCARDS & set(part), pattern.split("/")))


def _folders_beyond(name: str, start: int) -> Iterator[str]:
    """Yield the folders around a file that are longer than `start` characters."""
    end = name.find("/", start + 1)
    while end >= 0:
        yield name[:end]
        end = name.find("/", end + 1)


def _below(folder: str) -> Iterator[str]:
    """Yield the YAML files below a folder, and each folder that cannot be listed: reading it reports why."""
    refused: list[OSError] = []
    for inner, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (
            display_path(os.path.join(inner, name))  # noqa: PTH118 - a name may be anything that the system gives
            for name in sorted(names)
            if name.endswith(ENDINGS) and not name.startswith(".")
        )
    yield from (display_path(error.filename) for error in refused)


def display_path(path: str) -> str:
    """Return a path as it is displayed: with `/`, and from the current folder unless it is an absolute one elsewhere.

    >>> display_path("./nets//a.yaml")
    'nets/a.yaml'
    """
    try:
        relative = os.path.relpath(path)
        elsewhere = os.path.isabs(path) and relative.split(os.sep, 1)[0] == os.pardir  # noqa: PTH117
    except (OSError, ValueError):  # the current folder is gone, another drive, a null character
        return path
    return (os.path.normpath(path) if elsewhere else relative).replace(os.sep, "/")
