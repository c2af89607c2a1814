"""Named operations on word vectors, on a table small enough to answer by hand."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from shapecalc import reference

# Axes: how royal, how male, how female. Lengths differ, so that only the angle can be what counts.
TABLE = {
    "king": (3.0, 3.0, 0.0),
    "queen": (2.0, 0.0, 2.0),
    "man": (0.0, 5.0, 0.0),
    "woman": (0.0, 0.0, 1.0),
    "prince": (1.0, 2.0, 0.0),
    "royal": (7.0, 0.0, 0.0),
    "nothing": (0.0, 0.0, 0.0),
}
WORDS = list(TABLE)
VECTORS = np.array(list(TABLE.values()))


def test_the_nearest_words_are_in_the_order_of_their_cosine() -> None:
    found = reference.nearest("king", VECTORS, WORDS, count=3)
    assert [word for word, _ in found] == ["prince", "man", "royal"]
    np.testing.assert_allclose([likeness for _, likeness in found], [3 / 10**0.5, 0.5**0.5, 0.5**0.5])


def test_a_word_is_never_its_own_neighbour() -> None:
    assert [word for word, _ in reference.nearest("king", VECTORS, WORDS, count=99)] == [
        *("prince", "man", "royal", "queen", "woman", "nothing")
    ]


def test_five_neighbours_are_the_default() -> None:
    assert len(reference.nearest("king", VECTORS, WORDS)) == 5


def test_a_vector_of_zeros_is_like_no_other() -> None:
    assert {likeness for _, likeness in reference.nearest("nothing", VECTORS, WORDS)} == {0.0}


def test_man_is_to_king_as_woman_is_to_queen() -> None:
    # Of length 1: king − man + woman = (√½, √½ − 1, 1), and queen = (√½, 0, √½).
    ((word, likeness),) = reference.analogy("man", "king", "woman", VECTORS, WORDS)
    assert word == "queen"
    half = 0.5**0.5
    assert likeness == pytest.approx((half * half + half) / (half**2 + (half - 1) ** 2 + 1) ** 0.5)


def test_the_three_words_of_an_analogy_are_no_answers() -> None:
    answers = reference.analogy("man", "king", "woman", VECTORS, WORDS, count=99)
    assert sorted(word for word, _ in answers) == ["nothing", "prince", "queen", "royal"]


def test_a_long_vector_weighs_no_more_than_a_short_one() -> None:
    longer = VECTORS * np.array([[1], [1], [1000], [1], [1], [1], [1]])
    for given, scaled in zip(
        reference.analogy("man", "king", "woman", VECTORS, WORDS, count=4),
        reference.analogy("man", "king", "woman", longer, WORDS, count=4),
        strict=True,
    ):
        assert given[0] == scaled[0]
        assert given[1] == pytest.approx(scaled[1])


def test_answers_are_plain_words_and_floats() -> None:
    ((word, likeness),) = reference.nearest("king", VECTORS.astype(np.float32), WORDS, count=1)
    assert (type(word), type(likeness)) == (str, float)


def test_an_unknown_word_is_named_with_the_one_that_may_have_been_meant() -> None:
    with pytest.raises(ValueError, match=r"^`qeen` has no vector, did you mean `queen`\?$"):
        reference.nearest("qeen", VECTORS, WORDS)
    with pytest.raises(ValueError, match=r"^`xyzzy` has no vector$"):
        reference.analogy("man", "xyzzy", "woman", VECTORS, WORDS)


@pytest.mark.parametrize("vectors", [VECTORS[:-1], VECTORS[0], VECTORS[None]])
def test_a_table_that_is_not_one_row_a_word_is_refused(vectors: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expects 7 vectors, one per word, receives an array"):
        reference.nearest("king", vectors, WORDS)


def test_word_vectors_are_imported_on_first_use() -> None:
    code = (
        "import sys; from shapecalc import reference; first = 'numpy' in sys.modules; reference.nearest;"
        "print(first, 'shapecalc.reference.word_vectors' in sys.modules, callable(reference.layer_types))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False True True"


def test_an_unknown_attribute_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'farthest'"):
        _ = reference.farthest
