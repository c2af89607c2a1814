"""What a search costs: closed forms against sums over steps, and how numbers without bounds are written."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from shapecalc.calculators.beam_search import LONGEST, Figure, Problem, beam_steps, format_count, plan
from shapecalc.diagnostics import LayerError
from tests.support.arithmetic import value_of
from tests.support.exhaustive import exhaustive_steps
from tests.support.volume import at_most

PROBLEMS = st.builds(Problem, st.integers(2, 40), st.integers(1, 300), st.integers(1, 12), st.booleans())


@given(PROBLEMS)
@at_most(400)
def test_every_equation_comes_to_its_result(problem: Problem) -> None:
    found = plan(problem)
    for figure in (found.scores, found.dropped, found.greedy, found.exhaustive, found.sequences):
        assert value_of(figure.numbers) == figure.result, figure


@given(PROBLEMS)
def test_totals_are_the_sums_of_the_steps(problem: Problem) -> None:
    found = plan(problem)
    assert found.scores.result == sum(step.scores for step in found.steps)
    assert found.kept.result == sum(step.kept for step in found.steps)
    assert found.exhaustive.result == sum(step.scores for step in exhaustive_steps(problem))
    last = list(exhaustive_steps(problem))[-1]
    assert found.sequences.result == last.kept + last.finished


@given(PROBLEMS)
def test_candidates_are_kept_finished_or_dropped(problem: Problem) -> None:
    held = 0
    for step in beam_steps(problem):
        assert step.scores + held == step.kept + step.finished + step.dropped
        assert step.dropped >= 0
        held = step.finished


@pytest.mark.parametrize(
    ("problem", "formula", "equation"),
    [
        (Problem(10_000, 5, 20, end=False), "V + (L − 1)·k·V", "10,000 + 19·5·10,000 = 960,000"),
        (Problem(10_000, 1, 20, end=False), "V + (L − 1)·k·V", "10,000 + 19·1·10,000 = 200,000"),
        (Problem(10, 50, 4, end=True), "(1 + B)·V + (L − 2)·k·V", "(1 + 9)·10 + 2·50·10 = 1,100"),
        (Problem(3, 99, 2, end=False), "(1 + V)·V", "(1 + 3)·3 = 12"),
        (Problem(2, 7, 9, end=True), "V + (L − 1)·1·V", "2 + 8·1·2 = 18"),
    ],
)
def test_scores_have_the_formula_that_the_beam_grows_by(problem: Problem, formula: str, equation: str) -> None:
    found = plan(problem).scores
    assert (found.formula, found.equation) == (formula, equation)


def test_exhaustive_search_is_the_vocabulary_to_the_power_of_the_length() -> None:
    found = plan(Problem(10_000, 5, 20, end=False)).sequences
    assert found.result == 10**80
    assert found.equation == "10,000^20 = 10^80"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (10**18 - 1, "999,999,999,999,999,999"),
        (10**18, "10^18"),
        (10**18 + 1, "1.00·10^18"),
        (9_996 * 10**20, "1.00·10^24"),
        (9_994 * 10**20, "9.99·10^23"),
    ],
)
def test_a_large_number_is_written_as_a_power_of_ten(number: int, text: str) -> None:
    assert format_count(number) == text


def test_a_number_that_python_refuses_to_write_out_is_written_all_the_same() -> None:
    assert (format_count(10**6_000), format_count(10**6_000 - 1)) == ("10^6000", "1.00·10^6000")


def test_a_rounded_number_is_not_said_to_be_equal() -> None:
    assert Figure("scores", "", "2^70", 2**70).equation == "2^70 ≈ 1.18·10^21"


@pytest.mark.parametrize(
    ("problem", "field"),
    [
        (Problem(0, 1, 1, end=False), "vocabulary"),
        (Problem(1, 1, 1, end=True), "vocabulary"),
        (Problem(2, 0, 1), "beam"),
        (Problem(2, 2**31, 1), "beam"),
        (Problem(2, 1, LONGEST + 1), "length"),
    ],
)
def test_a_search_of_nothing_is_refused(problem: Problem, field: str) -> None:
    with pytest.raises(LayerError) as refused:
        plan(problem)
    assert (refused.value.code, refused.value.field) == ("SC201", field)
