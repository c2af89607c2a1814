"""Merge conflicts in the text of a lock file, as git writes them."""

from __future__ import annotations

import re
from typing import NamedTuple

from shapecalc.parser.merge_conflict import MARKER

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_COMMON, _OURS, _BASE, _THEIRS = "", "<", "|", "="
_NEXT = {_COMMON: "<", _OURS: "|=", _BASE: "=", _THEIRS: ">"}
"""The markers that may follow in each part of a text, by the marker that the part begins with."""


class Conflict(NamedTuple):
    """The conflicts of a text, and the text of each side: all lines but those of the other side and of the base."""

    line: int
    """That of the first marker, from 1."""
    number: int
    complete: bool
    """Whether each conflict has all of its markers, in their order."""
    names: tuple[str, str]
    """What git calls the sides of the first conflict, such as `HEAD` and a branch; empty if it does not name them."""
    ours: str
    theirs: str


def find_conflict(text: str) -> Conflict | None:
    r"""Return the merge conflicts of a text, None if no line of it is a marker.

    Markers of the styles `merge`, `diff3` and `zdiff3` are recognised. If some of them were deleted, the lines belong
    to the side of the marker above them, or to both.

    >>> conflict = find_conflict("a\n<<<<<<< HEAD\nb\n||||||| 1f0c\nc\n=======\nd\n>>>>>>> wider\n")
    >>> conflict.line, conflict.names, conflict.ours, conflict.theirs
    (2, ('HEAD', 'wider'), 'a\nb\n', 'a\nd\n')
    >>> find_conflict("{}\n")
    """
    first = count = size = 0
    complete = True
    part = _COMMON
    names = {_OURS: "", ">": ""}
    sides: dict[str, list[str]] = {_OURS: [], _THEIRS: []}
    for number, line in enumerate(_LINE.findall(text), 1):
        marker = MARKER.fullmatch(line.rstrip("\r\n"))
        # A longer marker is of a conflict within the base.
        if marker is None or (part == _BASE and len(marker[1]) != size):
            for side in (_OURS, _THEIRS) if part == _COMMON else (part,):
                sides.get(side, []).append(line)
            continue
        kind = marker[1][0]
        first = first or number
        complete &= kind in _NEXT[part] and (kind == "<" or len(marker[1]) == size)
        count += kind == "<" or part == _COMMON
        if count == 1 and kind in names:
            names[kind] = names[kind] or (marker[2] or "").strip()
        size = len(marker[1])
        part = _COMMON if kind == ">" else kind
    if not first:
        return None
    ours, theirs = ("".join(sides[side]) for side in (_OURS, _THEIRS))
    return Conflict(first, count, complete and part == _COMMON, (names[_OURS], names[">"]), ours, theirs)
