"""Queries of word vectors."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from shapecalc.api.load import count as count_of
from shapecalc.execution.words.bounds import MOST_NEAREST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.execution.words.queries import Analogy, Similar
    from shapecalc.execution.words.table import WordTable

    Vectors: TypeAlias = str | os.PathLike[str] | Mapping[str, Sequence[float]]
    """The file of a table of word vectors, or a vector for each word."""


def similar(word: str, *, vectors: Vectors | None = None, count: int = 5, first: int | None = None) -> Similar:
    """Return the words nearest to a word by the cosine of their vectors, with each number of the arithmetic.

    `vectors` is a file (the text of word2vec or GloVe, CSV with a heading of features, `.npz` with `words` and
    `vectors`), or a vector for each word; by default the small table that ships, whose values are chosen by hand.
    `first` reads only the first words of a file.
    Raises `ShapecalcError` SC901 for a file or vectors that are malformed, SC010 for a file that is too large, SC902 if
    the table does not have the word, SC903 if its vector is 0.

    >>> [(near.word, round(near.cosine, 4)) for near in similar("summer", count=2).nearest]
    [('夏天', 0.9374), ('spring', 0.8601)]
    """
    from shapecalc.execution.words import queries

    return queries.similar(_table(vectors, first), word, count_of("count", count, MOST_NEAREST))


def analogy(
    a: str,
    b: str,
    c: str,
    *,
    vectors: Vectors | None = None,
    count: int = 5,
    unit: bool = False,
    first: int | None = None,
) -> Analogy:
    """Return the words that are to `c` as `b` is to `a`: those nearest to b − a + c, without these three.

    With `unit`, every vector is scaled to length 1 before b − a + c, as word2vec does. The other arguments and the
    errors are those of `similar`.

    >>> result = analogy("summer", "hot", "winter")
    >>> result.nearest[0].word, round(result.nearest[0].cosine, 4)
    ('cold', 0.9939)
    """
    from shapecalc.execution.words import queries

    return queries.analogy(_table(vectors, first), a, b, c, count_of("count", count, MOST_NEAREST), unit=unit)


def _table(vectors: Vectors | None, first: int | None) -> WordTable:
    from shapecalc.execution.words.reading import load_vectors

    given = vectors if vectors is None or isinstance(vectors, Mapping) else os.fspath(vectors)
    return load_vectors(given, count_of("first", first))
