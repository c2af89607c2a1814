"""Expansion of file names, folders and glob patterns into a list of files."""

from __future__ import annotations

import glob
import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.files import zoo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ENDINGS = (".yaml", ".yml")
_PATTERN = frozenset("*?[")


def expand_paths(paths: Iterable[str], exclude: Iterable[str] = ()) -> tuple[str, ...]:
    """Return every file that is named, each once: of a folder all YAML files below it, in alphabetical order.

    In folders and patterns, names that begin with a dot are skipped; a file that a pattern of `exclude` matches is
    skipped in any case. `-`, names of the zoo and missing files are returned as they are: reading them reports the
    mistake. Raises `ShapecalcError` SC001 (exit code 2) for a folder or a pattern without a YAML file.
    """
    excluded = tuple(exclude)
    result: dict[str, None] = {}
    for path in paths:
        files = tuple(_files(path))
        if not files:
            kind = "no YAML file below it" if Path(path).is_dir() else "no file that it matches"
            finding = Diagnostic(code="SC001", message=f"`{path}` has {kind}", help="name a file, or a folder of files")
            raise ShapecalcError((finding,), exit_code=2)
        result |= dict.fromkeys(file for file in files if not any(_matches(file, pattern) for pattern in excluded))
    return tuple(result)


def _files(path: str) -> Iterator[str]:
    # `Path.is_dir` and `Path.exists` would raise where a name is too long for a file.
    if os.path.isdir(path):  # noqa: PTH112
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (
                display_path(os.path.join(folder, name))  # noqa: PTH118 - a name may be anything that the system gives
                for name in sorted(names)
                if name.endswith(ENDINGS) and not name.startswith(".")
            )
    elif path != "-" and not os.path.exists(path) and _PATTERN & set(path):  # noqa: PTH110
        # Some shells do not expand patterns, and none does in quotes.
        yield from (
            display_path(name)
            for name in sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - takes absolute patterns too
            if os.path.isfile(name)  # noqa: PTH113
        )
    else:
        yield path if path == "-" or zoo.path(path) is not None else display_path(path)


def _matches(file: str, pattern: str) -> bool:
    """Return whether a pattern names a file or a folder around it: `drafts`, `*.old.yaml`, `a/b.yaml`."""
    path = PurePath(file)
    return any(part.match(pattern.rstrip("/")) for part in (path, *path.parents) if part.name)


def display_path(path: str) -> str:
    """Return a path as it is displayed: with `/`, and relative to the current folder if it is below it.

    >>> display_path("./nets//a.yaml")
    'nets/a.yaml'
    """
    try:
        relative = os.path.relpath(path)
        outside = relative.split(os.sep, 1)[0] == os.pardir
    except (OSError, ValueError):  # the current folder is gone, another drive, a null character
        return path
    return os.path.normpath(path).replace(os.sep, "/") if outside else relative.replace(os.sep, "/")
