"""The small table that ships, and tables that are given in Python."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc import ShapecalcError
from shapecalc.execution.words.queries import analogy
from shapecalc.execution.words.table import FEATURES, SMALL_TABLE, small_table, table_of

ANALOGIES = """
man woman king queen
man king woman queen
man boy woman girl
boy girl prince princess
dog puppy cat kitten
summer hot winter cold
sun hot snow cold
elephant big mouse small
grandfather old boy young
king rich beggar poor
"""


def test_the_table_has_37_words_in_english_and_the_same_in_chinese() -> None:
    table = small_table()
    words = table.words
    assert len(words) == 74
    english, chinese = words[:37], words[37:]
    assert all(word.isascii() for word in english)
    assert not any(word.isascii() for word in chinese)
    np.testing.assert_array_equal(table.vectors[:37, :-1], table.vectors[37:, :-1])
    assert set(table.vectors[:37, -1]) == {0.0}
    assert set(table.vectors[37:, -1]) == {0.5}


def test_every_feature_is_documented_used_and_in_steps_of_a_tenth() -> None:
    table = small_table()
    assert table.features == tuple(FEATURES)
    assert (np.abs(table.vectors) <= 1).all()
    assert table.vectors.any(axis=0).all()
    assert table.vectors.any(axis=1).all()
    texts = SMALL_TABLE.read_text("utf-8").splitlines()[1:]
    assert all(len(value.lstrip("-")) <= len("0.1") for text in texts for value in text.split(",")[1:])


def test_vectors_tell_words_apart() -> None:
    vectors = small_table().vectors
    assert len({tuple(vector) for vector in vectors.tolist()}) == len(vectors)


def test_analogies_that_are_documented_come_out_in_both_languages_and_conventions() -> None:
    table = small_table()
    chinese = dict(zip(table.words[:37], table.words[37:], strict=True))
    for line in ANALOGIES.split("\n")[1:-1]:
        for a, b, c, d in (line.split(), [chinese[word] for word in line.split()]):
            for unit in (False, True):
                assert analogy(table, a, b, c, 1, unit=unit).nearest[0].word == d, (a, b, c, unit)


def test_languages_may_be_mixed_and_translation_is_an_analogy() -> None:
    for words in ("summer hot 冬天 冷", "king 国王 queen 王后", "man woman 国王 王后", "hot 热 cold 冷"):
        a, b, c, d = words.split()
        assert analogy(small_table(), a, b, c, 1, unit=False).nearest[0].word == d, words


def test_an_unknown_word_is_answered_with_near_words() -> None:
    for word, help_text in (
        ("qeen", "did you mean `queen`?"),
        ("KING", "did you mean `king`?"),
        ("夏", "did you mean `夏天`"),
        ("xyzzyx", "the table has man, woman, boy"),
    ):
        with pytest.raises(ShapecalcError) as raised:
            small_table().row(word)
        (diagnostic,) = raised.value.diagnostics
        assert (diagnostic.code, raised.value.exit_code) == ("SC902", 2)
        assert help_text in (diagnostic.help or ""), word


def test_a_large_table_suggests_words_too() -> None:
    table = table_of({f"word{number:05}": [number, 1] for number in range(5_000)})
    with pytest.raises(ShapecalcError, match="did you mean `word04711`") as raised:
        table.row("Word04711")
    assert "5,000 words" in str(raised.value)


def test_vectors_of_python_are_checked() -> None:
    bad: dict[str, object] = {
        "none": {},
        "a number for a word": {1: [1, 2], "1": [2, 1]},
        "ragged": {"a": [1, 2], "b": [1]},
        "a number": {"a": 1},
        "words": {"a": ["x"]},
        "nested": {"a": [[1]]},
        "empty": {"a": []},
        "NaN": {"a": [float("nan")]},
        "infinity": {"a": [float("inf"), 1]},
        "large": {"a": [1e200]},
        "small": {"a": [1e-200]},
        "nested ragged": {"a": [[1], [1, 2]]},
    }
    for name, vectors in bad.items():
        with pytest.raises(ShapecalcError, match="SC901") as raised:
            table_of(vectors)  # type: ignore[arg-type]
        assert raised.value.exit_code == 2, name
    assert table_of({"a": (1, 2), "b": np.zeros(2)}).vectors.tolist() == [[1, 2], [0, 0]]
