from __future__ import annotations

import random
import string
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, strategies as st

from shapecalc.diagnostics.suggestions import Near, closest, distance, nearest
from shapecalc.parser.did_you_mean import closest_layer, nearest_layer
from tests.support.layer_names import WORDS, closest_field, fields
from tests.support.rows import for_each
from tests.support.volume import NIGHTLY, volume

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = 7 if NIGHTLY else 35
"""Of the typos of a word in alphabetical order."""


def typos(word: str) -> set[str]:
    """Every word one edit away: a letter too few, too many, another one, or two neighbours swapped."""
    letters = string.ascii_lowercase + "_"
    found = set()
    for i in range(len(word) + 1):
        before, after = word[:i], word[i:]
        found |= {before + letter + after for letter in letters}
        if after:
            found |= {before + after[1:]} | {before + letter + after[1:] for letter in letters}
        if len(after) > 1:
            found.add(before + after[1] + after[0] + after[2:])
    return found - {word, ""}


def top_1(words: tuple[str, ...], suggested: Callable[[str], str | None]) -> list[bool]:
    """Whether the word meant comes first, for typos of words (some; none that spells another right word)."""
    return [suggested(typo) == word for word in words for typo in sorted(typos(word))[::EVERY] if typo not in words]


@volume
def test_layer_types_with_one_typo_are_found():
    hits = top_1(WORDS, closest_layer)
    assert sum(hits) / len(hits) >= 0.989


@volume
def test_fields_with_one_typo_are_found():
    hits = [hit for word in WORDS for hit in top_1(fields(word), partial(closest_field, word))]
    assert sum(hits) / len(hits) >= 0.985
    # Where the layer is not known, among all fields at once.
    every = tuple(sorted({field for word in WORDS for field in fields(word)}))
    hits = top_1(every, lambda typo: closest(typo, every))
    assert sum(hits) / len(hits) >= 0.989


@pytest.mark.parametrize("layer", ["banana", "x", "", "q", "transformer", "über", "1", "conv" * 1000])
def test_nothing_is_suggested_where_nothing_is_near(layer: str):
    assert closest_layer(layer) is None


@pytest.mark.parametrize(
    ("word", "ours"), [("tahn", "tanh"), ("taxi", None), ("softmix", "softmax"), ("saftmix", "softmax")]
)
def test_one_edit_is_forgiven_for_every_three_letters(word: str, ours: str | None):
    assert closest_layer(word) == ours


def test_a_foreign_name_whose_word_is_no_candidate_is_spelled_out():
    assert closest("reluu", ("relu",), {"reluu": "leaky_relu"}) == "relu"


@for_each(
    "word, ours, sure",
    [
        ("Conv2D", "conv", True),  # a foreign name that says just what ours says
        ("MaxPool-2d", "max_pool", True),
        ("Flatten", "flatten", True),  # capitals alone
        ("lienar", "linear", True),  # one word alone is so near
        ("tahn", "tanh", True),
        ("bilstm", "lstm", False),  # it says more
        ("relul", "relu", False),  # `relu6` is as near
        ("grx", "gru", False),  # a word of three letters with another one is another word
        ("conv7", "conv", False),  # a number is no slip
        ("convlution", "conv", False),  # it is nearest to a foreign name
        ("pooling", None, False),  # it says less
        ("selus", "selu", True),
    ],
)
def test_a_word_is_sure_where_nothing_else_can_be_meant(word: str, ours: str | None, sure: bool):
    likely = nearest_layer(word)
    assert (likely and likely.word, bool(likely and likely.sure)) == (ours, sure)


@pytest.mark.parametrize(
    ("word", "aliases", "inexact", "near"),
    [
        ("widht", {}, (), Near("width", sure=True)),
        ("Width", {"width": "height"}, (), Near("width", sure=True)),
        ("breadth", {"breadth": "width"}, (), Near("width", sure=True)),
        ("breadth", {"breadth": "width"}, ("breadth",), Near("width", sure=False)),
        ("breadth", {"breadth": None}, (), None),
        ("heigth", {"heights": None}, (), Near("height", sure=True)),
        ("heigths", {"heights": None}, (), Near("height", sure=False)),
    ],
)
def test_names_of_other_formats_come_before_edits_and_make_near_ones_unsure(
    word: str, aliases: dict[str, str | None], inexact: tuple[str, ...], near: Near | None
):
    assert nearest(word, ("width", "height"), aliases, inexact) == near


letters = st.text("abc", max_size=7)


def slow_distance(word: str, other: str) -> int:
    """Optimal string alignment by its definition."""
    if not word or not other:
        return len(word) + len(other)
    ways = [
        slow_distance(word[1:], other) + 1,
        slow_distance(word, other[1:]) + 1,
        slow_distance(word[1:], other[1:]) + (word[0] != other[0]),
    ]
    if len(word) > 1 and len(other) > 1 and word[0] == other[1] and word[1] == other[0]:
        ways.append(slow_distance(word[2:], other[2:]) + 1)
    return min(ways)


@given(letters, letters, st.integers(0, 7))
@example("ab", "ba", 1)
def test_the_distance_is_that_of_the_definition_up_to_its_limit(word: str, other: str, most: int):
    expected = slow_distance(word, other)
    assert distance(word, other, most) == expected if expected <= most else distance(word, other, most) > most


def test_ties_go_to_the_longest_shared_runs():
    assert closest("ab", ("xb", "abx"), None) == "abx"


def test_two_words_change_one_letter_at_a_time_in_any_order():
    words = list(WORDS)
    random.Random(3).shuffle(words)
    assert closest("avg_pol", words) == "avg_pool"


def test_importing_diagnostics_costs_neither_yaml_nor_difflib_nor_rich():
    code = (
        "import sys, shapecalc.diagnostics, shapecalc.diagnostics.suggestions, shapecalc.diagnostics.foreign_names\n"
        "print(sorted({'yaml', 'difflib', 'rich', 'numpy', 'typer'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
    # The same question finds what is there.
    code = code.replace("import sys,", "import sys, yaml, difflib,")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "['difflib', 'yaml']\n"


def test_of_thousands_of_words_only_one_that_is_spelt_alike_is_found() -> None:
    words = [f"step{number}" for number in range(2001)]
    assert closest("step_7", words) == "step7"
    assert closest("stepp7", words) is None
    assert closest("stepp7", words[:2000]) == "step7"
