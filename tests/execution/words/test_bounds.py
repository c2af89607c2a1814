"""The bounds on files of word vectors."""

from __future__ import annotations

import pytest

from shapecalc import ShapecalcError
from shapecalc.execution.words.bounds import MOST_NUMBERS, MOST_WORDS, check_bounds


def test_the_help_names_a_number_of_words_that_is_read() -> None:
    for words, features in ((MOST_WORDS + 1, 1), (MOST_NUMBERS, 2), (10**6, 300), (10**12, 10**3)):
        with pytest.raises(ShapecalcError, match="SC010") as raised:
            check_bounds("w.txt", words, features, None)
        (diagnostic,) = raised.value.diagnostics
        assert diagnostic.help is not None
        first = int(diagnostic.help.split("`")[1].split()[1])
        check_bounds("w.txt", words, features, first)
        with pytest.raises(ShapecalcError):
            check_bounds("w.txt", words, features, first + 1)


def test_a_vector_that_is_too_long_alone_has_no_help() -> None:
    with pytest.raises(ShapecalcError) as raised:
        check_bounds("w.txt", 1, MOST_NUMBERS + 1, None)
    assert raised.value.diagnostics[0].help is None
