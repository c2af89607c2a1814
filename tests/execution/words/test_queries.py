"""Nearest words and analogies: properties of the cosine, equality with the reference, and published numbers."""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, strategies as st

from shapecalc import ShapecalcError, reference
from shapecalc.execution.words.queries import analogy, similar
from shapecalc.execution.words.table import small_table, table_of

if TYPE_CHECKING:
    from shapecalc.execution.words.table import WordTable

NUMBERS = st.floats(-1000, 1000).map(lambda number: round(number, 3))


@st.composite
def tables(draw: st.DrawFn) -> WordTable:
    words = draw(st.lists(st.text(min_size=1, max_size=3), min_size=3, max_size=9, unique=True))
    width = draw(st.integers(1, 6))
    vector = st.lists(NUMBERS, min_size=width, max_size=width).filter(any)
    return table_of({word: draw(vector) for word in words})


@given(tables(), st.data())
def test_the_cosine_is_symmetric_and_at_most_1(table: WordTable, data: st.DataObject) -> None:
    u, v = data.draw(st.permutations(table.words))[:2]
    (there,) = [near for near in similar(table, u, 99).nearest if near.word == v]
    (back,) = [near for near in similar(table, v, 99).nearest if near.word == u]
    assert there.cosine == back.cosine
    assert -1 <= there.cosine <= 1
    assert there.dot == back.dot


@given(tables(), st.floats(0.001, 1000), st.data())
def test_the_cosine_does_not_change_with_the_length(table: WordTable, factor: float, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(table.words))
    scaled = table._replace(vectors=table.vectors * factor)
    before = {near.word: near.cosine for near in similar(table, word, 99).nearest}
    after = {near.word: near.cosine for near in similar(scaled, word, 99).nearest}
    assert after == pytest.approx(before, abs=1e-9)


@given(tables(), st.data())
def test_the_numbers_of_a_cosine_follow_from_one_another(table: WordTable, data: st.DataObject) -> None:
    result = similar(table, data.draw(st.sampled_from(table.words)), 99)
    for near in result.nearest:
        assert near.vector == tuple(table.vectors[table.rows[near.word]])
        assert near.products == tuple(x * y for x, y in zip(result.ranking.vector, near.vector, strict=True))
        assert near.dot == pytest.approx(sum(near.products), abs=1e-6)
        assert near.length == pytest.approx(hypot(*near.vector))
        assert near.cosine == pytest.approx(near.dot / (near.length * result.ranking.length), abs=1e-12)
    cosines = [near.cosine for near in result.nearest]
    assert cosines == pytest.approx(sorted(cosines, reverse=True), abs=1e-12)


def same(ours: dict[str, float], theirs: list[tuple[str, float]]) -> None:
    """Check that the same words are ranked with the same cosines; the order of equal ones may differ by rounding."""
    assert ours == pytest.approx(dict(theirs), abs=1e-9)
    assert list(ours.values()) == pytest.approx([cosine for _, cosine in theirs], abs=1e-9)


@given(tables(), st.data())
def test_similar_is_what_the_reference_gives(table: WordTable, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(table.words))
    theirs = reference.nearest(word, table.vectors, table.words, count=99)
    same({near.word: near.cosine for near in similar(table, word, 99).nearest}, theirs)


@given(tables(), st.data())
def test_an_analogy_of_unit_vectors_is_what_the_reference_gives(table: WordTable, data: st.DataObject) -> None:
    a, b, c = (data.draw(st.sampled_from(table.words)) for _ in range(3))
    u, v, w = (table.vectors[table.rows[word]] / hypot(*table.vectors[table.rows[word]]) for word in (a, b, c))
    if np.abs(v - u + w).max() < 1e-6:
        return
    theirs = reference.analogy(a, b, c, table.vectors, table.words, count=99)
    same({near.word: near.cosine for near in analogy(table, a, b, c, 99, unit=True).nearest}, theirs)


def test_the_small_table_is_answered_as_by_the_reference() -> None:
    table = small_table()
    for word in table.words:
        ours = {near.word: near.cosine for near in similar(table, word, 99).nearest}
        same(ours, reference.nearest(word, table.vectors, table.words, count=99))
    for a, b, c in (("man", "woman", "king"), ("summer", "hot", "冬天"), ("hot", "热", "big")):
        ours = {near.word: near.cosine for near in analogy(table, a, b, c, 99, unit=True).nearest}
        same(ours, reference.analogy(a, b, c, table.vectors, table.words, count=99))


