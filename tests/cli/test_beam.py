"""`shapecalc beam`, as its readers see it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shapecalc.calculators.beam_search import Problem, plan

if TYPE_CHECKING:
    from tests.cli.conftest import Run


DOCUMENTED = ("beam", "--vocab", "10000", "--beam", "5", "--length", "20")


SHOWN = """\
beam search, without an end symbol
V = 10,000 (symbols), L = 20 (length), k = 5 (beam)

step     candidates  scores  kept  dropped
──────────────────────────────────────────
1        [1, 10000]  10,000     5    9,995
2 to 20  [5, 10000]  50,000     5   49,995

scores            = V + (L − 1)·k·V
                  = 10,000 + 19·5·10,000 = 960,000
kept              = L·k
                  = 20·5 = 100
dropped           = scores − kept
                  = 960,000 − 100 = 959,900
greedy scores     = L·V
                  = 20·10,000 = 200,000
exhaustive scores = (V^L − 1)/(V − 1)·V
                  = (10,000^20 − 1)/9,999·10,000 ≈ 1.00·10^80
sequences         = V^L
                  = 10,000^20 = 10^80

search          scores  hypotheses
──────────────────────────────────
greedy         200,000           1
beam of 5      960,000           5
exhaustive  1.00·10^80       10^80
"""


def test_a_search_is_shown_with_its_figures_and_beside_the_others(run: Run) -> None:
    assert run(*DOCUMENTED, "--no-end").out == SHOWN


def test_an_end_symbol_keeps_finished_hypotheses_apart(run: Run) -> None:
    out = run(*DOCUMENTED).out
    assert "2        [5, 10000]  50,000     5         5   49,991\n" in out
    assert "B = V − 1 = 9,999 (symbols that do not end)" in out
    assert "greedy search stops at the end symbol" in out


def test_states_of_an_lstm_are_counted_in_bytes(run: Run) -> None:
    out = run(*DOCUMENTED, "--hidden-size", "512", "--num-layers", "2").out
    assert "1 to 20  [2, 5, 512]  [2, 5, 512]  40,960\n" in out
    assert "= 5·2·2·512·4 = 40,960\n" in out


def test_json_holds_the_exact_numbers(run: Run) -> None:
    document = json.loads(run(*DOCUMENTED, "--no-end", "--format", "json").out)
    found = plan(Problem(10_000, 5, 20, end=False))
    assert document["exhaustive"]["sequences"] == {
        "name": "sequences",
        "formula": "V^L",
        "equation": "10,000^20 = 10^80",
        "result": 10**80,
        "about": "10^80",
    }
    assert document["scores"] == found.scores.result == 960_000
    assert [(step["first"], step["last"]) for step in document["steps"]] == [(1, 1), (2, 20)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--beam 5", "`--vocab SYMBOLS` and `--length STEPS` are missing"),
        ("--vocab 3 --beam 0 --length 2", "`--beam 0` expects 1 to 2147483647, receives 0"),
        ("--vocab 3 --beam two --length 2", "`--beam two` expects a whole number"),
        ("--vocab 1 --beam 2 --length 2", "`--vocab 1` expects a symbol beside the end symbol"),
        ("--vocab 3 --beam 2 --length 2 --num-layers 2", "requires `--hidden-size UNITS`"),
        ("--vocab 3 --beam 2 --length 2 --hidden-size 0", "`--hidden-size 0` expects"),
    ],
)
def test_what_cannot_be_searched_is_a_usage_error(run: Run, options: str, said: str) -> None:
    ended = run("beam", *options.split())
    assert ended.code == 2
    assert said in ended.err


README = '{"": [0.6, 0.4], "0": [0.55, 0.45], "1": [0.1, 0.9]}'


def test_greedy_search_misses_what_a_beam_of_two_finds(run: Run) -> None:
    out = run("beam", "--probabilities", README).out
    assert "├─ ● 0   0.6·0.55 = 0.33  −1.1087  greedy\n" in out
    assert "└─ ● 1    0.4·0.9 = 0.36  −1.0217  best\n" in out
    assert "greedy search misses `1 1`, 0.36: at step 1 it takes `0` (0.6) and not `1` (0.4), and ends with 0.33" in out
    assert "the beam of 2 finds the best sequence, `1 1`\n" in out
    assert run("beam", "--probabilities", README, "--beam", "2", "--no-end").out == out


def test_the_published_scores_are_reproduced_as_far_as_they_are_right(run: Run) -> None:
    """Of machinelearningmastery.com (10·ln 2, not 0.0256) and of Dive into Deep Learning."""
    rows = str([[0.1, 0.2, 0.3, 0.4, 0.5], [0.5, 0.4, 0.3, 0.2, 0.1]] * 5)
    document = json.loads(run("beam", "--probabilities", rows, "--beam", "3", "--format", "json").out)
    assert document["hypotheses"][0]["symbols"] == [*"4040404040"]
    scores = [-each["log_probability"] for each in document["hypotheses"]]
    assert scores == pytest.approx([6.9314718056, 7.15461535691, 7.15461535691], abs=5e-11)
    assert document["sums"]["step 1"] == 1.5
    assert document["exhaustive"]["left_out"].startswith("it would compute more than")
    chains = '{"": {A: 0.5}, A: {B: 0.4, C: 0.3}, A B: {C: 0.4}, A B C: {E: 0.6}, A C: {B: 0.6}, A C B: {E: 0.6}}'
    out = run("beam", "--probabilities", chains, "--end", "E").out
    assert "greedy      A B C E   0.5·0.4·0.4·0.6 = 0.048" in out
    assert "exhaustive  A C B E   0.5·0.3·0.6·0.6 = 0.054" in out


def test_json_has_every_candidate_of_every_step(run: Run) -> None:
    document = json.loads(run("beam", "--probabilities", README, "--beam", "1", "--format", "json").out)
    steps = [
        [(*each["symbols"], each["probability"], each["kept"]) for each in step["candidates"]]
        for step in document["steps"]
    ]
    assert steps == [[("0", 0.6, True), ("1", 0.4, False)], [("0", "0", 0.33, True), ("0", "1", 0.27, False)]]
    assert document["greedy"]["misses"] is True
    assert (document["finds_best"], document["beam_that_finds_best"], document["bound"]) == (False, 2, 0.36)
    assert document["exhaustive"]["best"]["exact"] == "9/25"
    assert document["exhaustive"]["total"] == 1.0


def test_a_table_comes_from_a_file_or_from_standard_input(run: Run) -> None:
    shown = run("beam", "--probabilities", README).out
    assert run("beam", "--probabilities", "-", stdin=README).out == shown
    assert run(shell=f"beam --probabilities '{README}' --output table.txt && cat table.txt").out == shown


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--vocab", "3"], "`--vocab 3` has no meaning with `--probabilities`"),
        (["--hidden-size", "3"], "`--hidden-size 3` has no meaning"),
        (["--end"], "`--end` expects a symbol with `--probabilities`, receives none"),
        (["--end", "1", "--no-end"], "`--end` and `--no-end` exclude each other"),
        (["--end", "2"], "error[SC203]: `--end 2` expects a symbol of the distributions, receives `2`"),
        (["--length", "9"], "error[SC106]: there is no distribution after `0 0`"),
        (["--beam", "x"], "error[SC202]: `--beam x` expects a whole number"),
        (["--probabilities", "[[0.5], [0.5, 0.5]]"], "error[SC204]"),
        (["--probabilities", "0.5,0.5;1.5,1"], "`--probabilities 0.5,0.5;1.5,1` expects numbers from 0 to 1 in step 2"),
        (["--probabilities", "none.json"], "error[SC001]: `none.json` does not exist"),
    ],
)
def test_a_mistake_in_a_table_or_beside_it_is_a_usage_error(run: Run, options: list[str], said: str) -> None:
    ended = run("beam", "--probabilities", README, *options)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_without_a_table_end_is_still_a_flag_and_what_needs_a_table_is_refused(run: Run) -> None:
    costs = run(*DOCUMENTED).out
    for words in ((*DOCUMENTED, "--end"), ("beam", "--end", *DOCUMENTED[1:])):
        assert run(*words).out == costs
    for words, said in (
        (["--log"], "`--log` requires `--probabilities FILE|TABLE`"),
        (["--end", "E"], "`--end E` requires `--probabilities FILE|TABLE`"),
        (["--end", "--no-end"], "`--end` and `--no-end` exclude each other"),
    ):
        ended = run(*DOCUMENTED, *words)
        assert (ended.code, ended.out) == (2, "")
        assert said in ended.err
