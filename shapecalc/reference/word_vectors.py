"""What word vectors are asked: which words are near, and which word is to c as b is to a.

`vectors` is an array [words, features], the row of each word in the order of `words`; nearness is the cosine.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.reference.base import Array


def nearest(word: str, vectors: Array, words: Sequence[str], count: int = 5) -> list[tuple[str, float]]:
    """The `count` words nearest to a word, itself left out, each with its cosine similarity, the nearest first.

    Raises `ValueError` where the word is none of `words`, or those are not as many as there are vectors.

    >>> nearest("cat", np.array([[2.0, 0.0], [3.0, 4.0], [0.0, 1.0]]), ["cat", "dog", "law"])
    [('dog', 0.6), ('law', 0.0)]
    """
    units = unit_vectors(vectors, words)
    row = row_of(word, words)
    return best(units @ units[row], words, without={row}, count=count)


def analogy(a: str, b: str, c: str, vectors: Array, words: Sequence[str], count: int = 1) -> list[tuple[str, float]]:
    """The words that are to `c` as `b` is to `a`: nearest to b − a + c, the three themselves left out.

    Every vector is first brought to length 1, and so is b − a + c, so that a common word does not outweigh a rare one.
    Raises `ValueError` as `nearest` does.
    Source: Mikolov, Yih, Zweig 2013, "Linguistic Regularities in Continuous Space Word Representations".
    """
    units = unit_vectors(vectors, words)
    rows = [row_of(word, words) for word in (a, b, c)]
    sought = units[rows[1]] - units[rows[0]] + units[rows[2]]
    return best(units @ unit(sought), words, without=set(rows), count=count)


def unit_vectors(vectors: Array, words: Sequence[str]) -> Array:
    """Every vector at length 1, in float64.

    Raises `ValueError` where there are not as many vectors as words.
    """
    table = np.asarray(vectors, dtype=np.float64)
    if table.ndim != 2 or len(table) != len(words):  # noqa: PLR2004 - words, features
        raise ValueError(f"expects {len(words)} vectors, one per word, receives an array {list(table.shape)}")
    return unit(table)


def unit(vectors: Array) -> Array:
    """The vectors along the last axis at length 1; a vector of zeros stays one and is like no other."""
    lengths = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    result: Array = vectors / np.where(lengths > 0, lengths, 1)
    return result


def row_of(word: str, words: Sequence[str]) -> int:
    """The row of a word.

    Raises `ValueError` where it has none.
    """
    if word in words:
        return words.index(word)
    near = get_close_matches(word, words, n=1)
    raise ValueError(f"`{word}` has no vector" + (f", did you mean `{near[0]}`?" if near else ""))


def best(similarities: Array, words: Sequence[str], without: set[int], count: int) -> list[tuple[str, float]]:
    """The words of the largest similarities; of two alike the one that stands first."""
    ranked = np.argsort(-similarities, kind="stable")
    rows = [int(row) for row in ranked if int(row) not in without]
    return [(words[row], float(similarities[row])) for row in rows[: max(count, 0)]]