# Ng, Sequence Models, "Using word embeddings": gender, royal, age, food.
NG = {
    "man": [-1, 0.01, 0.03, 0.09],
    "woman": [1, 0.02, 0.02, 0.01],
    "king": [-0.95, 0.93, 0.7, 0.02],
    "queen": [0.97, 0.95, 0.69, 0.01],
    "apple": [0, -0.01, 0.03, 0.95],
    "orange": [0.01, 0, -0.02, 0.97],
}


def test_man_is_to_woman_as_king_is_to_queen_with_the_cosines_of_the_worked_example() -> None:
    result = analogy(table_of(NG), "man", "woman", "king", 3, unit=False)
    assert [(near.word, round(near.cosine, 4)) for near in result.nearest] == [
        *(("queen", 0.9981), ("apple", -0.0306), ("orange", -0.0404)),
    ]
    assert result.ranking.vector == pytest.approx((1.05, 0.94, 0.69, -0.06))
    assert not result.unit


def test_the_differences_are_those_of_the_worked_example() -> None:
    for unit in (False, True):
        result = analogy(table_of(NG), "woman", "man", "queen", 1, unit=unit)
        assert result.nearest[0].word == "king"
        assert result.difference == pytest.approx((-2.0, -0.01, 0.01, 0.08))
        assert result.differences[0] == pytest.approx((-1.92, -0.02, 0.01, 0.01))


def test_what_rounding_leaves_of_a_sum_is_0() -> None:
    table = table_of({"a": [0.9, 1], "b": [0.3, 2], "c": [0.6, 3], "d": [1, 1]})
    result = analogy(table, "a", "b", "c", 1, unit=False)
    assert 0.3 - 0.9 + 0.6 != 0
    assert result.ranking.vector == (0, 4)


def test_with_unit_vectors_the_cosines_are_others_and_the_answer_the_same() -> None:
    result = analogy(table_of(NG), "man", "woman", "king", 3, unit=True)
    assert [(near.word, round(near.cosine, 4)) for near in result.nearest] == [
        *(("queen", 0.934), ("apple", -0.0372), ("orange", -0.0392)),
    ]
    assert all(hypot(*each.added) == pytest.approx(1) for each in (result.a, result.b, result.c))
    assert result.a.vector == (-1, 0.01, 0.03, 0.09)
    assert result.a.length == hypot(*result.a.vector)


def test_the_words_of_the_question_are_not_ranked_but_shown() -> None:
    result = analogy(table_of(NG), "man", "woman", "king", 99, unit=False)
    assert [near.word for near in result.nearest] == ["queen", "apple", "orange"]
    assert [near.word for near in result.ranking.excluded] == ["man", "woman", "king"]
    twice = analogy(table_of(NG), "man", "man", "king", 99, unit=False)
    assert [near.word for near in twice.ranking.excluded] == ["man", "king"]
    assert [near.word for near in twice.nearest] == ["queen", "apple", "orange", "woman"]


def test_of_equal_words_the_earlier_is_first() -> None:
    table = table_of({"u": [1, 2, 3], **{f"v{place}": [3, 2, 0.5] for place in range(50)}})
    assert [near.word for near in similar(table, "u", 50).nearest] == [f"v{place}" for place in range(50)]


def test_a_vector_of_zeros_is_not_ranked_and_cannot_be_asked_for() -> None:
    table = table_of({"a": [1, 0], "b": [0, 0], "c": [0, 1], "d": [-1, 0]})
    result = similar(table, "a", 9)
    assert [(near.word, near.cosine) for near in result.nearest] == [("c", 0.0), ("d", -1.0)]
    assert result.ranking.zeros == 1
    with pytest.raises(ShapecalcError, match="SC903: the vector of `b` is 0") as raised:
        similar(table, "b", 1)
    assert raised.value.exit_code == 2
    with pytest.raises(ShapecalcError, match="SC903: b − a \\+ a is 0"):
        analogy(table, "a", "b", "a", 1, unit=False)
    with pytest.raises(ShapecalcError, match="SC903: a − c \\+ x is 0"):  # up to rounding
        analogy(table_of({"a": [0.1], "c": [0.3], "x": [0.2]}), "c", "a", "x", 1, unit=False)


def test_a_table_of_one_word_has_no_other() -> None:
    assert similar(table_of({"a": [1]}), "a", 5).nearest == ()


def test_a_result_is_one_line_in_a_session() -> None:
    assert repr(similar(small_table(), "king", 2)) == "<Similar to king: 国王 0.9713>"
    assert repr(similar(table_of({"a": [1]}), "a", 5)) == "<Similar to a: no other word>"
    answer = analogy(small_table(), "summer", "hot", "winter", 2, unit=False)
    assert repr(answer) == "<Analogy summer : hot = winter : ?, cold 0.9939>"
