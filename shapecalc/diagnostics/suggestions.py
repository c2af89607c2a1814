"""Suggestions for mistyped words: by names of other frameworks first, then by edit distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

_MOST_EDITS = 3
_FEW, _SHORT, _LONG = 2, 5, 8
_MOST_CANDIDATES = 2_000
"""Candidates that are compared letter by letter; among more, only one that is equal when folded is suggested."""


class Near(NamedTuple):
    """The word that was likely meant; `sure` if no other is as near, so that it may be inserted automatically."""

    word: str
    sure: bool


def closest(word: str, candidates: Iterable[str], aliases: Mapping[str, str | None] | None = None) -> str | None:
    """Return the candidate that was likely meant; None if no candidate is near.

    `aliases` maps folded foreign names to candidates, or to None for a foreign name without a counterpart. Otherwise
    the result is the candidate with the fewest edits (insertion, deletion, substitution, swap of two neighbours), at
    most one for every three letters and three in total; among equals, the one with the same letters, then the one with
    the longest common runs of letters.

    >>> closest("kernal_size", ("kernel_size", "stride"))
    'kernel_size'
    >>> closest("Conv2D", ("conv", "linear"), {"conv2d": "conv"})
    'conv'
    >>> closest("banana", ("kernel_size", "stride"))
    """
    near = nearest(word, candidates, aliases)
    return None if near is None else near.word


def nearest(
    word: str,
    candidates: Iterable[str],
    aliases: Mapping[str, str | None] | None = None,
    inexact: Container[str] = (),
) -> Near | None:
    """Return the result of `closest`, and whether it is the only possible one.

    It is if only capitals and hyphens differ, for a foreign name that is not in `inexact`, and if one candidate has the
    fewest edits, these are a typo (`is_typo`), and no foreign name of another meaning is as near.

    >>> nearest("stirde", ("stride", "padding"))
    Near(word='stride', sure=True)
    >>> nearest("mx", ("max", "mix"))
    Near(word='max', sure=False)
    """
    candidates = tuple(candidates)
    folded = fold(word)
    for candidate in candidates:
        if fold(candidate) == folded:
            return Near(candidate, sure=True)
    if aliases and folded in aliases:
        target = aliases[folded]
        if target is None:
            return None
        if target in candidates:
            return Near(target, sure=folded not in inexact)
    near, fewest = with_fewest_edits(word.lower(), candidates)
    if not near:
        return None
    if len(near) > 1:
        return Near(likest(word.lower(), near), sure=False)
    others = [name for name, target in (aliases or {}).items() if target != near[0]]
    alone = not any(is_near(folded, name, fewest) for name in others)
    return Near(near[0], sure=alone and is_typo(word, near[0]))


def is_typo(word: str, meant: str) -> bool:
    """Return whether a word is so near to another that it cannot be a different word.

    One edit is; two are in a word of 8 letters or more; in one of up to 4 letters no other letter in the place of one.
    A digit too few or too many is a number, not a typo.

    >>> is_typo("lienar", "linear"), is_typo("grn", "gru"), is_typo("tahn", "tanh")
    (True, False, True)
    """
    word, meant = word.lower(), meant.lower()
    if sorted(filter(str.isdigit, word)) != sorted(filter(str.isdigit, meant)):
        return False
    if min(len(word), len(meant)) < _SHORT:
        changed = len(word) == len(meant) and sorted(word) != sorted(meant)
        return not changed and len(word) > _FEW and distance(word, meant, 1) == 1
    most = 2 if len(meant) >= _LONG else 1
    return distance(word, meant, most) <= most


def is_misspelling(word: str, meant: str) -> bool:
    """Return whether each part of a name, between underscores, is near to the same part of another.

    >>> is_misspelling("batch_nrom", "batch_norm"), is_misspelling("sum_pool", "max_pool")
    (True, False)
    """
    parts, theirs = word.lower().split("_"), meant.lower().split("_")
    if len(parts) != len(theirs):
        parts, theirs = [fold(word)], [fold(meant)]
    return all(
        is_near(part, its, 1 if max(len(part), len(its)) < _LONG - 1 else 3)
        for part, its in zip(parts, theirs, strict=True)
    )


def with_fewest_edits(word: str, candidates: tuple[str, ...]) -> tuple[list[str], int]:
    """Return the candidates with the fewest edits, at most one for every three letters, and the number of edits."""
    near: list[str] = []
    fewest = _MOST_EDITS
    for candidate in candidates if len(candidates) <= _MOST_CANDIDATES else ():
        allowed = min(fewest, (max(len(word), len(candidate)) + 1) // 3)
        edits = distance(word, candidate.lower(), allowed)
        if edits <= allowed:
            near = [candidate] if edits < fewest else [*near, candidate]
            fewest = edits
    return near, fewest


def is_near(word: str, other: str, most: int) -> bool:
    """Return whether there are at most `most` edits, and one for every three letters, between two words."""
    most = min(most, (max(len(word), len(other)) + 1) // 3)
    return distance(word, other, most) <= most


def fold(word: str) -> str:
    """Return the word without differences between frameworks: capitals, underscores, hyphens, spaces.

    >>> fold("Max_Pooling-2D")
    'maxpooling2d'
    """
    return word.lower().replace("_", "").replace("-", "").replace(" ", "")


def distance(word: str, other: str, most: int) -> int:
    """Return the number of edits between two words; any number above `most` means more than `most`.

    Optimal string alignment: inserting, deleting or substituting a letter, or swapping two neighbours, is one edit.

    >>> distance("stirde", "stride", 3), distance("padding", "paddin", 3)
    (1, 1)
    """
    if abs(len(word) - len(other)) > most:
        return most + 1
    differing = (at for at, (letter, its) in enumerate(zip(word, other, strict=False)) if letter != its)
    shared = next(differing, min(len(word), len(other)))  # the common prefix of numbered names is not compared
    word, other = word[shared:], other[shared:]
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        last_but_one, before, row = before, row, [i]
        for j, other_letter in enumerate(other, 1):
            edits = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other_letter))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == other_letter:
                edits = min(edits, last_but_one[j - 2] + 1)
            row.append(edits)
        if min(row) > most:
            return most + 1
    return row[-1]


def likest(word: str, near: list[str]) -> str:
    """Return the candidate with the same letters, else the one with the longest common runs of letters."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - a millisecond, and only ties need it

    def likeness(candidate: str) -> tuple[bool, float]:
        return sorted(candidate) == sorted(word), SequenceMatcher(None, word, candidate).ratio()

    return max(near, key=likeness)
