"""Automatic fixes of files in place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.checking.fix import fix_text
from shapecalc.diagnostics import ShapecalcError, misuse
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.files import zoo
from shapecalc.files.atomic import write_atomic
from shapecalc.files.discovery import discover
from shapecalc.parser.files import read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shapecalc.checking.fix import FixedText


def fix_files(
    paths: Iterable[str],
    exclude: Iterable[str] = (),
    limits: Limits = LIMITS,
    excluded: Callable[[str], bool] | None = None,
    changed_since: str | None = None,
) -> Iterator[FixedText]:
    """Apply all safe fixes to files, and yield the result for each file that has changed, or is in Keras words.

    A file is written atomically, and its bytes outside of the edits do not change. A file that cannot be read is
    skipped: a check reports it. With `changed_since`, a git revision, only files that differ from it are fixed, or that
    include one that does. Raises `ShapecalcError` SC001 (exit code 2) for `-` and for names of the zoo.
    """
    files = discover(paths, exclude, excluded).files
    if changed_since is not None:
        from shapecalc.diffing.snapshot_pair import changed_files  # noqa: PLC0415 - brings git's processes

        files = changed_files(files, changed_since, limits)
    for path in files:
        if path == "-" or (zoo.path(path) is not None and not os.path.lexists(path)):
            what = "standard input" if path == "-" else f"`{path}`, which ships with shapecalc"
            raise misuse("SC001", f"`--fix` expects files, receives {what}")
    for path in files:
        try:
            source = read_source(path, limits)
        except ShapecalcError:
            continue
        fixed = fix_text(source, Path(path).parent, limits)
        if fixed.edits:
            write_atomic(path, fixed.source.mark + fixed.source.text)
        if fixed.edits or fixed.refusal is not None:
            yield fixed
