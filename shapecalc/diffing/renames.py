"""Files that were renamed between two revisions, by their contents."""

from __future__ import annotations

from collections import Counter
from posixpath import basename
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SIMILAR = 0.5
"""The least share of a renamed file's bytes that is in lines of both: that of git."""
MOST_PAIRS = 250_000
"""The most pairs of files whose lines are compared; of more, only those with the same name in another folder."""


class _Candidate(NamedTuple):
    """Two files that may be one, best first when sorted."""

    difference: float
    other_name: bool
    old: str
    new: str


def renames(
    deleted: Mapping[str, str], added: Mapping[str, str], text_of: Callable[[str, bool], bytes]
) -> dict[str, str]:
    r"""Return the new path of each file that was renamed, by its old path.

    `deleted` and `added` have the ids of the contents by path; `text_of` returns the contents of a path, of an added
    one if the second argument is true. Files with the same contents are paired first, then those with the most bytes in
    common lines, relative to the larger of both, from one half on. Of equal candidates, one with the same name in
    another folder is preferred, then the first in alphabetical order.

    >>> texts = {"a.yaml": b"x\ny\nz\n", "nets/a.yaml": b"x\ny\nw\n", "b.yaml": b"q\n"}
    >>> renames({"a.yaml": "1"}, {"nets/a.yaml": "2", "b.yaml": "3"}, lambda path, _: texts[path])
    {'a.yaml': 'nets/a.yaml'}
    """
    result = dict(_matched(_equal(deleted, added)))
    old = [path for path in deleted if path not in result]
    taken = set(result.values())
    new = [path for path in added if path not in taken]
    if old and new:
        result.update(_matched(_similar(old, new, text_of)))
    return result


def _matched(candidates: list[_Candidate]) -> list[tuple[str, str]]:
    """Return the best pairs, each file in one of them."""
    old: set[str] = set()
    new: set[str] = set()
    pairs = []
    for candidate in sorted(candidates):
        if candidate.old not in old and candidate.new not in new:
            pairs.append((candidate.old, candidate.new))
            old.add(candidate.old)
            new.add(candidate.new)
    return pairs


def _candidate(difference: float, old: str, new: str) -> _Candidate:
    return _Candidate(difference, basename(old) != basename(new), old, new)


def _equal(deleted: Mapping[str, str], added: Mapping[str, str]) -> list[_Candidate]:
    by_id: dict[str, list[str]] = {}
    for path, identity in added.items():
        by_id.setdefault(identity, []).append(path)
    return [_candidate(0, old, new) for old, identity in deleted.items() for new in by_id.get(identity, ())]


def _similar(old: list[str], new: list[str], text_of: Callable[[str, bool], bytes]) -> list[_Candidate]:
    few = len(old) * len(new) <= MOST_PAIRS
    names: dict[str, list[str]] = {}
    for path in new:
        names.setdefault(basename(path), []).append(path)
    lines = {path: _lines(text_of(path, True)) for path in new}
    candidates = []
    for path in old:
        before = _lines(text_of(path, False))
        for other in new if few else names.get(basename(path), ()):
            difference = 1 - _similarity(before, lines[other])
            if difference <= 1 - SIMILAR:
                candidates.append(_candidate(difference, path, other))
    return candidates


class _Lines(NamedTuple):
    size: int
    counts: Counter[bytes]


def _lines(text: bytes) -> _Lines:
    return _Lines(len(text), Counter(text.splitlines(keepends=True)))


def _similarity(one: _Lines, other: _Lines) -> float:
    """Return the bytes in common lines relative to the size of the larger text, 0 for two empty texts."""
    larger, smaller = max(one.size, other.size), min(one.size, other.size)
    if smaller < SIMILAR * larger or not larger:
        return 0
    return sum(len(line) * count for line, count in (one.counts & other.counts).items()) / larger
