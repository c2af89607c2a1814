from __future__ import annotations

import random
import string
import subprocess
import sys

import pytest
from hypothesis import example, given, strategies as st

from shapecalc.diagnostics.suggestions import Near, closest, distance, nearest
from tests.support.layer_names import FIELDS, INEXACT_LAYERS, LAYERS, WORDS, fields
from tests.support.volume import NIGHTLY, volume

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


def top_1(groups: list[tuple[tuple[str, ...], dict[str, str | None]]]) -> float:
    """Share of typos (some; none that spells another right word) for which the word meant comes first."""
    hits = [
        closest(typo, words, aliases) == word
        for words, aliases in groups
        for word in words
        for typo in sorted(typos(word))[::EVERY]
        if typo not in words
    ]
    return sum(hits) / len(hits)


@volume
def test_layer_types_with_one_typo_are_found():
    assert top_1([(WORDS, LAYERS)]) >= 0.989


@volume
def test_fields_with_one_typo_are_found():
    groups = [(fields(word), FIELDS.get(word, {})) for word in WORDS if fields(word)]
    assert top_1(groups) >= 0.985
    # Where the layer is not known, among all fields at once.
    assert top_1([(tuple(sorted({field for names, _ in groups for field in names})), {})]) >= 0.989


@pytest.mark.parametrize("layer", ["banana", "x", "", "q", "transformer", "über", "1", "conv" * 1000])
def test_nothing_is_suggested_where_nothing_is_near(layer: str):
    assert closest(layer, WORDS, LAYERS) is None


@pytest.mark.parametrize(
    ("word", "ours"), [("tahn", "tanh"), ("taxi", None), ("softmix", "softmax"), ("saftmix", "softmax")]
)
def test_one_edit_is_forgiven_for_every_three_letters(word: str, ours: str | None):
    assert closest(word, WORDS, LAYERS) == ours


def test_a_foreign_name_whose_word_is_no_candidate_is_spelled_out():
    assert closest("reluu", ("relu",), {"reluu": "leaky_relu"}) == "relu"


@pytest.mark.parametrize(
    ("word", "ours", "sure"),
    [
        ("Conv2D", "conv", True),  # a foreign name that says just what ours says
        ("MaxPool-2d", "max_pool", True),
        ("Flatten", "flatten", True),  # capitals alone
        ("lienar", "linear", True),  # one word alone is so near
        ("bilstm", "lstm", False),  # it says more
        ("pooling", "max_pool", False),  # it says less
        ("relul", "relu", False),  # `relu6` is as near
        ("selus", "elu", False),  # SELU, which is none of ours, is nearer
    ],
)
def test_a_word_is_sure_where_nothing_else_can_be_meant(word: str, ours: str, sure: bool):
    assert nearest(word, WORDS, LAYERS, INEXACT_LAYERS) == Near(ours, sure)


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
    assert closest("avg_pol", words, LAYERS) == "avg_pool"


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
