"""What the searches find and miss, in sentences."""

from __future__ import annotations

from shapecalc.execution.beam import load, search
from shapecalc.render.beam_notes import notes, tree_dict

MARKOV = '{"": [0.6, 0.4], "* 0": [0.5, 0.5], "* 1": [0.1, 0.9]}'


def said(table: str, **options: object) -> str:
    result = search(load(table), **options)
    return "\n".join(notes(result, result.length, unicode=True))


def test_each_search_has_its_sentence() -> None:
    tree = '{"": [0.6, 0.4], "0": [0.55, 0.45], "1": [0.1, 0.9]}'
    rows = [
        (
            tree,
            {},
            "greedy search misses `1 1`, 0.36: at step 1 it takes `0` (0.6) and not `1` (0.4), and ends with 0.33",
        ),
        (tree, {}, "the beam of 2 finds the best sequence, `1 1`\n"),
        (tree, {}, "the probabilities of all 4 possible sequences sum to 1"),
        (tree, {"beam": 1}, "at step 1 it drops `1` (0.4), as the lowest that it keeps has 0.6; a beam of 2 finds it"),
        ("[[0.5, 0.5]]", {}, "greedy search finds the best sequence, `0`"),
        (
            '{"": [0.4, 0.6], "0": [0.75, 0.25], "1": [0.5, 0.5]}',
            {},
            "finds a sequence as probable as the best one: 0.3",
        ),
        ('{"*": [0.6, 0.4]}', {"length": 20}, "greedy search finds the best sequence, `0 0 0 0 0 0 0 0 0 0 … 0`"),
        ("[[0.5, 0.4]]", {}, "the probabilities of step 1 sum to 0.9, not to 1; they are used as they are"),
        ("[[0.5, 0.4], [1, 1], [0, 1]]", {}, "sum to 0.9, not to 1, and 1 more do not either"),
        ('{"": [0.5, 0.4], "0": [1, 0], "1": [0, 1]}', {}, "the probabilities at the start sum to 0.9"),
        (MARKOV, {"beam": 1, "length": 18}, "greedy search finds the same sequence as the beam, `0 0"),
        (MARKOV, {"beam": 1, "length": 18}, "the beam of 1 finds 4.578e-6; no sequence has more than 0.06671"),
        (MARKOV, {"beam": 1, "length": 18}, "exhaustive search is left out: it would compute more than 100,000 scores"),
        (
            '{"": [0.7, 0.3], "0": [1, 0]}',
            {"beam": 1},
            "finds the best sequence, `0 0`: no hypothesis that it drops can",
        ),
        ('{"": [0.7, 0.3], "0": [1, 0]}', {"beam": 1}, "left out: there is no distribution after `1`"),
        (
            "[[0.5, 0.25, 0.25]]",
            {},
            "at step 1 the lowest that the beam keeps and the best that it drops are equal, 0.25: the one",
        ),
    ]
    for table, options, sentence in rows:
        assert sentence in said(table, **options), (table, options, said(table, **options))


def test_no_sentence_is_said_where_it_does_not_apply() -> None:
    text = said("[[0.5, 0.5]]")
    for words in ("misses", "left out", "not to 1", "first", "equal"):
        assert words not in text
    assert "equal" not in said("[[0.5, 0.25, 0.2, 0.05]]")


def test_an_impossible_candidate_has_no_logarithm_in_json() -> None:
    candidates = tree_dict(search(load("[[1, 0]]")))["steps"][0]["candidates"]
    assert [each["log_probability"] for each in candidates] == [0, None]
    assert [each["kept"] for each in candidates] == [True, False]
