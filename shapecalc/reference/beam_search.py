"""Decoding symbol by symbol: greedy, beam and exhaustive search over any step function, with counts of each step.

A step function takes the last symbol of each hypothesis and its states and returns log-probabilities of the next:
`step(tokens [A], states) -> (log_probs [A, V], states)`. States are any arrays with one axis over hypotheses: axis 1
of the states of an LSTM. After each step they are reordered as the hypotheses are. Log-probabilities are floats, or
objects that can be added, compared and negated, such as logarithms of exact fractions.

Of equal scores the better one is the hypothesis that finished earlier, then the one whose symbols come first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from shapecalc.reference.base import Array, Shape

States: TypeAlias = tuple[Array, ...]
Step: TypeAlias = Callable[[Array, States], tuple[Array, States]]


class Hypothesis(NamedTuple):
    """A sequence of symbols, without the start symbol and, if `finished`, with the end symbol.

    `score` is `log_probability`, the sum over its symbols, divided by the length penalty.
    """

    symbols: tuple[int, ...]
    score: float
    log_probability: float
    finished: bool


class StepCounts(NamedTuple):
    """Counts of one step, taken from its arrays."""

    active: int
    """Active hypotheses before the step."""
    scores: int
    kept: int
    """Active hypotheses after the step."""
    finished: int
    """Finished hypotheses in the pool after the step."""
    dropped: int
    """Candidates that are not kept, and finished hypotheses that better ones replaced in the pool."""
    states: tuple[Shape, ...]
    """Shapes of the states of the active hypotheses after the step."""


class Level(NamedTuple):
    """One step of a beam search: the active hypotheses before it, their candidates, and the hypotheses after it."""

    prefixes: Array
    """Symbols of the active hypotheses, [A, t]."""
    candidates: Array
    """Log-probability of each continuation, [A, V]."""
    active: tuple[Hypothesis, ...]
    finished: tuple[Hypothesis, ...]
    """The pool of finished hypotheses."""


class Search(NamedTuple):
    """Result of a search: hypotheses, best first, and the counts of each step."""

    hypotheses: tuple[Hypothesis, ...]
    trace: tuple[StepCounts, ...]
    active: tuple[Hypothesis, ...]
    """Active hypotheses at the end, best first, whether or not they are among the best of all."""


def length_penalty(length: int, alpha: float) -> float:
    """Return ((5 + length)/(5 + 1))^alpha; 1 for alpha 0.

    Source: Wu et al. 2016, "Google's Neural Machine Translation System", equation 14.

    >>> length_penalty(1, 0.6), length_penalty(20, 0), length_penalty(13, 1)
    (1.0, 1.0, 3.0)
    """
    return float(((5 + length) / 6) ** alpha)


def greedy(
    step: Step, states: States, *, start: int, max_length: int, end: int | None = None, axes: Sequence[int] = ()
) -> Search:
    """Take the most probable symbol at each step, up to the end symbol or `max_length` symbols.

    It stops at the end symbol, while a beam of 1 also continues with the next best; without an end symbol they agree.

    >>> always = np.log([[0.2, 0.5, 0.3]])
    >>> greedy(lambda tokens, states: (always, states), (), start=0, max_length=3).hypotheses[0].symbols
    (1, 1, 1)
    """
    symbols: list[int] = []
    total: Any = 0.0
    trace = []
    token = start
    for _ in range(max_length):
        log_probs, states = step(np.array([token]), states)
        token = int(np.argmax(_checked(log_probs, 1, end)[0]))
        total = total + log_probs.item(0, token)
        symbols.append(token)
        ends = token == end
        shapes = tuple(state.shape for state in _reordered(states, np.array([0]), axes))
        trace.append(StepCounts(1, log_probs.size, int(not ends), int(ends), log_probs.size - 1, shapes))
        if ends:
            break
    hypothesis = Hypothesis(tuple(symbols), total, total, token == end)
    return Search((hypothesis,), tuple(trace), () if hypothesis.finished else (hypothesis,))


def beam_search(
    step: Step,
    states: States,
    *,
    start: int,
    max_length: int,
    beam: int,
    end: int | None = None,
    axes: Sequence[int] = (),
    alpha: float = 0.0,
    observe: Callable[[Level], object] | None = None,
) -> Search:
    """Keep the `beam` most probable active hypotheses at each step, and separately the `beam` best finished ones.

    A candidate that continues by `end` is finished and leaves the active ones. The search never stops early, even if
    the finished ones cannot be beaten any more, so that counts do not depend on probabilities. After `max_length`
    symbols the active hypotheses compete unfinished. `observe` is called with each step.

    Greedy search takes 0, the more probable at first, with 0.6·0.55 = 0.33; a beam of 2 finds 0.4·0.9 = 0.36:

    >>> following = np.log([[0.55, 0.45], [0.1, 0.9], [0.6, 0.4]])          # after 0, after 1, at the start
    >>> search = {"step": lambda tokens, states: (following[tokens], states), "states": (), "start": 2, "max_length": 2}
    >>> greedy(**search).hypotheses[0].symbols, beam_search(**search, beam=2).hypotheses[0].symbols
    ((0, 0), (1, 1))
    """
    prefixes = np.empty((1, 0), dtype=np.int64)
    tokens, totals = np.array([start]), np.zeros(1)
    pool: list[Hypothesis] = []
    trace = []
    for _ in range(max_length):
        log_probs, states = step(tokens, states)
        candidates = totals[:, None] + _checked(log_probs, len(tokens), end)
        symbols = np.arange(candidates.shape[1])
        previous = len(pool)
        if end is not None:
            ended = _hypotheses(_continued(prefixes, end), candidates[:, end], alpha, finished=True)
            pool = _best((*pool, *ended), beam)
            symbols = np.delete(symbols, end)
        open_ = candidates[:, symbols]
        # Hypotheses stay in the order of their symbols, so that a stable sort decides between equal scores.
        best = np.sort(np.argsort(-open_, axis=None, kind="stable")[:beam])
        parents, chosen = np.unravel_index(best, open_.shape)
        tokens, totals = symbols[chosen], open_[parents, chosen]
        before, prefixes = prefixes, np.column_stack((prefixes[parents], tokens))
        states = _reordered(states, parents, axes)
        dropped = candidates.size + previous - len(tokens) - len(pool)
        shapes = tuple(state.shape for state in states)
        trace.append(StepCounts(len(log_probs), candidates.size, len(tokens), len(pool), dropped, shapes))
        if observe is not None:
            active = _hypotheses(prefixes, totals, alpha, finished=False)
            observe(Level(before, candidates, tuple(active), tuple(pool)))
    active = _hypotheses(prefixes, totals, alpha, finished=False)
    return Search(tuple(_best((*pool, *active), beam)), tuple(trace), tuple(_best(active, beam)))


def exhaustive(
    step: Step,
    states: States,
    *,
    start: int,
    max_length: int,
    end: int | None = None,
    axes: Sequence[int] = (),
    alpha: float = 0.0,
    possible: Callable[[Any], bool] = lambda _: True,
) -> Search:
    """Score every sequence of `max_length` symbols, and every shorter one that ends with the end symbol.

    Sequences whose log-probability is not `possible` are left out, with all their continuations.
    """
    level: list[tuple[int, tuple[int, ...], Any]] = [(start, (), 0.0)]
    finished: list[Hypothesis] = []
    trace = []
    for length in range(1, max_length + 1):
        log_probs, states = step(np.array([token for token, _, _ in level]), states)
        scores = _checked(log_probs, len(level), end)
        following: list[tuple[int, tuple[int, ...], Any]] = []
        parents = []
        for row, (_, symbols, total) in enumerate(level):
            for symbol, score in enumerate(scores[row].tolist()):
                sequence, extended = (*symbols, symbol), total + score
                if not possible(extended):
                    continue
                if symbol == end:
                    penalized = extended / length_penalty(length, alpha)
                    finished.append(Hypothesis(sequence, penalized, extended, finished=True))
                else:
                    following.append((symbol, sequence, extended))
                    parents.append(row)
        states = _reordered(states, np.array(parents, dtype=np.int64), axes)
        shapes = tuple(state.shape for state in states)
        trace.append(StepCounts(len(level), scores.size, len(following), len(finished), 0, shapes))
        level = following
    penalty = length_penalty(max_length, alpha)
    active = [Hypothesis(symbols, total / penalty, total, finished=False) for _, symbols, total in level]
    best = _best((*finished, *active), len(finished) + len(active))
    return Search(tuple(best), tuple(trace), tuple(_best(active, len(active))))


def _hypotheses(prefixes: Array, totals: Array, alpha: float, *, finished: bool) -> list[Hypothesis]:
    penalty = length_penalty(prefixes.shape[1], alpha)
    return [
        Hypothesis(tuple(symbols), total / penalty, total, finished)
        for symbols, total in zip(prefixes.tolist(), totals.tolist(), strict=True)
    ]


def _best(hypotheses: Sequence[Hypothesis], most: int) -> list[Hypothesis]:
    return sorted(hypotheses, key=lambda hypothesis: -hypothesis.score)[:most]


def _continued(prefixes: Array, symbol: int) -> Array:
    return np.column_stack((prefixes, np.full(len(prefixes), symbol)))


def _reordered(states: States, parents: Array, axes: Sequence[int]) -> States:
    """Return the states of the parent of each hypothesis; `axes` are those over hypotheses, 0 by default."""
    axes = axes or (0,) * len(states)
    return tuple(np.take(state, parents, axis=axis) for state, axis in zip(states, axes, strict=True))


def _checked(log_probs: Array, count: int, end: int | None) -> Array:
    """Return log-probabilities.

    Raises `ValueError` if they are of another number of hypotheses, over too few symbols, or NaN.
    """
    if log_probs.ndim != 2 or len(log_probs) != count:  # noqa: PLR2004 - hypotheses and symbols
        raise ValueError(f"a step expects to give [{count}, symbols], gives {list(log_probs.shape)}")
    if end is not None and not (0 <= end < log_probs.shape[1] and log_probs.shape[1] > 1):
        raise ValueError(f"the end symbol {end} expects more symbols beside it than {log_probs.shape[1]}")
    if log_probs.dtype != object and np.isnan(log_probs).any():
        raise ValueError("a step gives log-probabilities that are no numbers")
    return log_probs
