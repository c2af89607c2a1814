"""Search over random step functions: beam against exhaustive, what is counted against what is predicted."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from hypothesis import given, strategies as st

from shapecalc.calculators.beam_search import Problem, beam_steps, plan
from shapecalc.reference.beam_search import beam_search, exhaustive, greedy, length_penalty
from tests.support.exhaustive import exhaustive_steps
from tests.support.volume import at_most

if TYPE_CHECKING:
    from shapecalc.reference.base import Array
    from shapecalc.reference.beam_search import Hypothesis, Level, States

START = 0


class Model:
    """Log-probabilities that depend on the whole prefix, which its states alone hold: [1, A, symbols] and [A, 1].

    The first state holds the hypotheses along axis 1, as an LSTM does, the second the length along axis 0.
    """

    axes = (1, 0)

    def __init__(self, vocabulary: int, seed: int) -> None:
        self.vocabulary = vocabulary
        self.seed = seed

    @property
    def states(self) -> States:
        return np.empty((1, 1, 0), dtype=np.int64), np.zeros((1, 1), dtype=np.int64)

    def given(self, prefix: tuple[int, ...]) -> Array:
        scores = np.random.default_rng([self.seed, *prefix]).standard_normal(self.vocabulary) * 2
        return scores - np.log(np.exp(scores).sum())

    def step(self, tokens: Array, states: States) -> tuple[Array, States]:
        prefixes, lengths = states
        prefixes = np.concatenate((prefixes, tokens[None, :, None]), axis=2)
        lengths = lengths + 1
        assert (lengths == prefixes.shape[2]).all()
        return np.stack([self.given(tuple(prefix)) for prefix in prefixes[0].tolist()]), (prefixes, lengths)

    def probability(self, symbols: tuple[int, ...]) -> float:
        """Of a sequence, symbol by symbol, without any search."""
        return sum(float(self.given((START, *symbols[:place]))[symbol]) for place, symbol in enumerate(symbols))

    def best(self, length: int, end: int | None, alpha: float) -> list[tuple[float, tuple[int, ...]]]:
        """Every sequence with its score, best first, from all words over the symbols."""
        found = set()
        for word in product(range(self.vocabulary), repeat=length):
            found.add(word[: word.index(end) + 1] if end in word else word)
        scored = [(self.probability(word) / length_penalty(len(word), alpha), word) for word in found]
        return sorted(scored, reverse=True)


class Setting(NamedTuple):
    model: Model
    length: int
    end: int | None
    alpha: float

    @property
    def asked(self) -> dict[str, object]:
        asked = {"step": self.model.step, "states": self.model.states, "axes": self.model.axes}
        return {**asked, "start": START, "max_length": self.length, "end": self.end}

    def problem(self, beam: int) -> Problem:
        return Problem(self.model.vocabulary, beam, self.length, end=self.end is not None)


@st.composite
def problems(draw: st.DrawFn, widest: int = 5, longest: int = 4) -> Setting:
    vocabulary = draw(st.integers(2, widest))
    end = draw(st.none() | st.integers(0, vocabulary - 1))
    alpha = draw(st.sampled_from((0.0, 0.6, 1.0)))
    return Setting(Model(vocabulary, draw(st.integers(0, 2**20))), draw(st.integers(1, longest)), end, alpha)


def words(hypotheses: tuple[Hypothesis, ...]) -> list[tuple[int, ...]]:
    return [hypothesis.symbols for hypothesis in hypotheses]


@given(problems(widest=4))
def test_exhaustive_search_scores_every_sequence_once(setting: Setting) -> None:
    found = exhaustive(**setting.asked, alpha=setting.alpha).hypotheses
    wanted = setting.model.best(setting.length, setting.end, setting.alpha)
    assert words(found) == [word for _, word in wanted]
    np.testing.assert_allclose([hypothesis.score for hypothesis in found], [score for score, _ in wanted])
    assert len(found) == plan(setting.problem(beam=1)).sequences.result


@given(problems())
def test_a_beam_as_wide_as_the_space_finds_all_that_exhaustive_search_finds(setting: Setting) -> None:
    every = exhaustive(**setting.asked, alpha=setting.alpha)
    found = beam_search(**setting.asked, alpha=setting.alpha, beam=len(every.hypotheses))
    assert words(found.hypotheses) == words(every.hypotheses)
    assert [step.dropped for step in found.trace] == [0] * setting.length
    assert found.trace == every.trace


@given(problems(), st.integers(1, 30))
def test_no_beam_finds_better_than_exhaustive_search(setting: Setting, beam: int) -> None:
    every = exhaustive(**setting.asked, alpha=setting.alpha).hypotheses
    found = beam_search(**setting.asked, alpha=setting.alpha, beam=beam).hypotheses
    assert found[0].score <= every[0].score
    assert set(words(found)) <= set(words(every))


@given(problems(longest=6))
def test_greedy_search_is_a_beam_of_one_up_to_the_end_symbol(setting: Setting) -> None:
    one, taken = beam_search(**setting.asked, beam=1), greedy(**setting.asked)
    first = taken.hypotheses[0]
    assert first.log_probability <= one.hypotheses[0].log_probability
    if setting.end is None:
        assert taken == one
    expected = list(beam_steps(setting.problem(beam=1)))[: len(taken.trace)]
    assert [(step.active, step.scores) for step in taken.trace] == [(step.alive, step.scores) for step in expected]


@given(problems(widest=7, longest=6), st.integers(1, 40))
@at_most(300)
def test_what_a_beam_search_counts_is_what_is_predicted(setting: Setting, beam: int) -> None:
    predicted = plan(setting.problem(beam))
    trace = beam_search(**setting.asked, alpha=setting.alpha, beam=beam).trace
    assert [tuple(step[:5]) for step in trace] == [
        (step.alive, step.scores, step.kept, step.finished, step.dropped) for step in predicted.steps
    ]
    assert [step.states for step in trace] == [
        ((1, step.kept, step.length), (step.kept, 1)) for step in predicted.steps
    ]
    assert predicted.scores.result == sum(step.scores for step in trace)
    assert predicted.dropped.result == sum(step.dropped for step in trace)


@given(problems(widest=4))
def test_what_exhaustive_search_counts_is_what_is_predicted(setting: Setting) -> None:
    trace = exhaustive(**setting.asked).trace
    problem = setting.problem(beam=1)
    assert [tuple(step[:5]) for step in trace] == [
        (step.alive, step.scores, step.kept, step.finished, step.dropped) for step in exhaustive_steps(problem)
    ]
    assert plan(problem).exhaustive.result == sum(step.scores for step in trace)


@given(problems(widest=7, longest=6), st.integers(1, 40))
def test_each_hypothesis_continues_with_the_states_of_its_own_prefix(setting: Setting, beam: int) -> None:
    for hypothesis in beam_search(**setting.asked, alpha=setting.alpha, beam=beam).hypotheses:
        assert hypothesis.log_probability == pytest.approx(setting.model.probability(hypothesis.symbols))
        assert hypothesis.finished == (hypothesis.symbols[-1] == setting.end)


def test_greedy_misses_what_a_beam_of_two_finds() -> None:
    following = np.log([[0.55, 0.45], [0.1, 0.9], [0.6, 0.4]])  # after 0, after 1, at the start

    def search(beam: int) -> Hypothesis:
        found = beam_search(lambda tokens, states: (following[tokens], states), (), start=2, max_length=2, beam=beam)
        return found.hypotheses[0]

    assert (search(1).symbols, round(np.exp(search(1).score), 6)) == ((0, 0), 0.33)
    assert (search(2).symbols, round(np.exp(search(2).score), 6)) == ((1, 1), 0.36)


def test_a_finished_hypothesis_takes_no_place_of_an_active_one() -> None:
    following = np.log([[0.8, 0.1, 0.1]])  # the end is the likeliest, always
    found = beam_search(
        lambda tokens, states: (following.repeat(len(tokens), axis=0), states), (), start=0, max_length=3, beam=2, end=0
    )
    assert [step.kept for step in found.trace] == [2, 2, 2]
    assert words(found.hypotheses) == [(0,), (1, 0)]


def test_a_length_penalty_lets_a_longer_sequence_win() -> None:
    following = np.log([[0.5, 0.5 - 1e-6, 1e-6], [0.7, 0.2, 0.1], [0.5, 0.4, 0.1]])

    def search(alpha: float) -> tuple[int, ...]:
        found = beam_search(
            lambda tokens, states: (following[tokens], states), (), start=0, max_length=2, beam=3, end=0, alpha=alpha
        )
        return found.hypotheses[0].symbols

    assert search(0.0) == (0,)  # 0.5 against 0.5·0.7
    assert search(5.0) == (1, 0)


def test_of_equal_scores_the_lower_symbol_is_the_better() -> None:
    even = np.log(np.full((1, 4), 0.25))
    found = beam_search(
        lambda tokens, states: (even.repeat(len(tokens), axis=0), states), (), start=0, max_length=2, beam=3
    )
    assert words(found.hypotheses) == [(0, 0), (0, 1), (0, 2)]


def test_of_equal_scores_the_first_symbols_win_in_every_search() -> None:
    following = np.log2([[1, 2**-9, 2**-9], [0.5, 0.25, 0.25], [2**-9, 2**-9, 1], [0.25, 0.5, 0.25]])
    asked = {"step": lambda tokens, states: (following[tokens], states), "states": (), "start": 3, "max_length": 2}
    wanted = [(0, 0), (1, 0), (2, 2), (1, 1), (1, 2)]
    assert words(beam_search(**asked, beam=9).hypotheses)[:5] == wanted
    assert words(beam_search(**asked, beam=3).hypotheses) == wanted[:3]
    assert words(exhaustive(**asked).hypotheses)[:5] == wanted


@given(problems(), st.integers(1, 6))
def test_an_observer_sees_every_candidate_and_what_is_left_of_them(setting: Setting, beam: int) -> None:
    levels: list[Level] = []
    found = beam_search(**setting.asked, alpha=setting.alpha, beam=beam, observe=levels.append)
    before = [()]
    for level, counts in zip(levels, found.trace, strict=True):
        assert [*map(tuple, level.prefixes.tolist())] == before
        for prefix, row in zip(before, level.candidates.tolist(), strict=True):
            expected = [setting.model.probability((*prefix, symbol)) for symbol in range(setting.model.vocabulary)]
            assert row == pytest.approx(expected)
        before = words(level.active)
        assert (len(before), len(level.finished)) == (counts.kept, counts.finished)
    assert {*before} == {*words(found.active)}


def test_sequences_that_are_not_possible_are_left_out_with_all_their_continuations() -> None:
    following = np.array([[0.0, 1.0, 2.0]])
    found = exhaustive(
        lambda tokens, states: (following.repeat(len(tokens), axis=0), states),
        (),
        start=0,
        max_length=2,
        possible=lambda score: score != 1,
    )
    assert words(found.hypotheses) == [(2, 2), (2, 1), (0, 2), (2, 0), (0, 0)]


@pytest.mark.parametrize(
    ("scores", "end", "said"),
    [
        (np.zeros((2, 3)), None, r"expects to give \[1, symbols\], gives \[2, 3\]"),
        (np.zeros(3), None, r"gives \[3\]"),
        (np.full((1, 3), np.nan), None, "no numbers"),
        (np.zeros((1, 1)), 0, "more symbols beside it"),
        (np.zeros((1, 3)), 3, "end symbol 3"),
    ],
)
def test_a_step_that_gives_something_else_is_refused(scores: Array, end: int | None, said: str) -> None:
    for search in (greedy, exhaustive):
        with pytest.raises(ValueError, match=said):
            search(lambda _, states: (scores, states), (), start=0, max_length=1, end=end)
    with pytest.raises(ValueError, match=said):
        beam_search(lambda _, states: (scores, states), (), start=0, max_length=1, beam=2, end=end)
