"""Queries of word vectors: the nearest words, and analogies.

`vectors` is an array [words, features], with a row per word in the order of `words`; the measure is the cosine.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.reference.base import Array


def nearest(word: str, vectors: Array, words: Sequence[str], count: int = 5) -> list[tuple[str, float]]:
    """Return the `count` words nearest to a word, without itself, each with its cosine similarity, the nearest first.

    Raises `ValueError` if the word is not in `words`, or there is not one vector per word.

    >>> nearest("cat", np.array([[2.0, 0.0], [3.0, 4.0], [0.0, 1.0]]), ["cat", "dog", "law"])
    [('dog', 0.6), ('law', 0.0)]
    """
    units = unit_vectors(vectors, words)
    row = row_of(word, words)
    return best(units @ units[row], words, without={row}, count=count)


def analogy(a: str, b: str, c: str, vectors: Array, words: Sequence[str], count: int = 1) -> list[tuple[str, float]]:
    """Return the words that are to `c` as `b` is to `a`: nearest to b − a + c, without these three.

    Every vector, and b − a + c, is first scaled to length 1, so that a common word does not outweigh a rare one.
    Raises `ValueError` as `nearest` does.
    Source: Mikolov, Yih, Zweig 2013, "Linguistic Regularities in Continuous Space Word Representations".
    """
    units = unit_vectors(vectors, words)
    rows = [row_of(word, words) for word in (a, b, c)]
    target = units[rows[1]] - units[rows[0]] + units[rows[2]]
    return best(units @ unit(target), words, without=set(rows), count=count)


def unit_vectors(vectors: Array, words: Sequence[str]) -> Array:
    """Return every vector scaled to length 1, in float64.

    Raises `ValueError` if there is not one vector per word.
    """
    table = np.asarray(vectors, dtype=np.float64)
    if table.ndim != 2 or len(table) != len(words):  # noqa: PLR2004 - words, features
        raise ValueError(f"expects {len(words)} vectors, one per word, receives an array {list(table.shape)}")
    return unit(table)


def unit(vectors: Array) -> Array:
    """Return the vectors along the last axis scaled to length 1; a vector of zeros is unchanged."""
    lengths = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    result: Array = vectors / np.where(lengths > 0, lengths, 1)
    return result


def row_of(word: str, words: Sequence[str]) -> int:
    """Return the row of a word.

    Raises `ValueError` for an unknown word.
    """
    if word in words:
        return words.index(word)
    near = get_close_matches(word, words, n=1)
    raise ValueError(f"`{word}` has no vector" + (f", did you mean `{near[0]}`?" if near else ""))


def best(similarities: Array, words: Sequence[str], without: set[int], count: int) -> list[tuple[str, float]]:
    """Return the words with the largest similarities; of equal ones the earlier first."""
    ranked = np.argsort(-similarities, kind="stable")
    rows = [int(row) for row in ranked if int(row) not in without]
    return [(words[row], float(similarities[row])) for row in rows[: max(count, 0)]]
