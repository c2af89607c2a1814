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
