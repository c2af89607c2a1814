"""Tables of word vectors: a row of numbers per word, with a name per feature."""

from __future__ import annotations

from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.diagnostics import misuse
from shapecalc.diagnostics.suggestions import closest, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.reference.base import Array

SMALL_TABLE = Path(__file__).with_name("words.csv")
"""Words in English and Chinese, with values chosen by hand: each a judgement, in steps of 0.1. Nothing is trained."""

FEATURES = {
    "person": "1 for a person",
    "gender": "−1 male, 1 female",
    "royal": "1 for a king or a queen, 0.9 for their children",
    "age": "−1 young to 1 old",
    "wealth": "−1 poor to 1 rich",
    "animal": "1 for an animal",
    "fruit": "1 for a fruit",
    "season": "1 for a season",
    "weather": "1 for weather",
    "quality": "1 for an adjective",
    "warmth": "−1 cold to 1 hot, of a fruit where it grows",
    "size": "−1 small to 1 big, compared with things of its kind",
    "speed": "−1 slow to 1 fast",
    "chinese": "0 for a word in English, 0.5 in Chinese",
}
"""What the features of the small table mean; 0 if a feature does not apply to a word."""

LARGEST, SMALLEST = 1e100, 1e-100
"""The sum of the magnitudes of a vector that is not 0 is between them, so that squares neither overflow nor vanish."""

MOST_SUGGESTED = 3
MOST_COMPARED = 2_000
"""Words that are compared letter by letter with one that is unknown."""


class WordTable(NamedTuple):
    """Words with a vector each, a row of `vectors` [words, features] in float64."""

    name: str
    """The file; "" if the vectors are given in Python, or are those that ship."""
    rows: Mapping[str, int]
    """The row of each word, in the order of the rows."""
    features: tuple[str, ...]
    vectors: Array
    shipped: bool = False

    @property
    def words(self) -> list[str]:
        """The words in the order of their rows."""
        return list(self.rows)

    def row(self, word: str) -> int:
        """Return the row of a word.

        Raises `ShapecalcError` SC902 with near words if the table does not have it.
        """
        if word in self.rows:
            return self.rows[word]
        where = f"`{self.name}`" if self.name else "the table"
        raise misuse(
            "SC902", f"`{shortened(word)}` is not one of the {len(self.rows):,} words of {where}", self._near(word)
        )

    def _near(self, word: str) -> str | None:
        near: list[str] = []
        while len(near) < MOST_SUGGESTED:
            candidates = islice((each for each in _alike(word, self.rows) if each not in near), MOST_COMPARED)
            nearest = closest(word, candidates)
            if nearest is None:
                break
            near.append(nearest)
        if near:
            return f"did you mean {' or '.join(f'`{shortened(each)}`' for each in near)}?"
        if self.shipped:
            script = [each for each in self.rows if each.isascii() == word.isascii()]
            return f"the table has {', '.join(script)}; `--vectors FILE` reads other vectors"
        return None


def _alike(word: str, words: Mapping[str, int]) -> Iterator[str]:
    """Yield the words that are near enough to compare: all of a small table, else those with the same first letter."""
    if len(words) <= MOST_COMPARED:
        yield from words
        return
    folded, first, length = fold(word), word[:1].lower(), len(word)
    yield from (each for each in words if fold(each) == folded)
    yield from (each for each in words if each[:1].lower() == first and abs(len(each) - length) <= 1)


@cache
def small_table() -> WordTable:
    """Return the table that ships: words in English and Chinese, with values chosen by hand.

    >>> table = small_table()
    >>> len(table.rows), table.features[:3], table.vectors[table.row("女人")].tolist()[:4]
    (74, ('person', 'gender', 'royal'), [1.0, 1.0, 0.0, 0.4])
    """
    heading, *lines = SMALL_TABLE.read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines]
    vectors = np.array([[float(value) for value in row[1:]] for row in rows])
    vectors.setflags(write=False)
    return WordTable(
        "", {row[0]: place for place, row in enumerate(rows)}, tuple(heading.split(",")[1:]), vectors, shipped=True
    )


def table_of(vectors: Mapping[str, Sequence[float]]) -> WordTable:
    """Return the table of a mapping of words to vectors.

    Raises `ShapecalcError` SC901 if there are none, if a word is not a text, or if they differ in length or are not
    finite numbers.

    >>> table_of({"cat": [2, 0], "dog": [3, 4]}).features
    ('1', '2')
    """
    if not vectors:
        raise misuse("SC901", "vectors are expected for some words, receives none")
    length = None
    rows = []
    for word, vector in vectors.items():
        if not isinstance(word, str):
            raise misuse("SC901", f"words are expected to be texts, receives {word!r:.40}")
        try:
            row = np.asarray(vector, dtype=np.float64)
        except (TypeError, ValueError):
            raise misuse("SC901", f"the vector of `{shortened(word)}` is expected to be a list of numbers") from None
        expects = "a list of numbers" if length is None else f"{length} numbers, as the first one"
        if row.ndim != 1 or not row.size or len(row) != (length or len(row)):
            shape = f"an array of shape {list(row.shape)}"
            raise misuse("SC901", f"the vector of `{shortened(word)}` is expected to be {expects}, receives {shape}")
        if (wrong := unusable(float(np.abs(row).sum()))) is not None:
            raise misuse("SC901", f"the vector of `{shortened(word)}` {wrong}")
        length = len(row)
        rows.append(row)
    places = {word: place for place, word in enumerate(vectors)}
    return WordTable("", places, feature_names(len(rows[0])), np.stack(rows))


def feature_names(count: int) -> tuple[str, ...]:
    """Return the names of features without names: 1, 2, 3 …."""
    return tuple(map(str, range(1, count + 1)))


def unusable(magnitude: float) -> str | None:
    """Return why a vector whose magnitudes have this sum is refused; None if it is not.

    >>> unusable(2.5), unusable(0.0), unusable(float("nan"))
    (None, None, 'has a number that is not finite')
    """
    if magnitude == 0 or SMALLEST <= magnitude <= LARGEST:
        return None
    if magnitude < SMALLEST:
        return f"is shorter than {SMALLEST:g}, and its square vanishes"
    return f"has numbers above {LARGEST:g}" if magnitude < float("inf") else "has a number that is not finite"


def shortened(word: str, most: int = 40) -> str:
    """Return a word for a message, with `…` for what is left out of a long one."""
    return word if len(word) <= most else f"{word[:most]}…"
