"""The words nearest to a word, and analogies, by the cosine of the angle between vectors, with every number of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, sqrt
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from shapecalc.diagnostics import misuse
from shapecalc.diagnostics.presentation import Presented
from shapecalc.execution.words.table import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.execution.words.table import WordTable
    from shapecalc.reference.base import Array

Vector: TypeAlias = tuple[float, ...]


class NearWord(NamedTuple):
    """A word, and the cosine of its vector v with a vector u: u·v/(|u|·|v|)."""

    word: str
    vector: Vector
    products: Vector
    """uᵢ·vᵢ of each feature."""
    dot: float
    """u·v, the sum of the products."""
    length: float
    """|v|."""
    cosine: float


class Ranking(NamedTuple):
    """The words of a table whose vectors are nearest to a vector, the nearest first."""

    source: str
    """The file of the vectors; "" if they are given in Python, or are those that ship."""
    shipped: bool
    words: int
    """How many words the table has."""
    features: tuple[str, ...]
    vector: Vector
    length: float
    nearest: tuple[NearWord, ...]
    excluded: tuple[NearWord, ...]
    """The words of an analogy itself, which are not among the nearest."""
    zeros: int
    """How many words have a vector of zeros, which has no direction and is left out."""


@dataclass(frozen=True)
class Similar(Presented):
    """The words nearest to a word."""

    word: str
    ranking: Ranking

    def __repr__(self) -> str:
        """Return the word, and the nearest one with its cosine."""
        return f"<Similar to {self.word}: {_first(self.ranking)}>"

    @property
    def nearest(self) -> tuple[NearWord, ...]:
        """The nearest words, the nearest first."""
        return self.ranking.nearest


class Operand(NamedTuple):
    """A word of an analogy, with its vector and the length of that."""

    word: str
    vector: Vector
    length: float
    added: Vector
    """The vector in the sum b − a + c: scaled to length 1 if the analogy is of unit vectors."""


@dataclass(frozen=True)
class Analogy(Presented):
    """The words that are to `c` as `b` is to `a`: those nearest to b − a + c."""

    a: Operand
    b: Operand
    c: Operand
    unit: bool
    """Whether every vector was scaled to length 1 before b − a + c."""
    ranking: Ranking
    difference: Vector
    """b − a, of the vectors as they are in the table."""
    differences: tuple[Vector, ...]
    """v − c for the vector v of each of the nearest words."""

    def __repr__(self) -> str:
        """Return the three words, and the best answer with its cosine."""
        return f"<Analogy {self.a.word} : {self.b.word} = {self.c.word} : ?, {_first(self.ranking)}>"

    @property
    def nearest(self) -> tuple[NearWord, ...]:
        """The nearest words, the nearest first, without a, b and c."""
        return self.ranking.nearest


def similar(table: WordTable, word: str, count: int) -> Similar:
    """Return the `count` words nearest to a word, without itself; of equal ones the earlier first.

    Raises `ShapecalcError` SC902 if the table does not have the word, SC903 if its vector is 0.
    """
    row = table.row(word)
    vector = table.vectors[row]
    if not vector.any():
        raise misuse(
            "SC903", f"the vector of `{shortened(word)}` is 0: it has no direction, and no cosine with another"
        )
    return Similar(word, _ranking(table, vector, count, [row], show=False))


def analogy(table: WordTable, a: str, b: str, c: str, count: int, *, unit: bool) -> Analogy:
    """Return the `count` words nearest to b − a + c, without a, b and c.

    With `unit`, every vector is first scaled to length 1, as word2vec does (Mikolov, Yih, Zweig 2013).
    Raises `ShapecalcError` SC902 if the table does not have a word, SC903 if b − a + c is 0.
    """
    rows = [table.row(word) for word in (a, b, c)]
    vectors = table.vectors[rows]
    lengths = [_length(vector.tolist()) for vector in vectors]
    added = vectors / [[length or 1.0] for length in lengths] if unit else vectors
    target = _added(added[1], -added[0], added[2])
    if not target.any():
        formula = f"{shortened(b)} − {shortened(a)} + {shortened(c)}"
        raise misuse("SC903", f"{formula} is 0: it has no direction, and no cosine with a word")
    ranking = _ranking(table, target, count, list(dict.fromkeys(rows)), show=True)
    first, second, third = (
        Operand(word, tuple(vector.tolist()), length, tuple(scaled.tolist()))
        for word, vector, length, scaled in zip((a, b, c), vectors, lengths, added, strict=True)
    )
    differences = tuple(tuple(_added(np.array(near.vector), -vectors[2]).tolist()) for near in ranking.nearest)
    difference = tuple(_added(vectors[1], -vectors[0]).tolist())
    return Analogy(first, second, third, unit, ranking, difference, differences)


ROUNDING = 1e-12
"""A sum that is smaller than this part of its largest term is what rounding leaves of 0."""


def _added(*vectors: Array) -> Array:
    """Return a sum of vectors, with 0 for what rounding leaves of it, such as 0.3 − 0.9 + 0.6."""
    terms = np.array(vectors)
    total: Array = terms.sum(axis=0)
    total[np.abs(total) <= ROUNDING * np.abs(terms).max(axis=0)] = 0
    return total


def _ranking(table: WordTable, vector: Array, count: int, without: list[int], *, show: bool) -> Ranking:
    # Sums row by row: equal rows have equal cosines, which a product by BLAS does not ensure.
    lengths = np.sqrt(np.einsum("ij,ij->i", table.vectors, table.vectors))
    cosines = np.einsum("ij,j->i", table.vectors, vector)
    np.divide(cosines, lengths, out=cosines, where=lengths > 0)
    left_out = lengths == 0
    left_out[without] = True
    cosines[left_out] = -np.inf
    order = np.argsort(-cosines, kind="stable")[: min(count, int((~left_out).sum()))]
    u = tuple(vector.tolist())
    words = table.words
    return Ranking(
        table.name,
        table.shipped,
        len(words),
        table.features,
        u,
        _length(u),
        tuple(_near(words[row], u, table.vectors[row].tolist()) for row in order.tolist()),
        tuple(_near(words[row], u, table.vectors[row].tolist()) for row in without if show and lengths[row] > 0),
        int((lengths == 0).sum()),
    )


def _near(word: str, u: Vector, v: list[float]) -> NearWord:
    products = tuple(x * y for x, y in zip(u, v, strict=True))
    dot, length = fsum(products), _length(v)
    return NearWord(word, tuple(v), products, dot, length, min(max(dot / (_length(u) * length), -1.0), 1.0))


def _length(vector: Iterable[float]) -> float:
    return sqrt(fsum(value * value for value in vector))


def _first(ranking: Ranking) -> str:
    return f"{ranking.nearest[0].word} {ranking.nearest[0].cosine:.4f}" if ranking.nearest else "no other word"
