"""Both sides of a file that git could not merge, from its index: a text with markers has lost what merged cleanly."""

from __future__ import annotations

import os
from pathlib import Path

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diffing.git.command import git
from shapecalc.diffing.git.objects import ObjectReader
from shapecalc.diffing.git.repository import repository_of

_OURS, _THEIRS = "2", "3"
"""The stages of git's index."""


def unmerged_sides(path: str, most: int) -> tuple[bytes, bytes] | None:
    """Return the contents of a file on our side and on theirs, of larger ones a byte more than `most`.

    The result is None if the file is in no repository, or if a merge that git has not finished does not have it on both
    sides.
    """
    try:
        repository = repository_of(Path(path).parent, path)
        inside = repository.relative(path)
        listed = git(repository.root, "ls-files", "-z", "--unmerged", "--", inside)
        stages = dict(_stage_and_id(entry) for entry in os.fsdecode(listed.stdout).split("\0") if entry)
        if not {_OURS, _THEIRS} <= stages.keys():
            return None
        with ObjectReader(repository.root) as objects:
            return objects.read(stages[_OURS], most), objects.read(stages[_THEIRS], most)
    except ShapecalcError:  # no git, no repository, or an object that the clone lacks
        return None


def _stage_and_id(entry: str) -> tuple[str, str]:
    _, object_id, stage = entry.partition("\t")[0].split(" ")
    return stage, object_id
