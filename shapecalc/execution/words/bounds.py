"""How much of a file of word vectors is read, as more needs minutes and gigabytes, and how long a result is."""

from __future__ import annotations

from shapecalc.diagnostics import Diagnostic, ShapecalcError

MOST_NUMBERS = 40_000_000
"""Numbers of all vectors: 320 MB in float64, such as 400,000 words with 100 features."""
MOST_WORDS = 3_000_000
MOST_NEAREST = 1_000
"""Words of a result."""
LONGEST_LINE = 2**20
"""Bytes of a line of text."""


def check_bounds(name: str, words: int, features: int, first: int | None) -> None:
    """Raise `ShapecalcError` SC010 if the words are too many, or the first of them, which are read.

    >>> check_bounds("glove.txt", 400_000, 100, None)
    >>> check_bounds("glove.txt", 2_200_000, 300, 100_000)
    """
    read = min(words, first or words)
    if read > MOST_WORDS or read * features > MOST_NUMBERS:
        raise too_many(name, f"{words:,} words with {features:,} features", features)


def too_many(name: str, what: str, features: int) -> ShapecalcError:
    """Return the error of a file with more than is read, and how many words of it can be read."""
    message = f"`{name}` has {what}, more than the {MOST_NUMBERS:,} numbers or {MOST_WORDS:,} words that are read"
    most = min(MOST_NUMBERS // features, MOST_WORDS)
    help_text = f"`--first {most}` reads the first {most:,} words" if most else None
    return ShapecalcError((Diagnostic("SC010", message, help=help_text),))
